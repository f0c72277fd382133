/** Steps of check-packages: commands that end in time, and one printed line each. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const TIMEOUT_MS = 120_000

let failed = 0

/** How many steps have failed so far. */
export function failures(): number {
  return failed
}

/** Runs a command; rejects, with what it printed, if it does not end well in two minutes. */
export async function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<{ stdout: string }> {
  try {
    return await execute(file, args, {
      ...options,
      timeout: TIMEOUT_MS,
      maxBuffer: 64 << 20,
      // Node 22 calls SQLite an experiment, once for each thread.
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    })
  } catch (error) {
    // What execFile rejects with: the error, and with it both outputs.
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string }
    const printed = `${stdout}${stderr}`.trim()
    throw new Error(printed === '' ? message : printed, { cause: error })
  }
}

/** Does a step and prints how it went; whether it went well. */
export async function check(title: string, step: () => Promise<unknown>): Promise<boolean> {
  const started = performance.now()
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1)
  try {
    await step()
    console.log(`${title}: ok, ${seconds()} s`)
    return true
  } catch (error) {
    failed++
    console.log(`${title}: FAILED after ${seconds()} s\n${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

/** Does all, at most so many at a time. */
export async function inTurns<T, R>(
  atOnce: number,
  values: readonly T[],
  step: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const rest = values.entries()
  const work = async (): Promise<void> => {
    for (const [index, value] of rest) results[index] = await step(value)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

/** A tarball holds what a package needs, and nothing of the repository's own. */
export async function checkManifest(tarball: string): Promise<void> {
  const { stdout: listing } = await run('tar', ['-tzf', tarball])
  const files = listing.split('\n').filter(Boolean)
  for (const needed of ['package/README.md', 'package/LICENSE', 'package/dist/index.js', 'package/dist/index.d.ts'])
    if (!files.includes(needed)) throw new Error(`${needed} is missing; was it built?`)
  const stray = files.filter(file => /\.test\.|[.-]fixture\.|fixture\.js$|\.tsbuildinfo$|^package\/src\//.test(file))
  if (stray.length > 0) throw new Error(`These do not belong to it: ${stray.join(' ')}`)

  const { stdout: manifest } = await run('tar', ['-xzOf', tarball, 'package/package.json'])
  for (const word of ['@tercet/source', '"workspace:', '.ts"'])
    if (manifest.replaceAll('.d.ts"', '"').includes(word)) throw new Error(`Its package.json says ${word}`)
}
