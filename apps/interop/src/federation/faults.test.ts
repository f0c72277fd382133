import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Users } from './clients.ts'
import { launchEjabberd } from './ejabberd.ts'
import { faults } from './faults.ts'
import { perform, table, type Outcome } from './outcome.ts'
import { launchProsody } from './prosody.ts'
import type { FederatedServer, World } from './server.ts'
import { launchTercet } from './tercet.ts'
import { openWorld } from './world.ts'

const long = process.env['TERCET_LONG'] !== undefined
const count = long ? 5_000 : 200
// As long as a loaded peer may take for a window.
const answerSeconds = long ? 20 : 3
// Much less than the messages, so that more than a window is more than may arrive twice.
const windowStanzas = long ? 1_000 : 50

const open = new AsyncDisposableStack()
const rows: Outcome[] = []
const peers = new Map<string, FederatedServer>()
let world: World
let users: Users
let ours: FederatedServer

beforeAll(async () => {
  world = open.use(await openWorld())
  users = open.use(new Users(world.network))
  const [first, ...rest] = await Promise.all([
    launchTercet(world, 'tercet', { answerSeconds, windowStanzas }),
    launchProsody(world),
    launchEjabberd(world),
    launchTercet(world, 'twin', { answerSeconds, windowStanzas }),
  ])
  ours = open.use(first)
  for (const peer of rest) peers.set(peer.name, open.use(peer))
})

afterAll(async () => {
  process.stdout.write(`${table(rows)}\n`)
  await open.disposeAsync()
})

describe.each(['prosody', 'ejabberd', 'twin'])('between us and %s', name => {
  test.each(faults.map(fault => [fault.name, fault] as const))(
    'nothing promised is lost: %s',
    { timeout: long ? 400_000 : 120_000 },
    async (_, fault) => {
      const longMs = answerSeconds * 1000 + 2_000
      const outcome = await perform({ world, users, ours, peer: peers.get(name)!, longMs }, fault, count)
      rows.push(...outcome)
      for (const row of outcome) {
        const isOurs = row.direction === 'to the peer' || name === 'twin'
        if (fault.name === 'none')
          expect(row).toMatchObject({ sent: count, delivered: count, duplicated: 0, disorder: 0 })
        if (!isOurs) continue
        expect(row).toMatchObject({ lost: 0, disorder: 0 })
        // A peer that stops may refuse what it can no longer keep.
        if (fault.dies !== 'peer') expect(row.bounced).toBe(0)
        expect(row.duplicated).toBeLessThanOrEqual(row.window ?? 0)
      }
    },
  )
})
