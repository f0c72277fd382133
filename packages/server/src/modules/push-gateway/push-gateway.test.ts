import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { BareJid } from '@tercet/jid'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../../fixture.ts'
import { pushes } from '../push.ts'
import { removeAccount } from '../../removal.ts'
import type { PushEndpoint, PushOutcome, WebNotification, WebPush } from '../../web-push.ts'

const COMMANDS = "xmlns='http://jabber.org/protocol/commands'"
const PUBSUB = "xmlns='http://jabber.org/protocol/pubsub'"
const PUSH = "xmlns='urn:xmpp:push:0'"
const BOTH = { with_sender: true, with_body: true }
const SENT: PushOutcome = { kind: 'sent' }

afterEach(() => void vi.useRealTimers())

/** Push services that say what a test has them say. */
class Services implements WebPush {
  keys = 0
  readonly got: { endpoint: PushEndpoint; notification: WebNotification }[] = []
  /** What they say next; then that all is well. */
  readonly outcomes: (PushOutcome | Promise<PushOutcome>)[] = []

  newKey(): Promise<string> {
    return Promise.resolve(`key-${++this.keys}`)
  }

  open: WebPush['open'] = ({ key }) =>
    Promise.resolve({
      publicKey: `public-${key}`,
      refusal: ({ url }) => (url.startsWith('https:') ? undefined : 'endpoint has to begin with https:'),
      send: (endpoint, notification) => {
        this.got.push({ endpoint, notification })
        return Promise.resolve(this.outcomes.shift() ?? SENT)
      },
    })

  /** What apps were told since this was last asked. */
  read(): unknown[] {
    return this.got
      .splice(0)
      .map(({ notification: { payload } }) => JSON.parse(Buffer.from(payload).toString()) as unknown)
  }
}

async function start(options: object = {}, more: FixtureOptions = {}): Promise<Fixture & { web: Services }> {
  const web = new Services()
  const fixture = await startFixture({ webPush: web, moduleOptions: { push_gateway: options }, ...more })
  return Object.assign(fixture, { web })
}

const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`
const submit = (values: Record<string, string>): string =>
  `<x xmlns='jabber:x:data' type='submit'>${Object.entries(values)
    .map(([name, value]) => field(name, value))
    .join('')}</x>`
const subscription = (device = 'd1', url = `https://push.test/${device}`) => ({
  endpoint: url,
  p256dh: 'B+/=',
  auth: 'YXV0aA==',
  'device-id': device,
})

let last = 0
const command = (client: Client, node: string, answer: string, form = '') =>
  client.asks(
    `<iq type='set' id='c${++last}' to='a.test'><command ${COMMANDS} node='${node}' action='execute'>${form}</command></iq>`,
    `<iq id='c${last}' ${answer}`,
  )
const REGISTERED = `type='result'><command ${COMMANDS} status='completed'><x xmlns='jabber:x:data' type='result'>${field('jid', 'a.test')}${field('node', '{node=any}')}${field('secret', '{secret=any}')}</x></command></iq>`
const error = (condition: string): string => `type='error'><error><${condition}/></error></iq>`

/** Registers with one request, as apps do, and gives the node with its secret. */
async function register(client: Client, values = subscription()): Promise<{ node: string; secret: string }> {
  await command(client, 'register-push-web', REGISTERED, submit(values))
  return { node: client.captures.get('node')!, secret: client.captures.get('secret')! }
}

/** A phone that is registered, has told its server, and is gone. */
async function phone(fixture: Fixture, name = 'romeo@a.test/phone'): Promise<{ node: string; secret: string }> {
  const client = await fixture.available(name)
  const made = await register(client)
  const options = submit({ FORM_TYPE: 'http://jabber.org/protocol/pubsub#publish-options', secret: made.secret })
  await client.asks(
    `<iq type='set' id='e'><enable ${PUSH} jid='a.test' node='${made.node}'>${options}</enable></iq>`,
    "<iq type='result' id='e'/>",
  )
  client.send('</stream:stream>')
  await client.receivesClose()
  return made
}

