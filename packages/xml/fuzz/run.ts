/** `pnpm exec node --conditions=@tercet/source packages/xml/fuzz/run.ts --count 1000000 --seed 1`: prints counts, fails on any disagreement. */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } })
const count = Number(values.count ?? 100_000)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)

const { unsound, ...counts } = fuzz(count, seed)
console.log({ seed, ...counts, unsound: unsound.length, rssMB: Math.round(process.memoryUsage.rss() / 2 ** 20) })
for (const { mutant, why } of unsound) console.log('\n' + JSON.stringify(mutant) + '\n' + why)
process.exitCode = unsound.length === 0 ? 0 : 1
