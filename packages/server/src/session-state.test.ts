import { memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from './fixture.ts'
import { sessionKey, stringSet } from './session-key.ts'
import { freezeSession, thawSession, type SessionState } from './session-state.ts'

const NS = "xmlns='urn:xmpp:sm:3'"
const ACCOUNTS = { accounts: ['romeo@a.test', 'juliet@a.test', 'mercutio@a.test'] }

async function managed(fixture: Fixture, jid: string): Promise<Client> {
  const client = await fixture.managed(jid)
  // Confirms nothing by itself.
  client.filter = element => element.name === 'r'
  return client
}

/** Two servers over one storage: what one has to say to the other passes as text. */
async function pair(options: FixtureOptions = {}) {
  const storage = memoryStorage()
  const first = await startFixture({ ...ACCOUNTS, ...options, storage })
  const second = await startFixture({ ...ACCOUNTS, ...options, storage })
  const move = async (jid: string): Promise<SessionState> => {
    const [bare = '', resource = ''] = jid.split('/')
    const session = [...first.server.sessions()].find(({ jid }) => jid.text === `${bare}/${resource}`)!
    const state = await freezeSession(session)
    const arrived = JSON.parse(JSON.stringify(state)) as SessionState
    await thawSession(second.server.hosts.get('a.test')!, arrived)
    return arrived
  }
  return {
    storage,
    first,
    second,
    move,
    [Symbol.asyncDispose]: async () => {
      await first.server.stop()
      await second.server.stop()
    },
  }
}

async function resume(fixture: Fixture, jid: string, id: string, h: number): Promise<Client> {
  const client = fixture.connect()
  await client.open(jid)
  await client.authenticate(jid)
  client.send(`<resume ${NS} previd='${id}' h='${h}'/>`)
  client.filter = element => element.name === 'r'
  client.jid = jid
  return client
}

const body = (id: string): string => `<message type='chat' to='juliet@a.test' id='${id}'><body>${id}</body></message>`

test('a live session goes on in another server: nothing is lost, nothing comes twice', async () => {
  await using both = await pair()
  const { first, second, storage } = both
  await first.befriend('romeo@a.test', 'juliet@a.test')
  const romeo = await first.available('romeo@a.test/orchard')
  const juliet = await managed(first, 'juliet@a.test/balcony')
  juliet.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
  await juliet.receives("<iq type='result' id='r'>{any}</iq>")
  juliet.send("<presence><show>away</show><priority>7</priority></presence><presence to='afar@b.test'/>")
  await juliet.receivesInAnyOrder(
    "<presence from='juliet@a.test/balcony'>{any}</presence>",
    "<presence from='romeo@a.test/orchard'/>",
  )
  // Four stanzas so far; two more, of which one is confirmed.
  romeo.send(body('m1') + body('m2'))
  await juliet.receives("<message id='m1'>{any}</message>")
  await juliet.receives("<message id='m2'>{any}</message>")
  juliet.send(`<a ${NS} h='4'/><r ${NS}/>`)
  await juliet.receives(`<a ${NS} h='3'/>`)
  const state = await both.move('juliet@a.test/balcony')
  await juliet.receives("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
  expect([...first.server.sessions()].map(({ jid }) => jid.text)).toEqual(['romeo@a.test/orchard'])
  expect(first.server.resumable.size).toBe(0)
  expect(state).toMatchObject({ received: 3, acked: 4, priority: 7, lang: 'en' })

  // Nobody has heard of it.
  await romeo.receives("<presence from='juliet@a.test/balcony'>{any}</presence>")
  await romeo.receivesNothing()
  const [session] = [...second.server.sessions()]
  expect(session).toMatchObject({ phase: 'hibernating', priority: 7 })

  const again = await resume(second, 'juliet@a.test/balcony', juliet.captures.get('sm')!, 4)
  await again.receives(`<resumed ${NS} h='3'/>`)
  again.bound = true
  await again.receives("<message id='m2'>{any}</message>")
  // Both counts go on where they were.
  again.send(`<presence id='p5'/><r ${NS}/>`)
  await again.receives("<presence id='p5'>{any}</presence>")
  await again.receives(`<a ${NS} h='4'/>`)
  again.send(`<a ${NS} h='6'/>`)
  await second.quiet()
  expect(await storage.spool.count('juliet@a.test')).toBe(0)
  // It still hears of changes of its roster, and whom it told directly hears of its end.
  again.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='x@b.test'/></query></iq>")
  await again.receives("<iq type='set'><query xmlns='jabber:iq:roster' ver='{any}'><item jid='x@b.test'/></query></iq>")
  await again.receives("<iq type='result' id='s'/>")
  again.send('</stream:stream>')
  await again.receivesClose()
  expect(second.afar.unread.some(text => text.includes("to='afar@b.test'") && text.includes('unavailable'))).toBe(true)
})

test('what waited before the outbox goes along, and comes in its order', async () => {
  await using both = await pair()
  const { first, second } = both
  const mercutio = await first.login('mercutio@a.test/street')
  const ids = Array.from({ length: 300 }, (_, index) => `m${index}`)
  for (const id of ids) mercutio.send(body(id))
  await first.quiet()
  const juliet = await managed(first, 'juliet@a.test/balcony')
  juliet.send('<presence/>')
  await juliet.find(({ attributes }) => attributes['id'] === 'm0', 'the first message')
  const state = await both.move('juliet@a.test/balcony')
  expect(state.backlog.length).toBeGreaterThan(0)
  expect(state.backlog.length).toBeLessThan(300)

  const again = await resume(second, 'juliet@a.test/balcony', juliet.captures.get('sm')!, 0)
  await again.receives(`<resumed ${NS} h='1'/>`)
  const got: string[] = []
  for (let count = 0; got.length < ids.length; count++) {
    const element = await again.next('a message')
    if (element.name === 'message') got.push(element.attributes['id']!)
    if (count % 50 === 49 || got.length === ids.length) again.send(`<a ${NS} h='${count + 1}'/>`)
    // The rest comes when most of the last page is confirmed.
    if (count === state.sent.length - 1) again.send(`<a ${NS} h='${count + 1}'/>`)
  }
  expect(got).toEqual(ids)
})

test('a session that nobody resumes there ends there, and what it was owed is kept', async () => {
  await using both = await pair({ limits: { resumeMs: 5000 } })
  const { first, second, storage } = both
  const romeo = await first.available('romeo@a.test/orchard')
  const juliet = await managed(first, 'juliet@a.test/balcony')
  juliet.send('<presence/>')
  await juliet.receives("<presence from='juliet@a.test/balcony'/>")
  romeo.send(body('m1'))
  await juliet.receives("<message id='m1'>{any}</message>")
  await both.move('juliet@a.test/balcony')
  const { wheel } = second.server
  wheel.tick(wheel.now + 7000)
  await second.quiet()
  expect([...second.server.sessions()]).toEqual([])
  expect(await storage.spool.count('juliet@a.test')).toBe(1)
  const later = await second.login('juliet@a.test/hall')
  later.send('<presence/>')
  await later.find(({ attributes }) => attributes['id'] === 'm1', 'what was kept')
})

test('a session that cannot be resumed does not move', async () => {
  await using fixture = await startFixture()
  await fixture.login('romeo@a.test/orchard')
  const [session] = [...fixture.server.sessions()]
  expect(await freezeSession(session!)).toBeUndefined()
  expect(session).toMatchObject({ phase: 'attached' })
})

test('what it is owed cannot be stored: the session stays, and can be resumed here', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await managed(fixture, 'juliet@a.test/balcony')
  juliet.send('<presence/>')
  await juliet.receives("<presence from='juliet@a.test/balcony'/>")
  romeo.send(body('m1'))
  await juliet.receives("<message id='m1'>{any}</message>")
  const session = [...fixture.server.sessions()].find(({ jid }) => jid.local === 'juliet')!
  storage.failCommits('full')
  await expect(freezeSession(session)).rejects.toThrow()
  storage.failCommits(undefined)
  const again = await resume(fixture, 'juliet@a.test/balcony', juliet.captures.get('sm')!, 1)
  await again.receives(`<resumed ${NS} h='1'/>`)
  await again.receives("<message id='m1'>{any}</message>")
})

test('a stanza that is on its way to disk is waited for, and counted once', async () => {
  await using both = await pair()
  const { first, second, storage } = both
  const juliet = await managed(first, 'juliet@a.test/balcony')
  storage.hold()
  juliet.send(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='x@b.test'/></query></iq><r ${NS}/>`)
  await juliet.receives(`<a ${NS} h='0'/>`)
  let moved = false
  const moving = both.move('juliet@a.test/balcony').finally(() => (moved = true))
  await juliet.receives("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
  await new Promise(resolve => setImmediate(resolve))
  expect(moved).toBe(false)
  storage.release()
  expect(await moving).toMatchObject({ received: 1, acked: 0 })
  const again = await resume(second, 'juliet@a.test/balcony', juliet.captures.get('sm')!, 0)
  await again.receives(`<resumed ${NS} h='1'/>`)
  await again.receives("<iq type='result' id='s'/>")
})

test('a value of another version is refused', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  expect(() => thawSession(host, { version: 2 } as unknown as SessionState)).toThrow(TypeError)
})

test('what modules remember travels by the names of their keys, as each key says', async () => {
  const plain = sessionKey<{ readonly at: number; readonly why?: string }>('plain')
  const names = sessionKey<Set<string>>('names', stringSet)
  const cache = sessionKey<Map<string, string>>('cache', { write: () => undefined, read: () => new Map() })
  await using both = await pair()
  const { first, second } = both
  await managed(first, 'juliet@a.test/balcony')
  const [session] = [...first.server.sessions()]
  session!.set(plain, { at: 1 })
  session!.set(names, new Set(['a', 'b']))
  session!.set(cache, new Map([['a', 'b']]))
  const state = await both.move('juliet@a.test/balcony')
  expect(state.values).toEqual({ plain: { at: 1 }, names: ['a', 'b'] })
  const [moved] = [...second.server.sessions()]
  expect(moved!.get(plain)).toEqual({ at: 1 })
  expect(moved!.get(names)).toEqual(new Set(['a', 'b']))
  expect(moved!.get(names)).toBe(moved!.get(names))
  expect(moved!.get(cache)).toBeUndefined()
  // What nobody asked for goes on as well.
  const other = sessionKey<boolean>('other')
  moved!.set(other, true)
  expect(moved!.writeValues()).toEqual({ plain: { at: 1 }, names: ['a', 'b'], other: true })
})

test('a key without a form is for plain data, as the compiler says', () => {
  // @ts-expect-error a set does not travel by itself
  sessionKey<Set<string>>('x')
  // @ts-expect-error nor does what has methods
  sessionKey<{ readonly since: Date }>('x')
  sessionKey<{ readonly since: number; readonly tags: readonly string[] } | undefined>('x')
})

test('whom the account has blocked does not reach it in another server either (XEP-0191 §3.3)', async () => {
  await using both = await pair()
  const { first, second, move } = both
  const romeo = await managed(first, 'romeo@a.test/orchard')
  await romeo.asks(
    "<iq type='set' id='b1'><block xmlns='urn:xmpp:blocking'><item jid='juliet@a.test'/></block></iq>",
    "<iq type='result' id='b1'/>",
  )
  await move('romeo@a.test/orchard')
  const juliet = await second.login('juliet@a.test')
  juliet.send("<message type='chat' to='romeo@a.test/orchard' id='m1'><body>Hist!</body></message>")
  await juliet.receives("<message type='error' id='m1'><error><service-unavailable/></error></message>")
})