async function settled(fixture: Fixture): Promise<void> {
  const { storage } = fixture.server
  for (let round = 0; round < 3; round++) {
    await fixture.quiet()
    const unit = storage.unit()
    storage.table('test').put(unit, 'a.test', '', 'settled', ++last)
    await unit.commit()
  }
}

const chat = (id: string): string => `<message type='chat' to='romeo@a.test' id='${id}'><body>Hist!</body></message>`
const publication = (node: string, secret: string | undefined, from = ''): string => {
  const options =
    secret === undefined
      ? ''
      : `<publish-options>${submit({ FORM_TYPE: 'http://jabber.org/protocol/pubsub#publish-options', secret })}</publish-options>`
  const summary = submit({ FORM_TYPE: 'urn:xmpp:push:summary', 'message-count': '2', 'last-message-body': 'Hist!' })
  return `<iq type='set' id='p${++last}' to='a.test'${from}><pubsub ${PUBSUB}><publish node='${node}'><item><notification ${PUSH}>${summary}</notification></item></publish>${options}</pubsub></iq>`
}

/** Somebody of another server speaks, and hears this. */
async function afar(fixture: Fixture, xml: string): Promise<string> {
  fixture.afar.sends(xml)
  await settled(fixture)
  return (fixture.afar.unread as string[]).splice(0).join('')
}

const registration = (from: string, values = subscription()): string =>
  `<iq type='set' id='r${++last}' from='${from}' to='a.test'><command ${COMMANDS} node='register-push-web'>${submit(values)}</command></iq>`

test('a message for a phone that is gone wakes its app, which is told a number (XEP-0357 §7)', async () => {
  await using fixture = await start()
  const { node } = await phone(fixture)
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('m1'))
  await settled(fixture)
  expect(fixture.web.got[0]).toMatchObject({
    endpoint: { url: 'https://push.test/d1', p256dh: 'B-_', auth: 'YXV0aA' },
    notification: { ttlSeconds: 604_800, urgency: 'high', topic: 'tercet' },
  })
  expect(fixture.web.read()).toEqual([{ node, count: 1 }])
})

test('who and what is told where the operator wants both', async () => {
  await using fixture = await start({}, { moduleOptions: { push: BOTH, push_gateway: BOTH } })
  const { node } = await phone(fixture)
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('m1'))
  await settled(fixture)
  expect(fixture.web.read()).toEqual([{ node, count: 1, sender: 'juliet@a.test/balcony', body: 'Hist!' }])
})

test('an app that is gone is forgotten, and the server of the account hears of it (XEP-0357 §7.1)', async () => {
  await using fixture = await start()
  await phone(fixture)
  fixture.web.outcomes.push({ kind: 'gone', reason: 'its push service says 410' })
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (const id of ['m1', 'm2', 'm3']) {
    juliet.send(chat(id))
    await settled(fixture)
  }
  expect(fixture.web.read()).toHaveLength(1)
  const romeo = await fixture.login('romeo@a.test/desk')
  const list = `type='result'><command ${COMMANDS} status='completed'><x xmlns='jabber:x:data' type='result'><reported/></x></command></iq>`
  await command(romeo, 'list-push-registrations', list)
})

test('a push service that fails is tried again with growing pauses, with what is newest by then (RFC 8030 §8.4)', async () => {
  await using fixture = await start()
  const { node } = await phone(fixture)
  const { wheel } = fixture.server
  const juliet = await fixture.login('juliet@a.test/balcony')
  fixture.web.outcomes.push({ kind: 'later', reason: '503' }, { kind: 'later', reason: '429', afterMs: 60_000 })
  juliet.send(chat('m1'))
  await settled(fixture)
  juliet.send(chat('m2'))
  await settled(fixture)
  expect(fixture.web.read()).toEqual([{ node, count: 1 }])
  wheel.tick(wheel.now + 3100)
  await settled(fixture)
  expect(fixture.web.read()).toEqual([{ node, count: 2 }])
  wheel.tick(wheel.now + 50_000)
  await settled(fixture)
  expect(fixture.web.read()).toEqual([])
  wheel.tick(wheel.now + 12_000)
  await settled(fixture)
  expect(fixture.web.read()).toEqual([{ node, count: 2 }])
  wheel.tick(wheel.now + 3_600_000)
  await settled(fixture)
  expect(fixture.web.read()).toEqual([])
})

