import { service } from '@tercet/plugin'
import { caps as capsPayload, verificationText } from '@tercet/stanza/caps'
import { infoResult } from '@tercet/stanza/disco'
import { ping as pingQuery } from '@tercet/stanza/ping'
import { Jid } from '@tercet/jid'
import { Element, type Fragment } from '@tercet/xml'
import { fromFragment } from '@tercet/stanza'
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import { Peer, type PeerOptions } from './peer.fixture.ts'
import { definePlugin } from './plugin.ts'
import {
  blockedChanged,
  blocking,
  caps,
  disco,
  discoAs,
  ping,
  presence,
  presenceChanged,
  privateData,
  roster,
  rosterChanged,
  subscriptionChanged,
  time,
  vcard,
  version,
  versionOf,
} from './plugins/index.ts'
import { stateChanged } from './points.ts'

let peer: Peer
const start = async (options: PeerOptions = {}): Promise<Peer> => (peer = await Peer.start(options))
afterEach(async () => {
  expect(peer.bugs).toEqual([])
  await peer[Symbol.asyncDispose]()
})

/** Answers every request whose payload matches, with `payload` as it is for the id. */
const answering = (name: string, payload: (element: Fragment) => string): void => {
  peer.session.answers = element => {
    if (element.name !== 'iq' || element.content.size === 0 || element.content.nameAt(0) !== name) return false
    const to = element.attr('to')
    const from = to === undefined ? '' : ` from='${to}'`
    peer.session.send(`<iq type='result' id='${element.attr('id')!}'${from}>${payload(element)}</iq>`)
    return true
  }
}
/** Answers requests with nothing, and notes their payloads. */
const answeringWith = (name: string, sent: string[]): void =>
  answering(name, element => {
    sent.push(element.content.text)
    return ''
  })
/** Sends a request and gives the answer. */
const asks = async (xml: string): Promise<Fragment> => {
  const before = peer.handled.length
  peer.session.send(xml)
  await peer.until(() => peer.handled.length > before)
  return peer.handled.at(-1)!
}
const presences = () => peer.handled.filter(({ name }) => name === 'presence')

describe('plugins', () => {
  test('are properties of the client, with their types', async () => {
    await start()
    const counter = definePlugin({ name: 'counter', setup: client => ({ account: () => client.account.text }) })
    const client = await peer.client({ plugins: { counter, ping } })
    expect(client.counter.account()).toBe('juliet@a.test')
    expectTypeOf(client.counter.account).returns.toBeString()
    // @ts-expect-error -- not loaded, not in the type
    expect(client.roster).toBeUndefined()
    // @ts-expect-error -- ping asks an address
    const wrong = () => client.ping.send(1)
    // @ts-expect-error -- there is no such phase
    expect(() => client.on(stateChanged, 'walk', () => undefined)).toThrow(TypeError)
    // @ts-expect-error -- a ping carries nothing
    const more = () => client.request(pingQuery, { text: 'hello' })
    expect([wrong, more]).toHaveLength(2)
  })

  test('cannot take the names of the client', async () => {
    await start()
    const plugin = definePlugin({ name: 'x', setup: () => ({}) })
    // @ts-expect-error -- send is the client's own
    await expect(peer.client({ plugins: { send: plugin } })).rejects.toThrow(TypeError)
  })

  test('get what they need, whatever the order; what is missing is named', async () => {
    await start()
    const token = service<{ readonly value: number }>('numbers')
    const numbers = definePlugin({ name: 'numbers', provides: token, setup: () => ({ value: 42 }) })
    const reader = definePlugin({ name: 'reader', needs: [token], setup: (_, { value }) => ({ read: () => value }) })
    const client = await peer.client({ plugins: { reader, numbers } })
    expect(client.reader.read()).toBe(42)
    await expect(peer.client({ plugins: { reader } })).rejects.toThrow('reader needs numbers')
    // @ts-expect-error -- it provides what the token promises
    definePlugin({ name: 'wrong', provides: token, setup: () => ({ value: 'text' }) })
  })

  test('a request is handled once', async () => {
    await start()
    const client = await peer.client()
    const first = client.handle(pingQuery, () => undefined)
    expect(() => client.handle(pingQuery, () => undefined)).toThrow(TypeError)
    first[Symbol.dispose]()
    expect(client.features).toEqual([])
    client.handle(pingQuery, () => undefined, { feature: false })
    expect(client.features).toEqual([])
  })
})

