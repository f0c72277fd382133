import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { describe, expect, test } from 'vitest'
import { BareJid } from '@tercet/jid'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../fixture.ts'
import { removeAccount } from '../index.ts'
import { pushes } from './push.ts'

const NS = "xmlns='urn:xmpp:push:0'"
const OPTIONS =
  "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>s3cret</value></field></x>"
const PUSH = 'push.b.test'

let count = 0
async function enable(client: Client, node = 'n1', options = ''): Promise<void> {
  const id = `en-${++count}`
  await client.asks(
    `<iq type='set' id='${id}'><enable ${NS} jid='${PUSH}' node='${node}'>${options}</enable></iq>`,
    `<iq type='result' id='${id}'>{no child}</iq>`,
  )
}

/** Stanzas that phones got under stream management. */
const seen = new WeakMap<Client, number>()

/** A phone that has enabled its node and is asleep; or has left, without stream management. */
async function phone(fixture: Fixture, how: 'asleep' | 'gone' | 'awake', options = ''): Promise<Client> {
  const client = await fixture.available('romeo@a.test/phone')
  if (how !== 'gone') {
    await client.manage()
    client.filter = ({ name }) => {
      if (['message', 'presence', 'iq'].includes(name)) seen.set(client, (seen.get(client) ?? 0) + 1)
      return name === 'r'
    }
  }
  await enable(client, 'n1', options)
  if (how === 'asleep') client.cut()
  if (how === 'gone') {
    client.send('</stream:stream>')
    await client.receivesClose()
  }
  return client
}

const chat = (id: string, inner = '<body>Hist!</body>', to = 'romeo@a.test'): string =>
  `<message type='chat' to='${to}' id='${id}'>${inner}</message>`

/** What was sent has had its effect, on disk too, and so has what that led to. */
async function settled(fixture: Fixture): Promise<void> {
  const { storage } = fixture.server
  await fixture.quiet()
  const unit = storage.unit()
  storage.table('test').put(unit, 'a.test', '', 'settled', ++count)
  await unit.commit().catch(() => {})
  await fixture.quiet()
}

