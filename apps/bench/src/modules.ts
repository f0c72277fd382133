/** What each module adds to a small server: `node --conditions=@tercet/source apps/bench/src/modules.ts [module…]`. */

import { parseArgs } from 'node:util'
import type { Module } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { makeGround } from './ground.ts'
import type { Scenario } from './loads/load.ts'
import { measure } from './measure.ts'
import { chatSaturated } from './scenarios/chat.ts'
import { idle } from './scenarios/idle.ts'
import { loginScram } from './scenarios/login.ts'
import { presence } from './scenarios/presence.ts'
import type { ServerKind } from './servers/server.ts'
import { installModules } from './servers/tercet.ts'

/** RFC 6120 and 6121, and what the loads need: they ping, and some have stream management. */
const CORE = ['bind', 'session', 'sm', 'roster', 'presence', 'subscription', 'message', 'offline', 'disco', 'ping']
const scenarios: readonly Scenario[] = [chatSaturated, loginScram, presence, idle]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    scenarios: { type: 'string', default: scenarios.map(({ name }) => name).join(',') },
  },
})
const options = { seconds: Number(values.seconds), rounds: Number(values.rounds) }
const measured = scenarios.filter(({ name }) => values.scenarios.split(',').includes(name))
const names = standardModules.map(({ name }) => name)
const wanted = positionals.length > 0 ? positionals : [...names.filter(name => !CORE.includes(name)), 'all']

await using ground = await makeGround(Math.max(...measured.map(({ accounts }) => accounts)))
const kindOf = await installModules(ground)
const core = kindOf('core', withNeeds(CORE))
console.log(`| core and | which needs | ${measured.map(title).join(' | ')} |`)
console.log(`| --- | --- | ${measured.map(() => '---').join(' | ')} |`)
for (const name of wanted) {
  const needs = withNeeds(name === 'all' ? names : [...CORE, name])
  const more = name === 'all' ? [] : needs.filter(need => need !== name && !withNeeds(CORE).includes(need))
  const cells: string[] = []
  for (const scenario of measured) cells.push(await compare(scenario, kindOf('more', needs)))
  console.log(`| ${name} | ${more.join(', ')} | ${cells.join(' | ')} |`)
}

/** Names of modules, and of those that provide what they need. */
function withNeeds(wanted: readonly string[]): readonly string[] {
  const found = new Set<Module>()
  const add = (module: Module | undefined, name: string): void => {
    if (!module) throw new Error(`No module ${name}; there are ${names.join(', ')}`)
    if (found.has(module)) return
    found.add(module)
    for (const need of module.needs)
      add(
        standardModules.find(({ provides }) => provides === need),
        'for a need',
      )
  }
  for (const name of wanted)
    add(
      standardModules.find(module => module.name === name),
      name,
    )
  return names.filter(name => [...found].some(module => module.name === name))
}

/** Both servers in turns, and by how much the second one costs more. */
async function compare(scenario: Scenario, more: ServerKind): Promise<string> {
  const rounds = await measure(scenario, [core, more], ground.locals, options)
  const [before, after] = ['core', 'more'].map(name => median(rounds.get(name)!.map(({ cost }) => cost)))
  return `${before!.toPrecision(3)} → ${after!.toPrecision(3)} (${(after! / before!).toFixed(2)} ×)`
}

function title({ kind, name }: Scenario): string {
  return kind === 'memory' ? `${name}, KiB` : `${name}, µs`
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}