test('a push service that stays away is given up, and the app keeps its registration', async () => {
  await using fixture = await start({ retry_minutes: 1 })
  await phone(fixture)
  const { wheel } = fixture.server
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (let round = 0; round < 40; round++) fixture.web.outcomes.push({ kind: 'later', reason: '503' })
  juliet.send(chat('m1'))
  for (let round = 0; round < 40; round++) {
    await settled(fixture)
    wheel.tick(wheel.now + 30_000)
  }
  const tried = fixture.web.read().length
  expect(tried).toBeGreaterThan(2)
  expect(tried).toBeLessThan(10)
  fixture.web.outcomes.length = 0
  juliet.send(chat('m2'))
  await settled(fixture)
  expect(fixture.web.read()).toHaveLength(1)
})

test('what comes while one is under way goes out after it, as one', async () => {
  await using fixture = await start({ open: true })
  const { node, secret } = await registered(fixture)
  const first = Promise.withResolvers<PushOutcome>()
  fixture.web.outcomes.push(first.promise)
  for (let count = 0; count < 3; count++) await afar(fixture, publication(node, secret, " from='b.test'"))
  expect(fixture.web.read()).toHaveLength(1)
  first.resolve(SENT)
  await settled(fixture)
  expect(fixture.web.read()).toHaveLength(1)
})

/** What an account elsewhere has got. */
async function registered(fixture: Fixture): Promise<{ node: string; secret: string }> {
  const answer = await afar(fixture, registration('mercutio@b.test/phone'))
  const [, node = '', secret = ''] = /'node'><value>([^<]*).*'secret'><value>([^<]*)/.exec(answer) ?? []
  return { node, secret }
}

test('a push service that says nothing holds up neither who publishes nor the end of the server', async () => {
  const fixture = await start()
  await phone(fixture)
  const host = fixture.server.hosts.get('a.test')!
  const never = new Promise<PushOutcome>(() => {})
  fixture.web.outcomes.push(never)
  const asked = host.services.get(pushes).test(host.account(BareJid.parse('romeo@a.test')))
  await vi.waitFor(() => expect(fixture.web.got).toHaveLength(1))
  const { wheel } = fixture.server
  wheel.tick(wheel.now + 4000)
  expect(await asked).toMatchObject([{ answer: 'ok' }])
  await fixture.server.stop()
})

test('registrations outlive a restart', async () => {
  const disk = new MemoryDisk()
  const storage = memoryStorage({ disk })
  const before = await start({}, { storage })
  const { node } = await phone(before)
  await before.server.stop()
  await storage.close()
  await using fixture = await start({}, { storage: memoryStorage({ disk }) })
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('m1'))
  await settled(fixture)
  expect(fixture.web.read()).toEqual([{ node, count: 1 }])
})

