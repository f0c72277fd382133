/** Performs a fault, and tells what became of the messages as rows of a table. */

import { randomUUID } from 'node:crypto'
import { waitFor } from '../wait.ts'
import { Account } from './account.ts'
import { isQuiet, watch } from './confirmed.ts'
import type { Direction, Fault, Stage } from './faults.ts'
import { Way, type Counts } from './way.ts'

/** What came of the messages of one direction. */
export interface Outcome extends Counts {
  readonly peer: string
  readonly fault: string
  readonly direction: Direction
  /** How the sending server made sure that the other one has what it sent. */
  readonly confirmation: string
  /** Stanzas that the sending server had unconfirmed when a stream ended, or when it was killed; undefined: it does not tell. */
  readonly window: number | undefined
}

/** Performs a fault with `count` messages each way, and counts what came of them. */
export async function perform(stage: Stage, fault: Fault, count: number): Promise<Outcome[]> {
  const { users, ours, peer } = stage
  const name = randomUUID().slice(0, 8)
  const [juliet, romeo] = await Promise.all([
    Account.open(users, ours, `juliet-${name}`),
    Account.open(users, peer, `romeo-${name}`),
  ])
  const there = new Way(juliet, romeo, count)
  const back = new Way(romeo, juliet, count)
  // Streams both ways are there before anything goes wrong.
  await there.reach('first')
  await back.reach('first')
  const ways = fault.directions.map(direction => (direction === 'to the peer' ? there : back))
  const dying = fault.dies && (fault.dies === 'ours' ? ours : peer)
  for (const { to } of ways) if (to.server === dying) await to.user.logout()
  const watched = { 'to the peer': await watch(ours, peer), 'from the peer': await watch(peer, ours) }
  await fault.around(stage, {
    all: async () => {
      await Promise.all(ways.map(way => way.speak()))
    },
    flowing: async () => {
      await Promise.all(ways.map(way => way.flowing()))
    },
    poke: async () => {
      await Promise.all([there.extra('poke'), back.extra('poke')])
    },
  })
  const quiet = async () => (await isQuiet(ours, peer)) && (await isQuiet(peer, ours))
  await waitFor('nothing waits', quiet, {
    timeoutMs: 90_000,
    everyMs: 100,
    evidence: async () =>
      JSON.stringify([await ours.streams?.('external'), await peer.streams?.('external')], undefined, 1),
  })
  // Now everything is there, so that one who comes reads it in its order, and not mixed with what still comes.
  if (dying) await (dying === ours ? juliet : romeo).logIn()
  return Promise.all(
    fault.directions.map(async direction => {
      const way = direction === 'to the peer' ? there : back
      await way.over()
      const { by, confirmed, window } = await watched[direction]()
      return {
        peer: peer.name,
        fault: fault.name,
        direction,
        confirmation: by,
        // Another server's disk is not ours to speak for.
        ...way.counts(fault.dies === 'peer' && !peer.streams ? confirmed : 0),
        window,
      }
    }),
  )
}

/** The rows as a table for people. */
export function table(rows: readonly Outcome[]): string {
  const columns = [
    'peer',
    'fault',
    'direction',
    'confirmation',
    'sent',
    'delivered',
    'duplicated',
    'window',
    'bounced',
    'lost',
    'lostThere',
    'disorder',
  ] as const
  const cells = [columns, ...rows.map(row => columns.map(column => String(row[column] ?? '?')))]
  const widths = columns.map((_, index) => Math.max(...cells.map(line => line[index]!.length)))
  return cells.map(line => line.map((cell, index) => cell.padEnd(widths[index]!)).join('  ')).join('\n')
}
