import { saltPassword, type ScramHash } from '@tercet/sasl'
import { elementsOf, textOf, type XmlElement } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { PASSWORD, startFixture, type Client, type Fixture } from './fixture.ts'
import { AGENT, authenticate, BIND, child, mechanismsOf, NS, opened, succeeds, tokenOf } from './sasl2.fixture.ts'

/** As if the account came from a server that knew one hash alone. */
async function onlyHas({ server }: Fixture, hash: ScramHash): Promise<void> {
  interface Credentials {
    readonly keys: Record<string, unknown>
    readonly changedAt: number
  }
  const table = server.storage.table<Credentials>('accounts')
  const row = await table.get('a.test', 'romeo', 'credentials')
  const unit = server.storage.unit()
  table.put(unit, 'a.test', 'romeo', 'credentials', { ...row!.value, keys: { [hash]: row!.value.keys[hash] } })
  await unit.commit()
}

const WANTS = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-512</upgrade>"

/** Begins the task, and gives what to derive with. */
async function salted(client: Client): Promise<XmlElement> {
  client.send(`<next xmlns='${NS}' task='UPGR-SCRAM-SHA-512'/>`)
  const data = await client.receives(
    `<task-data xmlns='${NS}'><salt xmlns='urn:xmpp:scram-upgrade:0'>{any}</salt></task-data>`,
  )
  return elementsOf(data)[0]!
}

function answer(client: Client, hash: string): void {
  client.send(`<task-data xmlns='${NS}'><hash xmlns='urn:xmpp:scram-upgrade:0'>${hash}</hash></task-data>`)
}

test('SCR-08: mechanisms that the account of the stream has no keys for are not offered, and their tasks are', async () => {
  await using fixture = await startFixture()
  await onlyHas(fixture, 'SHA-1')
  const { features } = await opened(fixture, 'romeo@a.test')
  expect(mechanismsOf(features, NS)).toEqual(['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1', 'PLAIN'])
  expect(mechanismsOf(features, 'urn:ietf:params:xml:ns:xmpp-sasl')).toEqual(mechanismsOf(features, NS))
  const upgrades = elementsOf(child(features!, 'authentication')!).filter(({ name }) => name === 'upgrade')
  expect(upgrades.map(textOf)).toEqual(['UPGR-SCRAM-SHA-512', 'UPGR-SCRAM-SHA-256'])
  expect(mechanismsOf((await opened(fixture, 'nobody@a.test')).features, NS)).toContain('SCRAM-SHA-512')
})

test('SCR-08: a client that knows the password adds keys, is let in, and can use them (XEP-0480 §3)', async () => {
  await using fixture = await startFixture()
  await onlyHas(fixture, 'SHA-1')
  const client = await opened(fixture, 'romeo@a.test')
  const { answer: first, mechanism } = await authenticate(client, { mechanism: 'SCRAM-SHA-1', more: WANTS + BIND })
  expect(first.name).toBe('continue')
  await mechanism.success(Buffer.from(textOf(child(first, 'additional-data')!), 'base64'))
  expect(textOf(elementsOf(child(first, 'tasks')!)[0]!)).toBe('UPGR-SCRAM-SHA-512')
  expect([...fixture.server.sessions()]).toEqual([])
  const salt = await salted(client)
  const password = await saltPassword(
    PASSWORD,
    'SHA-512',
    Buffer.from(textOf(salt), 'base64'),
    Number(salt.attributes['iterations']),
  )
  answer(client, Buffer.from(password).toString('base64'))
  const success = await client.receives(`<success xmlns='${NS}'><bound xmlns='urn:xmpp:bind:0'/></success>`)
  expect(child(success, 'additional-data')).toBeUndefined()
  await succeeds(await opened(fixture, 'romeo@a.test'), { mechanism: 'SCRAM-SHA-512' })
})

test.each([
  ['is too short', 'AAAA', 'malformed-request'],
  ['is no base64', '!', 'incorrect-encoding'],
  ['is empty', '', 'malformed-request'],
])('a salted password that %s fails the login, and changes nothing', async (_, hash, condition) => {
  await using fixture = await startFixture()
  await onlyHas(fixture, 'SHA-1')
  const client = await opened(fixture, 'romeo@a.test')
  await authenticate(client, { mechanism: 'SCRAM-SHA-1', more: WANTS })
  await salted(client)
  answer(client, hash)
  await client.receives(`<failure xmlns='${NS}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`)
  expect((await fixture.server.hosts.get('a.test')!.accounts.facts('romeo'))!.hashes).toEqual(['SHA-1'])
})

test.each([
  [
    'given up',
    `<abort xmlns='${NS}'/>`,
    `<failure xmlns='${NS}'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`,
  ],
  [
    'another',
    `<next xmlns='${NS}' task='X'/>`,
    `<failure xmlns='${NS}'><malformed-request xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`,
  ],
  [
    'interrupted',
    '<presence/>',
    "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  ],
  [
    'skipped',
    `<authenticate xmlns='${NS}' mechanism='PLAIN'/>`,
    "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  ],
])('a task that is %s lets nobody in (XEP-0388 §2.6.3)', async (_, xml, expected) => {
  await using fixture = await startFixture()
  await onlyHas(fixture, 'SHA-1')
  const client = await opened(fixture, 'romeo@a.test')
  await authenticate(client, { mechanism: 'SCRAM-SHA-1', more: WANTS + BIND })
  client.send(xml)
  await client.receives(expected)
  expect([...fixture.server.sessions()]).toEqual([])
})

test('what an account has already is not asked for, and nobody sets keys with a token', async () => {
  await using fixture = await startFixture()
  await succeeds(await opened(fixture, 'romeo@a.test'), { more: WANTS })
  const token = await tokenOf(fixture)
  await onlyHas(fixture, 'SHA-1')
  await succeeds(await opened(fixture, 'romeo@a.test'), {
    token: { mechanism: 'HT-SHA-256-EXPR', token },
    agent: AGENT,
    more: WANTS,
  })
})

test('PLAIN does with keys of any hash', async () => {
  await using fixture = await startFixture()
  await onlyHas(fixture, 'SHA-512')
  await succeeds(await opened(fixture), { mechanism: 'PLAIN' })
})
