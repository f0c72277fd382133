/** Every package as its users get it: packed, looked at, installed into an empty project, type-checked and run. Build first. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { node22 } from './node22.ts'
import { makeProject, type Packed } from './package-project.ts'
import { check, checkManifest, failures, inTurns, run } from './package-steps.ts'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const temporary = await mkdtemp(join(tmpdir(), 'tercet-packages-'))
try {
  const folders = (await readdir(join(root, 'packages'))).sort()
  const older = node22()
  // Awaited below; a failure before that has its own line.
  older.catch(() => undefined)
  const packed = await inTurns(availableParallelism(), folders, pack)
  const complete = packed.filter(value => value !== undefined)
  if (complete.length === folders.length) await tryOut(complete, await older)
} finally {
  await rm(temporary, { recursive: true, force: true })
}
if (failures() > 0) {
  console.error(`packages: ${failures()} steps failed`)
  process.exitCode = 1
} else console.log('packages: what is published works')

/** The tarball of a package, if it is as it should be. */
async function pack(folder: string): Promise<Packed | undefined> {
  const place = join(root, 'packages', folder)
  let tarball = ''
  const fine =
    (await check(`${folder}: pack`, async () => {
      const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', temporary], { cwd: place })
      // What pnpm answers with --json.
      const { filename } = JSON.parse(stdout) as { readonly filename: string }
      tarball = filename
      await checkManifest(tarball)
    })) &&
    (await check(`${folder}: publint`, () => run(bin('publint'), ['run', tarball, '--strict']))) &&
    (await check(`${folder}: attw`, () =>
      run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii', '--no-emoji']),
    ))
  if (!fine) return undefined
  return { folder, tarball, readme: await readFile(join(place, 'README.md'), 'utf8') }
}

/** Installs them all into one empty project, and tries there what a user would try first. */
async function tryOut(packages: readonly Packed[], older: string): Promise<void> {
  const project = join(temporary, 'project')
  const nodes = [
    { label: 'Node 24', node: process.execPath, file: (name: string) => `${name}.ts` },
    { label: 'Node 22.13', node: older, file: (name: string) => join('compiled', `${name}.js`) },
  ]
  let examples: readonly string[] = []
  const installed = await check('all: install', async () => {
    examples = await makeProject(project, packages, root)
  })
  if (!installed) return

  const compiled = await check('all: types', () => run(bin('tsc'), ['-p', project], { cwd: project }))
  if (!compiled) return
  const programs = nodes.flatMap(by => [...examples, 'entries'].map(name => ({ ...by, name })))
  await inTurns(availableParallelism(), programs, ({ label, node, file, name }) =>
    check(`${name}: runs on ${label}`, () => run(node, [file(name)], { cwd: project })),
  )
  for (const { label, node } of nodes) {
    const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs')
    await check(`storage, storage-sqlite: suite on ${label}`, () =>
      run(node, [vitest, 'run', '--root', project], { cwd: project }),
    )
  }
}
