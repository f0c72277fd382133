import { BareJid } from '@tercet/jid'
import { expect, test, vi } from 'vitest'
import { PASSWORD, startFixture, type Client, type Fixture } from './fixture.ts'

const NS = 'urn:xmpp:sm:3'

function message(to: string, id: string): string {
  return `<message to='${to}' type='chat' id='${id}'><body>Hist!</body></message>`
}

async function endsWithResourceConstraint(client: Client): Promise<void> {
  await client.find(({ name, children }) => name === 'error' && children.length > 0, 'a stream error')
  await vi.waitFor(() => expect(client.closed).toBe(true))
}

/** Keeps the queue of an account busy, and full. */
function fill({ server }: Fixture, local: string): Disposable {
  const busy = Promise.withResolvers<void>()
  const account = server.hosts.get('a.test')!.account(BareJid.parse(`${local}@a.test`))
  account.run(() => busy.promise)
  for (let index = 0; index < server.limits.accountQueue; index++) account.run(() => {})
  expect(() => account.run(() => {})).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
  return { [Symbol.dispose]: busy.resolve }
}

test.each([
  ['loses', 0, (client: Client) => client.cut()],
  // What is still due comes before our closing tag.
  ['closes', 1, (client: Client) => client.send('</stream:stream>')],
])('a session that %s its stream while its account is overloaded ends all the same', async (_, open, leave) => {
  await using fixture = await startFixture({ limits: { accountQueue: 3 } })
  const juliet = await fixture.available('juliet@a.test/balcony')
  {
    using _ = fill(fixture, 'juliet')
    leave(juliet)
    await vi.waitFor(() => expect(fixture.server.streams.size).toBe(open))
    expect([...fixture.server.sessions()]).toHaveLength(1)
  }
  await vi.waitFor(() => expect([...fixture.server.sessions()]).toHaveLength(0))
})

test('a queue full of requests leaves the loop to others in between', async () => {
  await using fixture = await startFixture()
  for (let number = 0; number < 50; number++)
    await fixture.rosterItem('romeo@a.test', `${'contact'.repeat(30)}-${number}@a.test`, 'none')
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>".repeat(400))
  let answered = false
  void romeo.barrier().then(() => (answered = true))
  let others = 0
  while (!answered) {
    await new Promise(resolve => setImmediate(resolve))
    others++
  }
  expect(others).toBeGreaterThan(10)
})

test('an answer does not wait behind the requests that fill the queue of its account', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const account = fixture.server.hosts.get('a.test')!.account(BareJid.parse('romeo@a.test'))
  const [session] = account.sessions
  const busy = Promise.withResolvers<void>()
  account.run(() => busy.promise)
  romeo.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
  await new Promise(resolve => setImmediate(resolve))
  // Behind the request: a second task that runs after what the first one has caused.
  let sentBefore = -1
  account.run(() => void (sentBefore = session!.stream!.unwritten))
  expect(session!.stream!.unwritten).toBe(0)
  busy.resolve()
  await vi.waitFor(() => expect(sentBefore).not.toBe(-1))
  expect(sentBefore).toBeGreaterThan(0)
  await romeo.receives("<iq type='result' id='r'><query xmlns='jabber:iq:roster'/></iq>")
})

test('who cannot bind since the account is overloaded is told so, and may try again', async () => {
  await using fixture = await startFixture({ limits: { accountQueue: 3 } })
  const juliet = fixture.connect()
  await juliet.open('juliet@a.test')
  await juliet.authenticate('juliet@a.test', PASSWORD)
  {
    using _ = fill(fixture, 'juliet')
    juliet.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await juliet.find(({ attributes }) => attributes['type'] === 'error', 'an error')
  }
  await juliet.bind('juliet@a.test/balcony')
})

