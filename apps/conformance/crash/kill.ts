/** The server under load, ended again and again: nothing that was acknowledged may be missing at the end. */

import { Ledger } from './ledger.ts'
import { Party } from './party.ts'
import { ServerProcess } from './server-process.ts'
import { until } from './within.ts'

/** What a run is made of. */
export interface KillOptions {
  /** How often the server is ended. */
  readonly rounds: number
  /** Default `SIGKILL`. */
  readonly signal?: NodeJS.Signals
  /** Switches of the test; see {@link ServerProcess}. */
  readonly preload?: readonly URL[]
  /** Default 1. */
  readonly seed?: number
  /** Looks at the parties after their server has ended with `code`, while nobody has reconnected. */
  readonly ended?: (parties: readonly Party[], code: number | null) => void | Promise<void>
}

const SENDERS = 20
/** Longer than the server may take to delete the rows of what was confirmed. */
const QUIET_MS = 4_000

/** Runs it and returns the book. */
export async function killRuns({ rounds, signal, preload = [], seed = 1, ended }: KillOptions): Promise<Ledger> {
  const ledger = new Ledger()
  const random = generator(seed)
  const receivers = [
    new Party('managed1', 'managed', ledger),
    new Party('managed2', 'managed', ledger),
    new Party('plain1', 'plain', ledger),
    new Party('plain2', 'plain', ledger),
    // It sends as well, while it does not read.
    new Party('stuck', 'stuck', ledger, { peers: ['managed1', 'plain1', 'absent'] }),
    new Party('absent', 'managed', ledger),
  ]
  const names = receivers.map(({ local }) => local)
  const senders = Array.from(
    { length: SENDERS },
    (_, index) => new Party(`s${index}`, 'managed', ledger, { peers: rotate(names, index) }),
  )
  const everybody = [...receivers, ...senders]
  await using server = await ServerProcess.prepare(everybody, { preload })
  const present = everybody.filter(({ local }) => local !== 'absent')
  try {
    for (let round = 0; round < rounds; round++) {
      await server.start()
      await Promise.all(present.map(party => party.connect(server)))
      for (const party of present) party.go()
      await new Promise(resolve => setTimeout(resolve, 60 + random() * 300))
      ledger.ending()
      const code = await server.kill(signal)
      await ended?.(present, code)
      for (const party of present) party.disconnect()
      ledger.ended()
    }
    await server.start()
    await Promise.all(everybody.map(party => party.connect(server)))
    for (const party of everybody) party.rest()
    await quiet(ledger)
    // Once more when everything was confirmed a while ago: nothing of it may come again.
    await new Promise(resolve => setTimeout(resolve, QUIET_MS))
    ledger.ending()
    await server.kill(signal)
    for (const party of everybody) party.disconnect()
    ledger.ended()
    await server.start()
    await Promise.all(everybody.map(party => party.connect(server)))
    await quiet(ledger)
  } catch (cause) {
    throw new Error(`${String(ledger)}\n${server.output}`, { cause })
  } finally {
    for (const party of everybody) party.disconnect()
  }
  return ledger
}

/** Waits until nothing is missing and nothing comes any more, or nothing has come for two seconds. */
async function quiet(ledger: Ledger): Promise<void> {
  let seen = -1
  let sinceMs = performance.now()
  await until(120_000, 'Nothing comes any more', () => {
    const nowMs = performance.now()
    const count = sum(ledger.delivered.values())
    if (count !== seen) sinceMs = nowMs
    seen = count
    return nowMs - sinceMs > (ledger.lost.length === 0 ? 500 : 2_000)
  })
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

function rotate<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

/** A small generator with a seed, so that a run can be repeated. */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
