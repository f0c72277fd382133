/** The server under load, killed again and again: nothing that was acknowledged may be missing at the end. */

import { Ledger } from './ledger.ts'
import { Party } from './party.ts'
import { ServerProcess } from './server-process.ts'

/** What a run is made of. */
export interface KillOptions {
  readonly rounds: number
  /** For the test of the test: switches of the server under test. */
  readonly env?: Readonly<Record<string, string>>
  readonly seed?: number
  /** What happens after each kill, before the next start. */
  readonly afterKill?: (server: ServerProcess) => void | Promise<void>
}

const SENDERS = 20

/** Runs it and returns the book. */
export async function killRuns({ rounds, env = {}, seed = 1, afterKill }: KillOptions): Promise<Ledger> {
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
  await using server = await ServerProcess.prepare(
    everybody.map(({ local }) => ({ local, password: `pw-${local}` })),
    { env },
  )
  const present = everybody.filter(({ local }) => local !== 'absent')
  for (let round = 0; round < rounds; round++) {
    await server.start()
    await Promise.all(present.map(party => party.connect(server)))
    for (const party of present) party.go()
    await new Promise(resolve => setTimeout(resolve, 60 + random() * 300))
    await server.kill()
    for (const party of present) party.disconnect()
    await afterKill?.(server)
  }
  await server.start()
  await Promise.all(everybody.map(party => party.connect(server)))
  for (const party of everybody) party.rest()
  await quiet(ledger)
  for (const party of everybody) party.disconnect()
  return ledger
}

/** Waits until nothing is missing any more, or nothing has come for two seconds. */
async function quiet(ledger: Ledger): Promise<void> {
  let seen = -1
  for (let still = 0; still < 20; ) {
    await new Promise(resolve => setTimeout(resolve, 100))
    still = ledger.delivered.size === seen ? still + 1 : 0
    seen = ledger.delivered.size
    if (ledger.lost.length === 0 && still > 2) return
  }
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
