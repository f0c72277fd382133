/** Node 22.13, the oldest that our packages promise to run on (`engines`), beside the Node that this repository works with. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '22.13.1'
const run = promisify(execFile)

/** What this Node needs to run TypeScript; later ones need nothing. */
export const node22Flags = ['--experimental-strip-types'] as const

/** The path of its executable, which comes from the npm package `node` and stays in node_modules/.cache. */
export async function node22(): Promise<string> {
  const place = join(import.meta.dirname, '..', 'node_modules', '.cache', `node-${VERSION}`)
  const executable = join('node_modules', 'node', 'bin', 'node')
  if (existsSync(join(place, executable))) return join(place, executable)

  // Made beside its place and then moved there, so that half of it is never taken for the whole.
  const draft = `${place}.${process.pid}`
  await mkdir(draft, { recursive: true })
  try {
    await writeFile(join(draft, 'package.json'), '{ "private": true }')
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await run('npm', ['install', ...options, `node@${VERSION}`], { cwd: draft })
    // Its own script, which fetches the executable for this machine; npm asks before it runs those of packages.
    await run('node', ['installArchSpecificPackage'], { cwd: join(draft, 'node_modules', 'node') })
    await rm(place, { recursive: true, force: true })
    await rename(draft, place)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  const { stdout } = await run(join(place, executable), ['--version'], { cwd: dirname(place) })
  if (stdout.trim() !== `v${VERSION}`) throw new Error(`node@${VERSION} says that it is ${stdout.trim()}`)
  return join(place, executable)
}