const ids: string[] = []
/** The push service gets exactly this many notifications. */
async function notified(fixture: Fixture, number: number): Promise<string[]> {
  await settled(fixture)
  const found = [...fixture.afar.unread]
  ;(fixture.afar.unread as string[]).length = 0
  expect(found, found.join('\n')).toHaveLength(number)
  ids.length = 0
  for (const text of found) {
    expect(text).toContain(`to='${PUSH}'`)
    ids.push(/ id='([^']*)'/.exec(text)![1]!)
  }
  return found
}
async function answered(fixture: Fixture, inner = '', from = PUSH): Promise<void> {
  const type = inner === '' ? 'result' : 'error'
  for (const id of [...ids])
    fixture.afar.sends(`<iq type='${type}' id='${id}' from='${from}' to='romeo@a.test'>${inner}</iq>`)
  await settled(fixture)
}
const error = (condition: string, type: string): string =>
  `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
const start = (options: FixtureOptions = {}): Promise<Fixture> => startFixture(options)

describe('a notification is published (XEP-0357 §7)', () => {
  test.each(['asleep', 'gone'] as const)('for a phone that is %s, with its options and without words', async how => {
    await using fixture = await start()
    await phone(fixture, how, OPTIONS)
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    const [text = ''] = await notified(fixture, 1)
    expect(text).toMatch(/^<iq to='push\.b\.test' from='romeo@a\.test' id='[^']*' type='set'>/)
    expect(text).toContain(
      "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n1'><item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field><field var='message-count'><value>1</value></field></x></notification></item></publish>",
    )
    expect(text).toContain(`<publish-options>${OPTIONS}</publish-options>`)
    expect(text).not.toContain('Hist')
    expect(text).not.toContain('juliet')
  })

  test('while another device takes the messages, and not while the phone does itself', async () => {
    await using fixture = await start()
    await phone(fixture, 'gone')
    const desktop = await fixture.available('romeo@a.test/desktop')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await desktop.receives("<message id='m1'/>")
    await notified(fixture, 1)
    await answered(fixture)
    const again = await fixture.available('romeo@a.test/phone')
    await enable(again)
    juliet.send(chat('m2'))
    await again.find(({ attributes }) => attributes['id'] === 'm2', 'the message')
    await notified(fixture, 0)
  })

  test('for a phone that nobody looks at, and not a second time when its link drops (XEP-0352)', async () => {
    await using fixture = await start()
    const client = await phone(fixture, 'awake')
    client.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await client.receives("<message id='m1'/>")
    await notified(fixture, 1)
    await answered(fixture)
    client.cut()
    await notified(fixture, 0)
  })

  test.each([
    ['a chat state', "<composing xmlns='http://jabber.org/protocol/chatstates'/>", 0],
    ['a receipt', "<received xmlns='urn:xmpp:receipts' id='x'/>", 0],
    ['a marker', "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>", 0],
    ['nothing to be kept', "<body>x</body><no-store xmlns='urn:xmpp:hints'/>", 0],
    ['something encrypted', "<encrypted xmlns='urn:xmpp:omemo:2'/><store xmlns='urn:xmpp:hints'/>", 1],
    ['a call', "<propose xmlns='urn:xmpp:jingle-message:0' id='c1'/>", 1],
  ])('for what is worth it: %s', async (_, inner, number) => {
    await using fixture = await start()
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1', inner))
    await notified(fixture, number)
  })

  test('with sender and words where the operator wants it', async () => {
    await using fixture = await start({ moduleOptions: { push: { with_sender: true, with_body: true } } })
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    const [text = ''] = await notified(fixture, 1)
    expect(text).toContain("<field var='last-message-sender'><value>juliet@a.test/balcony</value></field>")
    expect(text).toContain("<field var='last-message-body'><value>Hist!</value></field>")
  })

  test('one at a time: what comes meanwhile is one more', async () => {
    await using fixture = await start()
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    for (const id of ['m1', 'm2', 'm3']) juliet.send(chat(id))
    await notified(fixture, 1)
    await answered(fixture)
    await notified(fixture, 1)
    await answered(fixture)
    await notified(fixture, 0)
  })

  test('after a restart, to nodes that were enabled before', async () => {
    const disk = new MemoryDisk()
    {
      const storage = memoryStorage({ disk })
      const fixture = await start({ storage })
      await phone(fixture, 'gone', OPTIONS)
      await fixture.server.stop()
      await storage.close()
    }
    await using fixture = await start({ storage: memoryStorage({ disk }) })
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    expect((await notified(fixture, 1))[0]).toContain('s3cret')
  })

  test('not for what could not be stored', async () => {
    const storage = memoryStorage()
    await using fixture = await start({ storage })
    await phone(fixture, 'gone')
    const juliet = await fixture.login('juliet@a.test/balcony')
    storage.failCommits('full')
    juliet.send(chat('m1'))
    await juliet.receives("<message type='error' id='m1'/>")
    await notified(fixture, 0)
  })
})

describe('a link that drops', () => {
  test('what the phone had not confirmed is told of once, whatever it is resent (SEC-07)', async () => {
    await using fixture = await start()
    const client = await phone(fixture, 'awake')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await client.receives("<message id='m1'/>")
    await notified(fixture, 0)
    client.cut()
    await notified(fixture, 1)
    await answered(fixture)
    let old = client
    for (let round = 0; round < 2; round++) {
      const again = fixture.connect()
      await again.open('romeo@a.test')
      await again.authenticate('romeo@a.test')
      again.filter = element => element.name === 'r'
      again.send(`<resume xmlns='urn:xmpp:sm:3' previd='${old.captures.get('sm')!}' h='1'/>`)
      await again.receives("<resumed xmlns='urn:xmpp:sm:3'/>")
      await again.find(({ attributes }) => attributes['id'] === 'm1', 'the message')
      again.captures.set('sm', old.captures.get('sm')!)
      old = again
      again.cut()
      await notified(fixture, 0)
    }
    juliet.send(chat('m2'))
    await notified(fixture, 1)
  })

  test('what the phone had confirmed is not told of', async () => {
    await using fixture = await start()
    const client = await phone(fixture, 'awake')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await client.receives("<message id='m1'/>")
    client.send(`<a xmlns='urn:xmpp:sm:3' h='${seen.get(client)!}'/>`)
    await client.barrier()
    client.cut()
    await notified(fixture, 0)
  })
})

describe('a node is disabled (§6, §7.1)', () => {
  test.each([
    ['by its name', " node='n1'", 0],
    ['with all of its service', '', 0],
    ['but not with another one', " node='n2'", 1],
  ])('%s', async (_, attribute, number) => {
    await using fixture = await start()
    const client = await fixture.available('romeo@a.test/phone')
    await enable(client)
    await client.asks(
      `<iq type='set' id='d1'><disable ${NS} jid='${PUSH}'${attribute}/></iq>`,
      "<iq type='result' id='d1'/>",
    )
    client.send('</stream:stream>')
    await client.receivesClose()
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await notified(fixture, number)
  })

  test('by an error of its service, which is remembered until it is enabled again', async () => {
    await using fixture = await start()
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await notified(fixture, 1)
    await answered(fixture, error('item-not-found', 'cancel'))
    juliet.send(chat('m2'))
    await notified(fixture, 0)
    const push = fixture.server.hosts.get('a.test')!.services.get(pushes)
    expect(await push.show('romeo')).toMatchObject({
      nodes: [],
      failures: [{ jid: PUSH, node: 'n1', reason: 'item-not-found' }],
    })
    await enable(await fixture.login('romeo@a.test/x'))
    expect(await push.show('romeo')).toMatchObject({ nodes: [{ jid: PUSH, node: 'n1' }], failures: [] })
  })

  test('not by an error that passes, unless there is no end of it', async () => {
    await using fixture = await start()
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    for (let round = 0; round < 10; round++) {
      juliet.send(chat(`m${round}`))
      await notified(fixture, 1)
      await answered(
        fixture,
        round % 2 ? error('resource-constraint', 'wait') : error('remote-server-not-found', 'cancel'),
      )
    }
    juliet.send(chat('last'))
    await notified(fixture, 0)
  })

  test('not by what somebody else says', async () => {
    await using fixture = await start()
    await phone(fixture, 'asleep')
    const juliet = await fixture.login('juliet@a.test/balcony')
    juliet.send(chat('m1'))
    await notified(fixture, 1)
    await answered(fixture, error('item-not-found', 'cancel'), 'evil.b.test')
    const push = fixture.server.hosts.get('a.test')!.services.get(pushes)
    expect((await push.show('romeo')).nodes).toHaveLength(1)
  })

  test('with the account', async () => {
    await using fixture = await start()
    await phone(fixture, 'gone')
    await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
    expect(await fixture.server.storage.table('push').list('a.test', 'romeo')).toEqual([])
  })
})

test('a silent service is not told more before it has had its time', async () => {
  await using fixture = await start()
  await phone(fixture, 'asleep')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('m1'))
  await notified(fixture, 1)
  juliet.send(chat('m2'))
  await notified(fixture, 0)
  const { wheel } = fixture.server
  wheel.tick(wheel.now + 61_000)
  juliet.send(chat('m3'))
  await notified(fixture, 1)
})

test('an account has as many nodes as it may, the newest', async () => {
  await using fixture = await start({ moduleOptions: { push: { max_nodes: 2 } } })
  const romeo = await fixture.login('romeo@a.test/phone')
  const before = Date.now
  let now = before()
  try {
    Date.now = () => ++now
    for (const node of ['n1', 'n2', 'n1', 'n3']) await enable(romeo, node)
  } finally {
    Date.now = before
  }
  const { nodes } = await fixture.server.hosts.get('a.test')!.services.get(pushes).show('romeo')
  expect(nodes.map(({ node }) => node)).toEqual(['n1', 'n3'])
})

test.each([
  ['no service', `<enable ${NS} node='n1'/>`, 'bad-request'],
  ['no address', `<enable ${NS} jid='@' node='n1'/>`, 'bad-request'],
  ['the own account', `<enable ${NS} jid='romeo@a.test' node='n1'/>`, 'bad-request'],
  ['a node without end', `<enable ${NS} jid='${PUSH}' node='${'x'.repeat(2000)}'/>`, 'not-acceptable'],
])('refused: %s', async (_, payload, condition) => {
  await using fixture = await start()
  const romeo = await fixture.login('romeo@a.test/phone')
  await romeo.asks(
    `<iq type='set' id='e1'>${payload}</iq>`,
    `<iq type='error' id='e1'><error><${condition}/></error></iq>`,
  )
})

test('nobody enables for somebody else', async () => {
  await using fixture = await start()
  const romeo = await fixture.login('romeo@a.test/phone')
  await romeo.asks(
    `<iq type='set' id='e1' to='juliet@a.test'><enable ${NS} jid='${PUSH}' node='n1'/></iq>`,
    "<iq type='error' id='e1'><error><service-unavailable/></error></iq>",
  )
})

test('an operator may ask the services of an account', async () => {
  await using fixture = await start()
  await phone(fixture, 'awake')
  const host = fixture.server.hosts.get('a.test')!
  const asked = host.services.get(pushes).test(host.account(BareJid.parse('romeo@a.test')))
  await notified(fixture, 1)
  await answered(fixture)
  expect(await asked).toEqual([{ jid: PUSH, node: 'n1', answer: 'ok' }])
  expect((await host.services.get(pushes).show('romeo')).nodes[0]).toMatchObject({ answer: 'ok' })
})