describe('blocking (XEP-0191)', () => {
  test('keeps the list, tells of changes, and believes nobody else', async () => {
    await start()
    const client = await peer.client({ plugins: { blocking } })
    const changes: string[] = []
    client.on(blockedChanged, 'run', ({ type, jids }) => void changes.push(`${type} ${jids.join(' ')}`))
    answering('blocklist', () => "<blocklist xmlns='urn:xmpp:blocking'><item jid='paris@b.test'/></blocklist>")
    expect([...(await client.blocking.load())]).toEqual(['paris@b.test'])
    const push = (inner: string, from = ''): string => `<iq type='set' id='p'${from}>${inner}</iq>`
    await asks(push("<block xmlns='urn:xmpp:blocking'><item jid='tybalt@b.test'/></block>"))
    expect([...client.blocking.jids]).toEqual(['paris@b.test', 'tybalt@b.test'])
    peer.session.send(push("<unblock xmlns='urn:xmpp:blocking'/>", " from='tybalt@b.test'"))
    await asks(push("<unblock xmlns='urn:xmpp:blocking'><item jid='paris@b.test'/></unblock>"))
    expect([...client.blocking.jids]).toEqual(['tybalt@b.test'])
    await asks(push("<unblock xmlns='urn:xmpp:blocking'/>"))
    expect([...client.blocking.jids]).toEqual([])
    expect(changes).toEqual(['block tybalt@b.test', 'unblock paris@b.test', 'unblock '])
  })

  test('blocks with a report, and unblocks', async () => {
    await start()
    const client = await peer.client({ plugins: { blocking } })
    const sent: string[] = []
    answeringWith('block', sent)
    await client.blocking.block('paris@b.test', { report: { text: 'Trouble' } })
    answeringWith('unblock', sent)
    await client.blocking.unblock('paris@b.test')
    await client.blocking.unblockAll()
    expect(sent).toEqual([
      "<block xmlns='urn:xmpp:blocking'><item jid='paris@b.test'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text>Trouble</text></report></item></block>",
      "<unblock xmlns='urn:xmpp:blocking'><item jid='paris@b.test'/></unblock>",
      "<unblock xmlns='urn:xmpp:blocking'/>",
    ])
  })
})

describe('what the server keeps', () => {
  test('for our clients alone (XEP-0049)', async () => {
    await start()
    const client = await peer.client({ plugins: { privateData } })
    const prefs = new Element('prefs', 'x:a', ['v', '1'])
    answering('query', () => "<query xmlns='jabber:iq:private'><prefs xmlns='x:a' v='1'/></query>")
    expect(await client.privateData.get('prefs', 'x:a')).toEqual([prefs])
    answering('query', () => "<query xmlns='jabber:iq:private'><prefs xmlns='x:a'/></query>")
    expect(await client.privateData.get('prefs', 'x:a')).toEqual([])
    const sent: string[] = []
    answeringWith('query', sent)
    await client.privateData.set(prefs)
    expect(sent).toEqual(["<query xmlns='jabber:iq:private'><prefs xmlns='x:a' v='1'/></query>"])
  })

  test('for everybody to see (XEP-0054)', async () => {
    await start()
    const client = await peer.client({ plugins: { vcard } })
    answering('vCard', () => "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>")
    expect((await client.vcard.get('romeo@b.test')).child('FN')?.text()).toBe('Romeo')
    const sent: string[] = []
    answeringWith('vCard', sent)
    await client.vcard.set(new Element('vCard', 'vcard-temp', [], [new Element('FN', 'vcard-temp', [], ['Juliet'])]))
    expect(sent).toEqual(["<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>"])
  })
})

