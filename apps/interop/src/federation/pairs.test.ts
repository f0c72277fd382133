import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behavioursOf, meet, type Meeting } from './behaviours.ts'
import { Users } from './clients.ts'
import { launchEjabberd } from './ejabberd.ts'
import { kinds, type Kind, type ServerName } from './kinds.ts'
import { launchProsody } from './prosody.ts'
import type { FederatedServer } from './server.ts'
import { launchTercet } from './tercet.ts'
import { openWorld } from './world.ts'

const pairs: readonly (readonly [ServerName, ServerName])[] = [
  ['prosody', 'ejabberd'],
  ['tercet', 'prosody'],
  ['tercet', 'ejabberd'],
  ['tercet', 'twin'],
]

const open = new AsyncDisposableStack()
const servers = new Map<ServerName, FederatedServer>()
let users: Users

beforeAll(async () => {
  const world = open.use(await openWorld())
  const started = await Promise.all([
    launchProsody(world),
    launchEjabberd(world),
    launchTercet(world, 'tercet'),
    launchTercet(world, 'twin'),
  ])
  for (const server of started) servers.set(server.name, open.use(server))
  users = open.use(new Users(world.network))
})

afterAll(() => open.disposeAsync())

describe.each(pairs)('%s and %s', (one, other) => {
  describe.each(kinds)('%s', kind => {
    let meeting: Meeting
    beforeAll(async () => {
      meeting = await meet(users, servers.get(one)!, servers.get(other)!, kind)
    })

    test.each(behavioursOf(one, other))('%s', async (_, behave) => {
      await behave(meeting).catch((cause: unknown) => {
        throw new Error(`${String(cause)}\n${lastWords(kind)}`, { cause })
      })
    })
  })
})

/** What the servers said of this kind's domains. */
function lastWords(kind: Kind): string {
  const told = [...servers.values()].map(server => {
    const lines = server
      .log()
      .split('\n')
      .filter(line => line.includes(`${kind}.`))
    return `--- ${server.name}\n${lines
      .slice(-25)
      .map(line => line.slice(0, 300))
      .join('\n')}`
  })
  expect(servers.size).toBeGreaterThan(0)
  return told.join('\n')
}
