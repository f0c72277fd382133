/** Runs one scenario on several servers in turns: what disturbs one round disturbs each of them alike. */

import { setTimeout as sleep } from 'node:timers/promises'
import { logIn } from './loads/clients.ts'
import { Logins } from './loads/login.ts'
import type { CpuScenario, Load, MemoryScenario, Scenario } from './loads/load.ts'
import type { BenchServer, ServerKind } from './servers/server.ts'
import { cpuMicros, ownCpuMicros, residentKiB } from './usage.ts'

/** One round on one server. */
export interface Round {
  /** µs or KiB for each operation. */
  readonly cost: number
  /** The generator's own µs for each operation. */
  readonly generator?: number
  readonly perSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** Round trips of an operation. */
  readonly turns?: number
}

/** Rounds by the name of the server. */
export type Rounds = ReadonlyMap<string, readonly Round[]>

export interface MeasureOptions {
  readonly seconds: number
  readonly rounds: number
}

/** Long enough for a just-in-time compiler to have seen everything. */
const WARM_UP_SECONDS = 1.5
/** At a fixed rate after that, where there is one, until the heap has the size that it needs. */
const STEADY_WARM_UP_SECONDS = 3
const RAMP_MS = 250
const SETTLE_MS = 1000

/** Measures a scenario; servers that fail are reported and left out. */
export async function measure(
  scenario: Scenario,
  kinds: readonly ServerKind[],
  locals: readonly string[],
  options: MeasureOptions,
): Promise<Rounds> {
  if (scenario.kind === 'memory') return measureMemory(scenario, kinds, locals, options)
  return measureCpu(scenario, kinds, locals, options)
}

async function measureCpu(
  scenario: CpuScenario,
  kinds: readonly ServerKind[],
  locals: readonly string[],
  { seconds, rounds }: MeasureOptions,
): Promise<Rounds> {
  await using stack = new AsyncDisposableStack()
  const loads: { server: BenchServer; load: Load; rounds: Round[] }[] = []
  for (const kind of kinds) {
    const server = stack.use(
      await kind.start({ archive: scenario.archive ?? false, federated: scenario.federated ?? false }),
    )
    const load = stack.use(await scenario.prepare(server, locals))
    loads.push({ server, load, rounds: [] })
    load.start(true)
    await sleep(WARM_UP_SECONDS * 1000)
    await load.stop()
    if (scenario.steady) await cpuRound(server, load, STEADY_WARM_UP_SECONDS)
  }
  for (let round = 0; round < rounds; round++)
    for (const { server, load, rounds } of loads) rounds.push(await cpuRound(server, load, seconds))
  return new Map(loads.map(({ server, rounds }) => [server.name, rounds]))
}

/** One round of a load that stands still. */
export async function cpuRound(server: BenchServer, load: Load, seconds: number): Promise<Round> {
  load.start()
  await sleep(RAMP_MS)
  const read = () => ({
    at: performance.now(),
    operations: load.operations,
    server: cpuMicros(server.pid) + (server.far ? cpuMicros(server.far.pid) : 0),
    own: ownCpuMicros(),
  })
  const before = read()
  await sleep(seconds * 1000)
  const after = read()
  await load.stop()
  const operations = after.operations - before.operations
  const sorted = [...(load.latencies ?? [])].sort((a, b) => a - b)
  return {
    cost: (after.server - before.server) / operations,
    generator: (after.own - before.own) / operations,
    perSecond: (operations / (after.at - before.at)) * 1000,
    ...(load.turns === undefined ? {} : { turns: load.turns }),
    ...(sorted.length > 0 ? { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) } : {}),
  }
}

async function measureMemory(
  scenario: MemoryScenario,
  kinds: readonly ServerKind[],
  locals: readonly string[],
  { rounds }: MeasureOptions,
): Promise<Rounds> {
  const all = new Map(kinds.map(({ name }) => [name, [] as Round[]]))
  // Memory varies less than time, and each round is a new process.
  for (let round = 0; round < rounds / 2; round++)
    for (const kind of kinds) all.get(kind.name)!.push(await memoryRound(kind, scenario, locals))
  return all
}

async function memoryRound(kind: ServerKind, scenario: MemoryScenario, locals: readonly string[]): Promise<Round> {
  await using server = await kind.start()
  using stack = new DisposableStack()
  // Logins leave garbage, for which a heap makes room once: that is no memory of sessions.
  const churn = new Logins(server, locals.slice(0, 50), { tls: scenario.tls })
  churn.start()
  await sleep(WARM_UP_SECONDS * 1000)
  await churn.stop()
  const enter = async (from: number, to: number) => {
    for (const client of await logIn(server, locals.slice(from, to), { tls: scenario.tls }))
      stack.defer(() => client.destroy())
    await sleep(SETTLE_MS)
    return residentKiB(server.pid)
  }
  const quarter = scenario.accounts / 4
  const some = await enter(0, quarter)
  const full = await enter(quarter, scenario.accounts)
  return { cost: (full - some) / (scenario.accounts - quarter) }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