describe('roster (RFC 6121 §2)', () => {
  const push = (item: string, ver = '') =>
    `<iq type='set' id='p'><query xmlns='jabber:iq:roster'${ver}>${item}</query></iq>`

  test('is loaded, and follows pushes (§2.1.6)', async () => {
    await start()
    const client = await peer.client({ plugins: { roster } })
    const changes: string[] = []
    client.on(rosterChanged, 'run', ({ item }) => void changes.push(`${item.jid.text} ${item.subscription ?? ''}`))
    answering('query', () => "<query xmlns='jabber:iq:roster'><item jid='romeo@b.test' subscription='both'/></query>")
    const items = await client.roster.load()
    expect([...items.keys()]).toEqual(['romeo@b.test'])
    const answer = await asks(push("<item jid='nurse@a.test' name='Nurse'/>"))
    expect(answer.attr('type')).toBe('result')
    expect(items.get('nurse@a.test')?.name).toBe('Nurse')
    await asks(push("<item jid='romeo@b.test' subscription='remove'/>"))
    expect([...items.keys()]).toEqual(['nurse@a.test'])
    expect(changes).toEqual(['romeo@b.test both', 'nurse@a.test ', 'romeo@b.test remove'])
  })

  test.each([
    ['no item', ''],
    ['two items', "<item jid='a@b.test'/><item jid='c@b.test'/>"],
    ['an address that is none', "<item jid='@'/>"],
  ])('a push with %s is refused', async (_, items) => {
    await start()
    const client = await peer.client({ plugins: { roster } })
    const answer = await asks(push(items))
    expect(answer.attr('type')).toBe('error')
    expect(client.roster.items.size).toBe(0)
  })

  test('changes are requests (§2.3, §2.5)', async () => {
    await start()
    const client = await peer.client({ plugins: { roster } })
    answering('query', () => '')
    await client.roster.set('romeo@b.test', { name: 'Romeo', groups: ['Friends'] })
    expect(peer.handled.at(-1)!.content.text).toContain("name='Romeo'")
    await client.roster.remove('romeo@b.test')
    expect(peer.handled.at(-1)!.content.text).toContain("subscription='remove'")
  })

  test('a new session asks for what is new since its version, a resumed one does not ask (§2.6, SM-10)', async () => {
    const options: PeerOptions = { features: "<ver xmlns='urn:xmpp:features:rosterver'/>" }
    await start(options)
    const client = await peer.client({ plugins: { roster } })
    const online: (() => void)[] = []
    client.on(stateChanged, 'run', ({ state }) => {
      if (state.kind === 'online') online.splice(0).forEach(go => go())
    })
    const nextSession = () => new Promise<void>(resolve => online.push(resolve))
    const list = () => "<query xmlns='jabber:iq:roster' ver='v1'><item jid='romeo@b.test'/></query>"
    answering('query', list)
    await client.roster.load()
    expect(peer.handled.at(-1)!.content.text).toContain("ver=''")
    let next = nextSession()
    peer.cut()
    await next
    // What it would have asked has come before this.
    await client.request(pingQuery, {})
    const { length } = peer.handled
    expect(peer.handled.map(({ content }) => content.nameAt(0))).toEqual(['query', 'ping'])
    options.remembers = 'nothing'
    next = nextSession()
    peer.cut()
    await next
    await peer.until(() => peer.handled.length > length)
    expect(peer.handled.at(-1)!.content.text).toContain("ver='v1'")
    expect([...client.roster.items.keys()]).toEqual(['romeo@b.test'])
  })
})

describe('presence (RFC 6121 §§3, 4)', () => {
  test('is told, and told again to a new session only (SM-10)', async () => {
    const options: PeerOptions = {}
    await start(options)
    const client = await peer.client({ plugins: { presence } })
    await client.presence.set({ show: 'away', status: 'Out', priority: 5 })
    expect(presences()[0]!.content.text).toBe('<show>away</show><status>Out</status><priority>5</priority>')
    const online = () =>
      new Promise<void>(resolve =>
        client.on(stateChanged, 'run', ({ state }) => (state.kind === 'online' ? resolve() : undefined)),
      )
    let next = online()
    peer.cut()
    await next
    await client.request(pingQuery, {})
    expect(presences()).toHaveLength(1)
    options.remembers = 'nothing'
    next = online()
    peer.cut()
    await next
    await peer.until(() => presences().length === 2)
    await client.presence.leave()
    expect(presences().at(-1)!.attr('type')).toBe('unavailable')
  })

  test('of others is known while they are there (§4.5)', async () => {
    await start()
    const client = await peer.client({ plugins: { presence, ping } })
    const seen: string[] = []
    client.on(presenceChanged, 'run', ({ from, presence }) => void seen.push(`${from.text} ${presence.type ?? ''}`))
    peer.session.send("<presence from='romeo@b.test/x'/>")
    peer.session.send("<presence from='romeo@b.test/y'><show>nonsense</show></presence>")
    peer.session.send("<presence from='nurse@a.test/z'/>")
    peer.session.send("<presence type='unavailable' from='romeo@b.test/x'/>")
    peer.session.send("<presence type='unavailable' from='nurse@a.test'/>")
    peer.session.send("<presence type='unavailable' from='nobody@a.test/x'/>")
    await client.ping.send()
    expect([...client.presence.of('romeo@b.test').keys()]).toEqual(['y'])
    expect(client.presence.of('nurse@a.test').size).toBe(0)
    expect(seen).toHaveLength(6)
  })

  test('subscriptions are asked for, answered, and heard of (§3)', async () => {
    await start()
    const client = await peer.client({ plugins: { presence, ping } })
    const heard: unknown[] = []
    client.on(subscriptionChanged, 'run', event => void heard.push(event))
    peer.session.send("<presence type='subscribe' from='romeo@b.test/x'><status>Me</status></presence>")
    await client.ping.send()
    expect(heard).toMatchObject([{ type: 'subscribe', from: { text: 'romeo@b.test' }, status: 'Me' }])
    await client.presence.approve('romeo@b.test')
    await client.presence.subscribe(Jid.parse('romeo@b.test/x'), { status: 'Please' })
    await client.presence.unsubscribe('romeo@b.test')
    await client.presence.refuse('romeo@b.test')
    expect(presences().map(({ attrs }) => attrs.join(' '))).toEqual([
      'to romeo@b.test type subscribed',
      'to romeo@b.test type subscribe',
      'to romeo@b.test type unsubscribe',
      'to romeo@b.test type unsubscribed',
    ])
  })
})

