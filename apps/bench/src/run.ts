/** Benchmarks of servers: `node --conditions=@tercet/source apps/bench/src/run.ts [scenario…] [--servers tercet,prosody]`. */

import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { makeGround } from './ground.ts'
import { measure } from './measure.ts'
import { head, line } from './report.ts'
import { scenarios } from './scenarios/index.ts'
import { installOf } from './servers/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    servers: { type: 'string', default: 'tercet,prosody' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
  },
})
const wanted = positionals.length === 0 ? scenarios : positionals.map(name => find(name))
const profile = values.profile === undefined ? undefined : resolve(values.profile)
if (profile !== undefined) await mkdir(profile, { recursive: true })

await using ground = await makeGround(Math.max(...wanted.map(({ accounts }) => accounts)))
const kinds = []
for (const name of values.servers.split(',')) kinds.push(await installOf(name)(ground, { profile }))

const servers = kinds.map(({ name }) => name)
console.log(head(servers))
const failures: string[] = []
for (const scenario of wanted) {
  try {
    const options = { seconds: Number(values.seconds), rounds: Number(values.rounds) }
    console.log(line(scenario, servers, await measure(scenario, kinds, ground.locals, options)))
  } catch (error) {
    failures.push(`${scenario.name}: ${String(error)}`)
  }
}
for (const failure of failures) console.error(failure)
process.exitCode = failures.length > 0 ? 1 : 0

function find(name: string) {
  const scenario = scenarios.find(each => each.name === name)
  if (!scenario) throw new Error(`No scenario ${name}; there are ${scenarios.map(({ name }) => name).join(', ')}`)
  return scenario
}
