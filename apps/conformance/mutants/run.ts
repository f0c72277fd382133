/**
 * Draws plays by lot and shows each red on a server without its rule, and green on the server as it is. On every such server another play
 * stays green: it is the rule that is gone, not the server.
 *
 * `--seed N` (20261120) `--count N` (10), or `--play PATH` for certain ones, as often as needed.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readPlays } from '../src/plays.ts'
import { Copy } from './copy.ts'
import { draw } from './draw.ts'
import type { Mutant } from './mutant.ts'
import { mutants } from './mutants.table.ts'
import { performIn, type Outcome } from './perform.ts'

const root = join(import.meta.dirname, '../../..')
/** Uses what every play needs: it stays green on a server that lacks one rule of another kind. */
const CONTROL = 'rfc6120/order-of-stanzas'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '20261120' },
    count: { type: 'string', default: '10' },
    play: { type: 'string', multiple: true },
  },
})
const rules = new Map(readPlays().map(({ file, rule }) => [file, rule]))
const drawn = values.play ?? draw([...rules.keys()], Number(values.seed), Number(values.count))
const without = drawn.filter(play => !mutants.some(mutant => mutant.play === play))
if (drawn.length === 0 || without.length > 0) {
  console.error(`Drawn, but without an entry in mutants.table.ts: ${without.join(', ')}`)
  process.exit(1)
}
console.log(values.play ? 'Plays as named' : `${drawn.length} of ${rules.size} plays, drawn by the seed ${values.seed}`)

let faults = 0
await using copy = await Copy.of(root)
for (const play of drawn) {
  for (const mutant of mutants.filter(mutant => mutant.play === play)) await showRed(mutant)
}
const unchanged = await performIn(copy.root, root, drawn)
for (const play of drawn) say(play, 'the server as it is', unchanged.get(play), 'green')
console.log(faults === 0 ? 'Every play notices that its rule is gone' : `${faults} of these are not as they should be`)
if (faults > 0) process.exitCode = 1

async function showRed({ play, wrong, edits }: Mutant): Promise<void> {
  const files = [...new Set(edits.map(({ file }) => file))].join(', ')
  const server = `a server that ${wrong} (${files})`
  try {
    const outcomes = await copy.with(edits, () => performIn(copy.root, root, [...new Set([play, CONTROL])]))
    say(play, server, outcomes.get(play), 'red')
    if (play !== CONTROL && outcomes.get(CONTROL)?.kind !== 'green')
      say(CONTROL, `${server} lacks more than this rule`, outcomes.get(CONTROL), 'green')
  } catch (error) {
    say(play, server, { kind: 'broken', why: String(error) }, 'red')
  }
}

function say(play: string, server: string, outcome: Outcome | undefined, expected: Outcome['kind']): void {
  const kind = outcome?.kind ?? 'broken'
  if (kind !== expected) faults++
  const mark = kind === expected ? ' ' : '!'
  console.log(`${mark} ${kind.padEnd(6)} ${rules.get(play) ?? '?'} ${play}: ${server}`)
  if (outcome && outcome.why !== '') console.log(`         ${outcome.why}`)
}