describe('discovery (XEP-0030, XEP-0115)', () => {
  test('tells what we are, and refuses nodes that we have not', async () => {
    await start()
    await peer.client({ plugins: { disco: discoAs({ category: 'client', type: 'bot', name: 'Bot' }), ping } })
    const info = (node = '') =>
      `<iq type='get' id='1' from='romeo@b.test/x'><query xmlns='http://jabber.org/protocol/disco#info'${node}/></iq>`
    const answer = await asks(info())
    const found = infoResult.read(answer.content.elementAt(0))
    expect(found.identities).toMatchObject([{ category: 'client', type: 'bot', name: 'Bot' }])
    expect(found.features).toContain('urn:xmpp:ping')
    expect((await asks(info(" node='x'"))).content.text).toContain('item-not-found')
  })

  test('our presence tells it by a hash, which our answer proves (XEP-0115 §5)', async () => {
    await start()
    const client = await peer.client({ plugins: { caps, presence, ping, disco } })
    await client.presence.set()
    await client.presence.set({ show: 'dnd' })
    expect(presences()).toHaveLength(2)
    const told = fromFragment(presences()[1]!).get(capsPayload)!
    const query = `<query xmlns='http://jabber.org/protocol/disco#info' node='${told.node}#${told.ver}'/>`
    const answer = await asks(`<iq type='get' id='1' from='romeo@b.test/x'>${query}</iq>`)
    const text = verificationText(infoResult.read(answer.content.elementAt(0)))!
    expect(createHash('sha1').update(text).digest('base64')).toBe(told.ver)
    await client.presence.leave()
    expect(presences()[2]!.content.size).toBe(0)
  })

  test('asks others', async () => {
    await start()
    const client = await peer.client({ plugins: { disco } })
    answering('query', () => "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='x'/></query>")
    expect((await client.disco.info()).features).toEqual(['x'])
    expect(peer.handled.at(-1)!.attr('to')).toBe('a.test')
    answering('query', () => "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='b.test'/></query>")
    expect((await client.disco.items('b.test')).items.map(({ jid }) => jid.text)).toEqual(['b.test'])
  })
})

describe('small ones', () => {
  test('pings are sent and answered (XEP-0199)', async () => {
    await start()
    const client = await peer.client({ plugins: { ping } })
    await client.ping.send('romeo@b.test/x')
    const answer = await asks("<iq type='get' id='1' from='romeo@b.test/x'><ping xmlns='urn:xmpp:ping'/></iq>")
    expect(answer.attr('type')).toBe('result')
  })

  test('the time is asked and told (XEP-0202)', async () => {
    await start()
    const client = await peer.client({ plugins: { time } })
    answering('time', () => "<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>")
    expect(await client.time.ask('romeo@b.test/x')).toEqual({
      offsetMinutes: -360,
      utc: new Date('2006-12-19T17:58:35Z'),
    })
    const answer = await asks("<iq type='get' id='1' from='romeo@b.test/x'><time xmlns='urn:xmpp:time'/></iq>")
    expect(answer.content.text).toMatch(/<tzo>[+-]\d\d:\d\d<\/tzo><utc>/)
  })

  test('the version is told only if there is one to tell (XEP-0092)', async () => {
    await start()
    const query = "<iq type='get' id='1' from='romeo@b.test/x'><query xmlns='jabber:iq:version'/></iq>"
    const silent = await peer.client({ plugins: { version } })
    expect((await asks(query)).content.text).toContain('service-unavailable')
    answering('query', () => "<query xmlns='jabber:iq:version'><name>Psi</name><version>1</version></query>")
    expect(await silent.version.ask('romeo@b.test/x')).toMatchObject({ name: 'Psi', version: '1' })
    await peer.client({ plugins: { version: versionOf({ name: 'Bot', version: '1.0' }) } })
    expect((await asks(query)).content.text).toContain('<name>Bot</name>')
  })
})