describe('a restart', () => {
  const later: PushOutcome = { kind: 'later', reason: '503' }

  /** A server whose push service does not take the notification of a message, and the one after it. */
  async function restarted(outcome: PushOutcome, stop: (fixture: Fixture) => Promise<void>) {
    const disk = new MemoryDisk()
    const storage = memoryStorage({ disk })
    const before = await start({}, { storage })
    const { node } = await phone(before)
    before.web.outcomes.push(outcome)
    const juliet = await before.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await settled(before)
    expect(before.web.read()).toHaveLength(1)
    await stop(before)
    await before.server.stop()
    await storage.close()
    const after = await start({}, { storage: memoryStorage({ disk }) })
    await settled(after)
    const { wheel } = after.server
    wheel.tick(wheel.now + 6000)
    await settled(after)
    return { after, node }
  }

  test('what waits for its push service is sent after it', async () => {
    const { after, node } = await restarted(later, () => Promise.resolve())
    await using fixture = after
    expect(fixture.web.read()).toEqual([{ node, count: 1 }])
    const { wheel, storage } = fixture.server
    wheel.tick(wheel.now + 3_600_000)
    await settled(fixture)
    expect(fixture.web.read()).toEqual([])
    expect(await storage.table('push deliveries').list('a.test', 'romeo@a.test')).toEqual([])
  })

  test('what was sent is not sent again', async () => {
    const { after } = await restarted(SENT, () => Promise.resolve())
    await using fixture = after
    expect(fixture.web.read()).toEqual([])
  })

  test('what waits for an app that has gone meanwhile is dropped', async () => {
    const { after } = await restarted(later, async fixture => {
      const romeo = await fixture.login('romeo@a.test/desk')
      await command(
        romeo,
        'unregister-push',
        `type='result'><command ${COMMANDS} status='completed'/></iq>`,
        submit({}),
      )
    })
    await using fixture = after
    expect(fixture.web.read()).toEqual([])
    expect(await fixture.server.storage.table('push deliveries').list('a.test', 'romeo@a.test')).toEqual([])
  })

  test('what waits for an account that is removed goes with it', async () => {
    const { after } = await restarted(later, async ({ server }) => {
      await removeAccount(server.hosts.get('a.test')!, 'romeo')
    })
    await using fixture = after
    expect(fixture.web.read()).toEqual([])
    expect(await fixture.server.storage.table('push deliveries').list('a.test', 'romeo@a.test')).toEqual([])
  })
})

test('a notification that cannot be stored is refused, and not sent', async () => {
  const storage = memoryStorage()
  await using fixture = await start({ open: true }, { storage })
  const { node, secret } = await registered(fixture)
  storage.failCommits('full')
  for (let count = 0; count < 2; count++) fixture.afar.sends(publication(node, secret, " from='b.test'"))
  await vi.waitFor(() => expect(fixture.afar.unread.join('').split('<resource-constraint ')).toHaveLength(3))
  expect(fixture.web.read()).toEqual([])
})

test('each host has its own', async () => {
  await using fixture = await start({}, { domains: ['a.test', 'c.test'] })
  const { node, secret } = await phone(fixture)
  const [a, c] = ['a.test', 'c.test'].map(name => fixture.server.hosts.get(name)!)
  expect(a).not.toBe(c)
  const romeo = await fixture.login('romeo@a.test/phone')
  romeo.send(publication(node, secret).replace("to='a.test'", "to='c.test'"))
  await romeo.receives("<iq type='error' from='c.test'><error><item-not-found/></error></iq>")
  const asked = `<iq type='set' id='x' to='c.test'><command ${COMMANDS} node='register-push-web'>${submit(subscription())}</command></iq>`
  await romeo.asks(asked, `<iq type='error' id='x'><error><forbidden/></error></iq>`)
})

test('what could not be stored is not registered', async () => {
  const storage = memoryStorage()
  await using fixture = await start({}, { storage })
  const romeo = await fixture.login('romeo@a.test/phone')
  await register(romeo)
  storage.failCommits('full')
  await command(romeo, 'register-push-web', error('resource-constraint'), submit(subscription('d2')))
  storage.failCommits(undefined)
  const item = `<item>${field('device-id', 'd1')}</item>`
  const list = `type='result'><command ${COMMANDS} status='completed'><x xmlns='jabber:x:data' type='result'>${item}</x></command></iq>`
  await command(romeo, 'list-push-registrations', list)
  await register(romeo, subscription('d2'))
})

