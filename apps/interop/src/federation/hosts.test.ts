/** Hosts of ours that have certificates of their own (`[host.tls]`), and Prosody, which believes nothing but certificates of the authority. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Users, type User } from './clients.ts'
import { domainOf, type Kind } from './kinds.ts'
import { launchProsody } from './prosody.ts'
import type { FederatedServer } from './server.ts'
import { launchTercet } from './tercet.ts'
import { openWorld } from './world.ts'

const open = new AsyncDisposableStack()
const servers = new Map<string, FederatedServer>()
let users: Users

beforeAll(async () => {
  const world = open.use(await openWorld({ apart: true }))
  const certificates = (['external', 'direct', 'dialback'] as const).map(
    kind => world.identities.tercet[kind].fingerprint,
  )
  expect(new Set(certificates).size).toBe(3)
  for (const server of await Promise.all([launchProsody(world), launchTercet(world, 'tercet', { apart: true })]))
    servers.set(server.name, open.use(server))
  users = open.use(new Users(world.network))
})

afterAll(() => open.disposeAsync())

async function newUser(server: FederatedServer, kind: Kind): Promise<User> {
  const jid = `user-${randomUUID().slice(0, 8)}@${domainOf(kind, server.name)}`
  await server.addAccount(jid, 'secret')
  return users.login(server.address(kind), jid, 'secret')
}

const say = (to: string, body: string) =>
  `<message to='${to}' type='chat' id='${randomUUID()}'><body>${body}</body></message>`

// Each pair of domains has a stream of its own, opened by who speaks first: with STARTTLS to `external`, with TLS from the first byte to `direct`.
test.each([
  ['tercet', 'external', 'prosody', 'external'],
  ['tercet', 'direct', 'prosody', 'direct'],
  ['prosody', 'direct', 'tercet', 'external'],
  ['prosody', 'external', 'tercet', 'direct'],
] as const)(
  '%s, %s, speaks first to %s, %s: each shows the certificate of its own domain',
  async (near, nearKind, far, farKind) => {
    const [one, other] = [servers.get(near)!, servers.get(far)!]
    const [juliet, romeo] = await Promise.all([newUser(one, nearKind), newUser(other, farKind)])
    await juliet.send(say(romeo.jid, 'Wherefore art thou?'))
    await romeo.hear('her', it => it.body === 'Wherefore art thou?')
    await romeo.send(say(juliet.jid, 'Neither, fair saint'))
    await juliet.hear('him', it => it.body === 'Neither, fair saint')

    const [ourKind, theirKind] = near === 'tercet' ? [nearKind, farKind] : [farKind, nearKind]
    const ours = domainOf(ourKind, 'tercet')
    const theirs = domainOf(theirKind, 'prosody')
    const all = await servers.get('tercet')!.streams!(ourKind)
    const streams = all.find(({ domain }) => domain === theirs)?.streams ?? []
    const pairs = [`${ours} → ${theirs}`, `${theirs} → ${ours}`]
    const used = streams.filter(stream => pairs.some(pair => stream.pairs.includes(pair)))
    expect(pairs.every(pair => used.some(stream => stream.pairs.includes(pair)))).toBe(true)
    for (const { proof, certificate } of used) expect([proof, certificate]).toEqual(['external', 'pkix'])
  },
)
