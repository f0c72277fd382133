/** A server among many domains, with and without dead ones: `node --conditions=@tercet/source apps/bench/src/many-domains.ts`. */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePorts } from '@tercet/testkit'
import { DOMAIN, makeGround } from './ground.ts'
import { prepareDomains, writers, type DomainsLoad } from './loads/domains.ts'
import { startRemotes } from './loads/remotes.ts'
import { cpuRound, type Round } from './measure.ts'
import { installOf } from './servers/index.ts'
import type { BenchServer, ServerKind } from './servers/server.ts'
import { residentKiB } from './usage.ts'

const RATE = 1000
const WARM_UP_SECONDS = 1.5
/** A collector that waits for calm has had its turn by then. */
const SETTLE_MS = 8000

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: 'tercet' },
    domains: { type: 'string', default: '500' },
    dead: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
  },
})
const domains = Number(values.domains)
const mostDead = Number(values.dead)
const seconds = Number(values.seconds)

/** A server with some of its domains dead, and what was measured. */
interface Subject {
  readonly title: string
  readonly server: BenchServer
  readonly load: DomainsLoad
  readonly idleKiB: number
  readonly saturated: Round[]
  readonly steady: Round[]
}

await using ground = await makeGround(writers)
console.log(
  [
    `| server, domains | messages/s to the ${domains - mostDead} | p50 / p99 ms | µs / message | p50 / p99 ms at ${RATE}/s | KiB / idle domain |`,
    '| --- | --- | --- | --- | --- | --- |',
  ].join('\n'),
)
for (const name of values.servers.split(',')) {
  const kind = await installOf(name)(ground, { profile: undefined })
  await using stack = new AsyncDisposableStack()
  const subjects = [await prepare(stack, kind, 0)]
  if (mostDead > 0) subjects.push(await prepare(stack, kind, mostDead))
  for (const { server, load } of subjects) await cpuRound(server, load, WARM_UP_SECONDS)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { server, load, saturated, steady } of subjects) {
      load.rate = undefined
      saturated.push(await cpuRound(server, load, seconds))
      load.rate = RATE
      steady.push(await cpuRound(server, load, seconds))
    }
  }
  for (const subject of subjects) console.log(line(subject))
}

/** Starts a server and its world, and has it reach all that are measured: those that are alive in every world. */
async function prepare(stack: AsyncDisposableStack, kind: ServerKind, dead: number): Promise<Subject> {
  const measured = domains - mostDead
  let port = 0
  const remotes = stack.use(await startRemotes(domains - dead, dead, () => port))
  // After the others have their ports, which would be given one that is free now.
  port = (await freePorts(1))[0]!
  const home = { domain: DOMAIN, port }
  const server = stack.use(await kind.start({ side: { ...home, others: [...remotes.living, ...remotes.dead] } }))
  const load = stack.use(await prepareDomains(server, ground.locals, remotes, measured))
  // Handshakes leave garbage, for which a heap makes room once: that is no memory of domains.
  const some = Math.floor(measured / 3)
  const reach = async (from: number, to: number) => {
    await load.reach(from, to)
    await sleep(SETTLE_MS)
    return residentKiB(server.pid)
  }
  const before = await reach(0, some)
  const after = await reach(some, measured)
  return {
    title: `${kind.name}, ${dead === 0 ? 'none' : `${dead} of ${domains}`} dead`,
    server,
    load,
    idleKiB: (after - before) / (measured - some),
    saturated: [],
    steady: [],
  }
}

function line({ title, idleKiB, saturated, steady }: Subject): string {
  const median = (rounds: readonly Round[], fact: (round: Round) => number | undefined) => {
    const sorted = rounds.map(round => fact(round) ?? NaN).sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? NaN
  }
  const times = (rounds: readonly Round[]) =>
    [median(rounds, ({ p50Ms }) => p50Ms), median(rounds, ({ p99Ms }) => p99Ms)].map(ms => ms.toFixed(1)).join(' / ')
  const cells = [
    title,
    Math.round(median(saturated, ({ perSecond }) => perSecond)).toLocaleString('en'),
    times(saturated),
    median(saturated, ({ cost }) => cost).toFixed(1),
    times(steady),
    idleKiB.toFixed(1),
  ]
  return `| ${cells.join(' | ').replaceAll('NaN', '–')} |`
}