describe('who may publish (XEP-0357 §4.2)', () => {
  test.each([
    ['the server of the account, in its name', 'mercutio@b.test', true, 'result'],
    ['the server of the account, in its own name', 'b.test', true, 'result'],
    ['no client by itself', 'mercutio@b.test/phone', true, 'forbidden'],
    ['nobody else', 'tybalt@b.test', true, 'forbidden'],
    ['no other server', 'c.test', true, 'forbidden'],
    ['nobody without the secret', 'mercutio@b.test', false, 'forbidden'],
  ])('%s', async (_, from, knows, expected) => {
    await using fixture = await start({ open: true })
    const { node, secret } = await registered(fixture)
    const answer = await afar(fixture, publication(node, knows ? secret : undefined, ` from='${from}'`))
    if (expected === 'result') expect(answer).toMatch(/^<iq [^>]*type='result'/)
    else expect(answer).toContain(`<${expected} `)
    expect(fixture.web.read()).toHaveLength(expected === 'result' ? 1 : 0)
  })

  test('a node that nobody has is not found, and what is no notification tells nothing', async () => {
    await using fixture = await start({ open: true })
    const { node, secret } = await registered(fixture)
    expect(await afar(fixture, publication('n', secret, " from='b.test'"))).toContain('<item-not-found ')
    const bare = publication(node, secret, " from='b.test'").replace(/<notification.*<\/notification>/, '<x/>')
    expect(await afar(fixture, bare)).toMatch(/^<iq [^>]*type='result'/)
    expect(fixture.web.read()).toEqual([{ node }])
    const broken = publication(node, secret, " from='b.test'").replace("type='submit'", "type='?'")
    expect(await afar(fixture, broken)).toContain('<bad-request ')
    expect(fixture.web.read()).toEqual([])
  })
})