test('a session that confirms nothing ends, is forgotten, and what it did not take goes to the next one (XEP-0198 §4)', async () => {
  await using fixture = await startFixture({ limits: { maxUnconfirmed: 5 } })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  const juliet = await fixture.managed('juliet@a.test/balcony')
  juliet.send('<presence/>')
  await fixture.quiet()
  romeo.send([1, 2, 3, 4, 5, 6, 7].map(number => message('juliet@a.test', `m${number}`)).join(''))
  await endsWithResourceConstraint(juliet)
  await vi.waitFor(() => expect([...fixture.server.sessions()]).toHaveLength(1))
  expect([...fixture.server.resumable.values()].map(({ jid }) => jid.text)).toEqual(['romeo@a.test/orchard'])
  romeo.send(`<a xmlns='${NS}' h='0'/>`)
  const later = await fixture.available('juliet@a.test/chamber')
  for (let number = 1; number <= 7; number++)
    await later.find(({ attributes }) => attributes['id'] === `m${number}`, `m${number}`)
})

test('logins, sessions and resumptions leave no timers behind', async () => {
  await using fixture = await startFixture()
  const { wheel } = fixture.server
  const before = wheel.size
  for (let round = 0; round < 3; round++) {
    const stranger = fixture.connect()
    await stranger.open('romeo@a.test')
    stranger.cut()
    const romeo = await fixture.login('romeo@a.test/orchard')
    romeo.send('</stream:stream>')
  }
  await vi.waitFor(() => expect(wheel.size).toBe(before))
  let romeo = await fixture.managed('romeo@a.test/orchard')
  for (let round = 0; round < 3; round++) {
    romeo.cut()
    await vi.waitFor(() => expect([...fixture.server.sessions()][0]?.phase).toBe('hibernating'))
    const previd = String(romeo.captures.get('sm'))
    romeo = fixture.connect()
    romeo.captures.set('sm', previd)
    await romeo.open('romeo@a.test')
    await romeo.authenticate('romeo@a.test', PASSWORD)
    romeo.send(`<resume xmlns='${NS}' previd='${previd}' h='0'/>`)
    await romeo.receives(`<resumed xmlns='${NS}' previd='${previd}' h='0'/>`)
    await vi.waitFor(() => expect(wheel.size).toBe(before + 1))
  }
})

test('a session that changes its roster and confirms nothing ends, and the server can still stop', async () => {
  await using fixture = await startFixture({ limits: { maxUnconfirmed: 5 } })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  romeo.send("<iq type='get' id='get'><query xmlns='jabber:iq:roster'/></iq>")
  for (let number = 0; number < 20; number++)
    romeo.send(
      `<iq type='set' id='${number}'><query xmlns='jabber:iq:roster'><item jid='nurse@a.test' name='${number}'/></query></iq>`,
    )
  await endsWithResourceConstraint(romeo)
})

test.each([
  ['closes its stream in order has read what it was sent', (client: Client) => client.send('</stream:stream>'), []],
  ['loses its stream is sent it again', (client: Client) => client.cut(), ['m1']],
])('a session without stream management that answers no ping and %s', async (_, leave, again) => {
  await using fixture = await startFixture()
  const romeo = await fixture.managed('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  juliet.answersPings = false
  romeo.send(message('juliet@a.test', 'm1'))
  await juliet.find(({ attributes }) => attributes['id'] === 'm1', 'm1')
  leave(juliet)
  await vi.waitFor(() => expect(juliet.closed).toBe(true))
  const later = await fixture.available('juliet@a.test/chamber')
  romeo.send(message('juliet@a.test', 'm2'))
  const heard = new Set<string | undefined>()
  await later.find(({ name, attributes, children }) => {
    if (name === 'message') heard.add(attributes['id'])
    if (attributes['id'] === 'm1') expect(children).toContainEqual(expect.objectContaining({ name: 'delay' }))
    return attributes['id'] === 'm2'
  }, 'm2')
  expect([...heard]).toEqual([...again, 'm2'])
})

test('a session without stream management that answers no ping ends when too much depends on it, whatever else it says', async () => {
  await using fixture = await startFixture({ limits: { maxUnconfirmed: 5 } })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  juliet.answersPings = false
  for (let number = 1; number <= 7; number++) {
    juliet.send(' ')
    romeo.send(message('juliet@a.test', `m${number}`))
  }
  await endsWithResourceConstraint(juliet)
  const later = await fixture.available('juliet@a.test/chamber')
  for (let number = 1; number <= 7; number++)
    await later.find(({ attributes }) => attributes['id'] === `m${number}`, `m${number}`)
})
