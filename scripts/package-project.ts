/** An empty project with all packages installed from their tarballs, and programs that use them. */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './package-steps.ts'

/** A package on its way to its users. */
export interface Packed {
  readonly folder: string
  /** Path of its tarball. */
  readonly tarball: string
  readonly readme: string
}

/** What a program that has not been compiled under our own settings may expect. */
const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    // For the older Node, which knows neither types nor `using`.
    outDir: 'compiled',
    // The declarations of our packages are read as strictly as the programs.
    skipLibCheck: false,
  },
  include: ['*.ts'],
  exclude: ['suite.test.ts'],
}

/** The suite that every storage adapter passes, against what was installed. */
const suite = `
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '@tercet/storage/memory'
import { storageSuite } from '@tercet/storage/suite'
import { openSqliteStorage } from '@tercet/storage-sqlite'

let folder = ''
storageSuite('SQLite', {
  open: () => openSqliteStorage({ folder: (folder = mkdtempSync(join(tmpdir(), 'tercet-'))) }),
  reopen: async storage => {
    await storage.close()
    return openSqliteStorage({ folder })
  },
  clean: () => rmSync(folder, { recursive: true }),
})
`

/**
 * Makes the project in a new folder.
 *
 * @returns the names of the programs that are examples of READMEs; beside them is `entries`, which imports every entry of every package
 */
export async function makeProject(
  place: string,
  packages: readonly Packed[],
  root: string,
): Promise<readonly string[]> {
  await mkdir(place)
  const ours = Object.fromEntries(packages.map(({ folder, tarball }) => [`@tercet/${folder}`, `file:${tarball}`]))
  // Written by us.
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  const manifest = {
    private: true,
    type: 'module',
    dependencies: ours,
    devDependencies: { '@types/node': devDependencies['@types/node'], vitest: devDependencies['vitest'] },
    // Packages of ours that others depend on are these too, and are not looked for in a registry.
    overrides: Object.fromEntries(Object.keys(ours).map(name => [name, `$${name}`])),
  }
  await writeFile(join(place, 'package.json'), JSON.stringify(manifest))
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: place })

  await writeFile(join(place, 'tsconfig.json'), JSON.stringify(tsconfig))
  await writeFile(join(place, 'suite.test.ts'), suite)
  await writeFile(join(place, 'entries.ts'), await entries(place, packages))
  const examples: string[] = []
  const readmes = [...packages, { folder: 'root', readme: await readFile(join(root, 'README.md'), 'utf8') }]
  for (const { folder, readme } of readmes) {
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1]
    if (example === undefined) throw new Error(`The README of ${folder} has no example`)
    const name = `readme-${folder}`
    await writeFile(join(place, `${name}.ts`), example)
    examples.push(name)
  }
  return examples
}

/** Imports of all that can be imported, those that a pattern stands for included. */
async function entries(place: string, packages: readonly Packed[]): Promise<string> {
  const lines: string[] = []
  for (const { folder } of packages) {
    const installed = join(place, 'node_modules', '@tercet', folder)
    // Checked by publint before.
    const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, { readonly default: string }>>
    }
    for (const [entry, target] of Object.entries(exports)) {
      // Suites are for test runners: the suite's own run shows that they load.
      if (entry === './suite') continue
      for (const name of await expand(installed, entry, target.default))
        lines.push(`import * as e${lines.length} from '@tercet/${folder}${name.slice(1)}'`)
    }
  }
  const names = lines.map((_, index) => `e${index}`)
  return `${lines.join('\n')}\nfor (const entry of [${names.join(', ')}]) Object.keys(entry)\n`
}

/** The entries that `./*` stands for; any other stands for itself. */
async function expand(installed: string, entry: string, target: string): Promise<readonly string[]> {
  const [before, after] = target.split('*')
  if (before === undefined || after === undefined) return [entry]
  const files = await readdir(join(installed, before))
  return files.filter(file => file.endsWith(after)).map(file => entry.replace('*', file.slice(0, -after.length)))
}
