/** Self time by function of CPU profiles: `node apps/bench/src/profile.ts FOLDER [--skip SECONDS] [--lines N]`. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** What `--cpu-prof` writes, as far as it is read here. */
interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { skip: { type: 'string', default: '3' }, lines: { type: 'string', default: '40' } },
})
const folder = positionals[0] ?? '.'
for (const file of readdirSync(folder).filter(name => name.endsWith('.cpuprofile'))) {
  // The files are Node's own.
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
  show(file, profile, Number(values.skip) * 1e6, Number(values.lines))
}

/** Prints the functions of one thread, the most expensive first; start-up is skipped, idle time is left out. */
function show(file: string, { nodes, samples, timeDeltas }: Profile, skipMicros: number, lines: number): void {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const micros = new Map<string, number>()
  let at = 0
  let total = 0
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index]!
    at += delta
    const place = places.get(id) ?? '?'
    if (at < skipMicros || place === '(idle)') continue
    micros.set(place, (micros.get(place) ?? 0) + delta)
    total += delta
  }
  console.log(`${file}: ${(total / 1e6).toFixed(2)} s busy`)
  for (const [place, self] of [...micros].sort((a, b) => b[1] - a[1]).slice(0, lines))
    console.log(`${((self / total) * 100).toFixed(1).padStart(6)} %  ${place}`)
}

function placeOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`
}