describe('registering', () => {
  test('the form tells the key that apps listen to, the same after a restart (RFC 8292 §3.2)', async () => {
    const disk = new MemoryDisk()
    for (let round = 0; round < 2; round++) {
      const storage = memoryStorage({ disk })
      const fixture = await start({}, { storage })
      const romeo = await fixture.login('romeo@a.test/phone')
      const key = `<field var='vapid-key'><value>public-key-1</value></field>`
      await command(
        romeo,
        'register-push-web',
        `type='result'><command ${COMMANDS} status='executing'><x xmlns='jabber:x:data' type='form'>${key}</x></command></iq>`,
      )
      await fixture.server.stop()
      await storage.close()
    }
  })

  test('the host says that it is a push service (XEP-0357 §3.2)', async () => {
    await using fixture = await start()
    const romeo = await fixture.login('romeo@a.test/phone')
    await romeo.asks(
      "<iq type='get' id='i' to='a.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
      `<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='pubsub' type='push'/><feature var='urn:xmpp:push:0'/></query></iq>`,
    )
  })

  test('without an app that sends over the web there is none', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/phone')
    await command(romeo, 'register-push-web', error('item-not-found'), submit(subscription()))
    romeo.send(publication('n', 's'))
    await romeo.receives(`<iq type='error'><error><service-unavailable/></error></iq>`)
  })

  test.each([
    ['no endpoint', { endpoint: '' }],
    ['an endpoint that is not acceptable', { endpoint: 'http://push.test/' }],
    ['no key', { p256dh: '' }],
    ['no secret', { auth: '' }],
    ['a name that is too long', { 'device-id': 'd'.repeat(129) }],
  ])('%s is refused (XEP-0050 §4.4)', async (_, changed) => {
    await using fixture = await start()
    const romeo = await fixture.login('romeo@a.test/phone')
    await command(romeo, 'register-push-web', error('bad-request'), submit({ ...subscription(), ...changed }))
  })

  test('accounts of other servers only where the operator lets them', async () => {
    await using fixture = await start()
    expect(await afar(fixture, registration('mercutio@b.test/phone'))).toContain('<forbidden ')
    await using open = await start({ open: true })
    expect(await afar(open, registration('mercutio@b.test/phone'))).toContain("var='secret'")
    expect(await afar(open, registration('b.test'))).toContain('<forbidden ')
  })

  test('a device that registers anew has one registration, and so has an endpoint', async () => {
    await using fixture = await start({ open: true })
    const romeo = await fixture.login('romeo@a.test/phone')
    await register(romeo)
    await register(romeo, subscription('d1', 'https://push.test/new'))
    await register(romeo, subscription('d2', 'https://push.test/new'))
    const { node } = await register(romeo, subscription('d3'))
    const items = ['d2', 'd3'].map(name => `<item>${field('device-id', name)}</item>`).join('')
    const list = `type='result'><command ${COMMANDS} status='completed'><x xmlns='jabber:x:data' type='result'>${items}</x></command></iq>`
    await command(romeo, 'list-push-registrations', list)
    const done = `type='result'><command ${COMMANDS} status='completed'><note>1 removed</note></command></iq>`
    await command(romeo, 'unregister-push', done, submit({ 'device-id': 'd2' }))
    await command(romeo, 'unregister-push', done, submit({ node }))
    await command(romeo, 'unregister-push', error('item-not-found'), submit({ node }))
    const juliet = await fixture.login('juliet@a.test/balcony')
    await command(juliet, 'unregister-push', done.replace('1 ', '0 '), submit({}))
  })

  test('nobody has registrations without end: the oldest go', async () => {
    await using fixture = await start({ max_registrations: 2, open: true })
    const romeo = await fixture.login('romeo@a.test/phone')
    const made: { node: string; secret: string }[] = []
    for (const device of ['d1', 'd2', 'd3']) made.push(await register(romeo, subscription(device)))
    const text = await Promise.all(
      made.map(
        async ({ node }) =>
          (await fixture.server.storage.table('push registrations').get('a.test', 'romeo@a.test', node))?.key,
      ),
    )
    expect(text).toEqual([undefined, made[1]?.node, made[2]?.node])
  })

  test('an hour and the host have so many', async () => {
    await using fixture = await start({ per_hour: 2, max_total: 3 })
    const romeo = await fixture.login('romeo@a.test/phone')
    for (const device of ['d1', 'd2']) await register(romeo, subscription(device))
    await command(romeo, 'register-push-web', error('policy-violation'), submit(subscription('d3')))
    const juliet = await fixture.login('juliet@a.test/balcony')
    await register(juliet, subscription('d4'))
    await command(juliet, 'register-push-web', error('resource-constraint'), submit(subscription('d5')))
    // In place of another it needs no room.
    const { wheel } = fixture.server
    wheel.tick(wheel.now + 3_600_001)
    await register(juliet, subscription('d4', 'https://push.test/other'))
  })

  test('what was not used for long is over, and removed', async () => {
    await using fixture = await start({ keep_days: 1 })
    const { node } = await phone(fixture)
    vi.useFakeTimers({ now: Date.now() + 86_400_001, toFake: ['Date'] })
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await settled(fixture)
    expect(fixture.web.read()).toEqual([])
    const { wheel, storage } = fixture.server
    wheel.tick(wheel.now + 3_610_000)
    await settled(fixture)
    for (const [table, owner] of [
      ['push registrations', 'romeo@a.test'],
      ['push registration owners', ''],
    ] as const)
      expect(await storage.table(table).get('a.test', owner, node)).toBeUndefined()
  })

  test('with its account everything goes', async () => {
    await using fixture = await start()
    await phone(fixture)
    await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
    await settled(fixture)
    for (const table of ['push registrations', 'push registration owners'])
      for await (const owner of fixture.server.storage.table(table).owners('a.test')) expect(owner).toBe('nobody')
  })
})

test('an operator sees what push services say', async () => {
  await using fixture = await start()
  const { node } = await phone(fixture)
  const host = fixture.server.hosts.get('a.test')!
  const test = () => host.services.get(pushes).test(host.account(BareJid.parse('romeo@a.test')))
  fixture.web.outcomes.push(SENT, { kind: 'refused', reason: 'its push service says 413' })
  expect(await test()).toEqual([{ jid: 'a.test', node, answer: 'ok' }])
  expect(await test()).toEqual([{ jid: 'a.test', node, answer: 'resource-constraint: its push service says 413' }])
})
