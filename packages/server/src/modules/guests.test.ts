import { memoryStorage } from '@tercet/storage/memory'
import { elementsOf, textOf } from '@tercet/testkit'
import { expect, test, vi } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../fixture.ts'

function guests(options: Record<string, unknown> = {}): FixtureOptions {
  return { host: { anonymous: true }, moduleOptions: { guests: options } }
}

function accountsOf({ server }: Fixture) {
  return server.hosts.get('a.test')!.accounts
}

async function left(fixture: Fixture): Promise<void> {
  await vi.waitUntil(() => accountsOf(fixture).guests.size === 0)
}

async function offersAnonymous(client: Client): Promise<boolean> {
  const mechanisms = elementsOf(await client.open('a.test')).find(({ name }) => name === 'mechanisms')
  return elementsOf(mechanisms!).map(textOf).includes('ANONYMOUS')
}

test('guests are let in only where the host is for them (XEP-0175 §2)', async () => {
  await using fixture = await startFixture()
  const client = fixture.connect()
  expect(await offersAnonymous(client)).toBe(false)
  client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>")
  await client.receives("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>")
})

test('a guest gets a name of its own, talks to accounts here, and is seen to be one', async () => {
  await using fixture = await startFixture(guests())
  expect(await offersAnonymous(fixture.connect())).toBe(true)
  const guest = await fixture.guest()
  const other = await fixture.guest()
  expect(guest.jid).toMatch(/^[0-9a-f]{32}@a\.test\/.+/)
  expect(other.jid).not.toBe(guest.jid)
  const juliet = await fixture.available('juliet@a.test/balcony')
  guest.send("<message to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message>")
  await juliet.receives(`<message from='${guest.jid}' id='m1'><body>Hist!</body></message>`)
  juliet.send(`<message to='${guest.jid}' type='chat' id='m2'><body>Who?</body></message>`)
  await guest.receives("<message from='juliet@a.test/balcony' id='m2'/>")
  const bare = guest.jid.split('/')[0]!
  await guest.asks(
    `<iq type='get' id='d1' to='${bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    "<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='anonymous'/></query></iq>",
  )
})

test('a guest who leaves has never been there: no account, nothing stored, the name is nobody', async () => {
  await using fixture = await startFixture(guests())
  const guest = await fixture.guest()
  const bare = guest.jid.split('/')[0]!
  const local = bare.split('@')[0]!
  const juliet = await fixture.available('juliet@a.test/balcony')
  // Not available, so it waits in the spool.
  juliet.send(`<message to='${bare}' type='chat' id='m1'><body>Who?</body></message>`)
  await juliet.receivesNothing()
  guest.send('</stream:stream>')
  await left(fixture)
  await vi.waitUntil(async () => (await fixture.server.storage.spool.load(bare)).length === 0)
  expect(await fixture.server.storage.table('guests').list('a.test', local)).toEqual([])
  juliet.send(`<message to='${guest.jid}' type='normal' id='m2'><body>Who?</body></message>`)
  await juliet.receives(
    "<message type='error' id='m2'><error><service-unavailable/></error></message>".replace(
      '<service-unavailable/>',
      "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
    ),
  )
})

test('a guest who is cut off is gone too, and cannot be resumed', async () => {
  await using fixture = await startFixture(guests())
  const guest = await fixture.guest()
  guest.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
  const enabled = await guest.receives("<enabled xmlns='urn:xmpp:sm:3'/>")
  expect(enabled.attributes['id']).toBeUndefined()
  guest.cut()
  await left(fixture)
  expect([...fixture.server.sessions()]).toEqual([])
})

test('a guest who never binds a resource is gone with its stream', async () => {
  await using fixture = await startFixture(guests())
  const client = fixture.connect()
  await client.open('a.test')
  client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>")
  await client.receives("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
  expect(accountsOf(fixture).guests.size).toBe(1)
  client.cut()
  await left(fixture)
})

test('what a crash has left of a guest is removed at the next start', async () => {
  const storage = memoryStorage()
  const unit = storage.unit()
  storage.table<number>('guests').put(unit, 'a.test', 'f00', '', 1)
  storage.table('roster').put(unit, 'a.test', 'f00', 'juliet@a.test', { state: 'none', groups: [] })
  await unit.commit()
  await using fixture = await startFixture({ storage })
  await vi.waitUntil(async () => (await storage.table('guests').list('a.test', 'f00')).length === 0)
  expect(await storage.table('roster').list('a.test', 'f00')).toEqual([])
  expect(await accountsOf(fixture).exists('f00')).toBe(false)
})

test.each([
  ['ask for a subscription', "<presence to='juliet@a.test' type='subscribe' id='x'/>"],
  ['have contacts', "<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test'/></query></iq>"],
  ['take a password', "<iq type='set' id='x'><query xmlns='jabber:iq:register'><password>p</password></query></iq>"],
  ['write to other domains', "<message to='nurse@b.test' id='x'><body>News?</body></message>"],
])('a guest may not %s (XEP-0175 §2)', async (_, xml) => {
  await using fixture = await startFixture(guests())
  const guest = await fixture.guest()
  const juliet = await fixture.available('juliet@a.test/balcony')
  guest.send(xml)
  await guest.find(({ attributes }) => attributes['type'] === 'error' && attributes['id'] === 'x', 'an error')
  await juliet.receivesNothing()
  expect(fixture.afar.unread).toEqual([])
})

test('nobody subscribes to a guest', async () => {
  await using fixture = await startFixture(guests())
  const guest = await fixture.guest()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const bare = guest.jid.split('/')[0]!
  await juliet.asks("<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>", "<iq type='result' id='r1'/>")
  juliet.send(`<presence to='${bare}' type='subscribe' id='s1'/>`)
  const item = (rest: string) =>
    `<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${bare}' subscription='none'${rest}/></query></iq>`
  await juliet.receives(item(" ask='subscribe'"))
  await juliet.receives(`<presence type='unsubscribed' from='${bare}'/>`)
  await juliet.receives(item(" ask='{absent}'"))
  await guest.receivesNothing()
})

test('guests write to other domains where they may', async () => {
  await using fixture = await startFixture(guests({ remote: true }))
  const guest = await fixture.guest()
  guest.send("<message to='nurse@b.test' id='x'><body>News?</body></message>")
  await fixture.quiet()
  fixture.afar.receives(`<message from='${guest.jid}' to='nurse@b.test' id='x'><body>News?</body></message>`)
})

test.each([
  ['on the host', { max: 1 }, ['192.0.2.1', '192.0.2.2']],
  ['from one network', { per_address: 1 }, ['2001:db8::1', '2001:db8::2']],
])('there are only so many guests %s', async (_, options, [first, second]) => {
  await using fixture = await startFixture(guests(options))
  const guest = await fixture.guest({ address: first! })
  await expect(fixture.guest({ address: second! })).rejects.toThrow('temporary-auth-failure')
  guest.cut()
  await left(fixture)
  await fixture.guest({ address: second! })
})

test('nobody logs in with the name of a guest, and nobody makes an account of it', async () => {
  await using fixture = await startFixture({ ...guests(), moduleOptions: { guests: {}, register: { open: true } } })
  const guest = await fixture.guest()
  const local = guest.jid.split('@')[0]!
  await expect(fixture.login(`${local}@a.test`)).rejects.toThrow('not-authorized')
  const client = fixture.connect()
  await client.open('a.test')
  client.send(
    `<iq type='set' id='r1'><query xmlns='jabber:iq:register'><username>${local}</username><password>p</password></query></iq>`,
  )
  await client.receives(
    "<iq type='error' id='r1'><error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
  )
})
