/** `node --conditions=@tercet/source apps/conformance/crash/run.ts [rounds] [seed]`: prints the book of one run. */

import { killRuns } from './kill.ts'

const [rounds = '100', seed = '1'] = process.argv.slice(2)
const started = performance.now()
const ledger = await killRuns({ rounds: Number(rounds), seed: Number(seed) })
console.log(`kill -9, ${rounds} times: ${String(ledger)} (${Math.round((performance.now() - started) / 1000)} s)`)
if (ledger.lost.length > 0) console.log(`lost: ${ledger.lost.slice(0, 20).join(' ')}`)
if (ledger.strange.length > 0) console.log(ledger.strange.slice(0, 20).join('\n'))
process.exitCode = ledger.lost.length === 0 ? 0 : 1
