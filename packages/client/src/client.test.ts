import { Jid } from '@tercet/jid'
import { message, presence, StanzaError } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import { delay } from '@tercet/stanza/delay'
import { ping } from '@tercet/stanza/ping'
import * as roster from '@tercet/stanza/roster'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from './client.ts'
import type { PeerOptions } from './peer.fixture.ts'
import { Peer } from './peer.fixture.ts'
import { incoming, outgoing, stateChanged } from './points.ts'
import { roster as rosterPlugin } from './plugins/index.ts'
import type { State } from './state.ts'

let peer: Peer
const start = async (options: PeerOptions = {}): Promise<Peer> => (peer = await Peer.start(options))
afterEach(async () => {
  expect(peer.bugs).toEqual([])
  await peer[Symbol.asyncDispose]()
})

const text = (id: string) =>
  message({ id, to: Jid.parse('romeo@b.test'), type: 'chat', payloads: [body.write(`Hello ${id}`)] })
const ids = () => peer.handled.filter(({ name }) => name === 'message').map(element => element.attr('id'))

/** The states that a client goes through, from now on. */
function states(client: Client): State[] {
  const seen: State[] = []
  client.on(stateChanged, 'run', ({ state }) => {
    seen.push(state)
    peer.wake()
  })
  return seen
}

const online = (seen: readonly State[]) => () => seen.at(-1)?.kind === 'online'

describe.each(['tcp', 'websocket'] as const)('a client over %s', framing => {
  test('logs in, sends, asks, and ends in order', async () => {
    await start({ framing })
    const client = await peer.client()
    expect(client.state).toMatchObject({ kind: 'online', resumed: false })
    expect(client.state.kind === 'online' && client.state.jid.text).toBe('juliet@a.test/balcony')
    expect(client.pin).toBe('SCRAM-SHA-256')
    await client.send(text('m1'))
    expect(ids()).toEqual(['m1'])
    await client.request(ping, {}, { to: 'b.test' })
    await client.close()
    expect(client.state).toEqual({ kind: 'offline', reason: undefined })
    await expect(client.send(text('m2'))).rejects.toMatchObject({ name: 'ClientError', code: 'closed' })
  })

  test('resumes a lost link without a word to the application (XEP-0198 §5)', async () => {
    await start({ framing })
    const client = await peer.client()
    const seen = states(client)
    await client.send(text('m1'))
    peer.cut()
    await peer.until(online(seen))
    expect(seen.map(({ kind }) => kind)).toEqual(['resuming', 'online'])
    expect(seen[1]).toMatchObject({ resumed: true })
    await client.send(text('m2'))
    expect(peer.sessions).toHaveLength(1)
    expect(ids()).toEqual(['m1', 'm2'])
  })
})

test('our account is the one that the server has bound (RFC 6120 §7.6)', async () => {
  await start({ local: 'anon-1' })
  const client = await peer.client({ plugins: { roster: rosterPlugin } })
  expect(client.account.text).toBe('anon-1@a.test')
  const push = (from: string) =>
    `<iq type='set' id='p' from='${from}'><query xmlns='jabber:iq:roster'><item jid='${from}'/></query></iq>`
  peer.session.send(push('juliet@a.test') + push('anon-1@a.test'))
  await client.request(ping, {})
  expect([...client.roster.items.keys()]).toEqual(['anon-1@a.test'])
})

describe('sending (SM-10)', () => {
  test('resolves when the server has acknowledged, not before', async () => {
    await start()
    const client = await peer.client()
    peer.session.acknowledges = false
    let done = false
    const sent = client.send(text('m1')).then(() => (done = true))
    await peer.until(() => peer.handled.length === 1)
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(done).toBe(false)
    peer.session.sendRaw("<a xmlns='urn:xmpp:sm:3' h='1'/>")
    await sent
  })

  test('a server that is still busy with a stanza is not asked again and again (XEP-0198 §4)', async () => {
    await start()
    const client = await peer.client()
    peer.session.acknowledges = false
    const sent = client.send(text('m1'))
    await peer.until(() => peer.session.asked === 1)
    for (let time = 0; time < 3; time++) peer.session.sendRaw("<a xmlns='urn:xmpp:sm:3' h='0'/>")
    await later()
    expect(peer.session.asked).toBe(1)
    // Nor is it asked about what was sent since before it has answered, and then once.
    const more = [client.send(text('m2')), client.send(text('m3'))]
    await peer.until(() => peer.session.asked === 2)
    peer.session.sendRaw("<a xmlns='urn:xmpp:sm:3' h='3'/>")
    await Promise.all([sent, ...more])
  })

  test('what is sent while the link is lost waits for the next', async () => {
    await start()
    const client = await peer.client()
    const seen = states(client)
    peer.cut()
    await peer.until(() => seen.at(-1)?.kind === 'resuming')
    await client.send(text('m1'))
    expect(ids()).toEqual(['m1'])
  })

  test('a session that cannot be resumed: messages are sent again with their time, others are reported', async () => {
    await start({ remembers: 'nothing' })
    const client = await peer.client()
    const seen = states(client)
    peer.session.acknowledges = false
    const sent = client.send(text('m1'))
    const available = client.send(presence())
    const asked = client.request(ping, {}, { to: 'nobody@b.test' })
    peer.session.answers = () => true
    await peer.until(() => peer.handled.length === 3)
    peer.cut()
    await peer.until(online(seen))
    await expect(available).rejects.toMatchObject({ code: 'not-acknowledged' })
    await expect(asked).rejects.toMatchObject({ name: 'ClientError' })
    await sent
    expect(seen.at(-1)).toMatchObject({ resumed: false })
    expect(ids()).toEqual(['m1', 'm1'])
    const again = peer.handled.at(-1)!
    expect(again.content.find(delay.name, delay.ns)).toBeGreaterThanOrEqual(0)
  })

  test('what the server counted of the lost session is not sent again (XEP-0198 §5)', async () => {
    await start({ remembers: 'count' })
    const client = await peer.client()
    peer.session.acknowledges = false
    const sent = client.send(text('m1'))
    await peer.until(() => peer.handled.length === 1)
    peer.cut()
    await sent
    expect(ids()).toEqual(['m1'])
  })

  test("`unacknowledged: 'reject'` reports messages instead", async () => {
    await start({ remembers: 'nothing' })
    const client = await peer.client({ unacknowledged: 'reject' })
    peer.session.acknowledges = false
    const sent = client.send(text('m1'))
    await peer.until(() => peer.handled.length === 1)
    peer.cut()
    await expect(sent).rejects.toMatchObject({ code: 'not-acknowledged' })
  })

  test('without stream management it resolves when written, and rejects without a session', async () => {
    await start({ manages: false })
    const client = await peer.client()
    const seen = states(client)
    await client.send(text('m1'))
    await peer.until(() => ids().length === 1)
    peer.down = new Error('refused')
    peer.cut()
    await peer.until(() => seen.at(-1)?.kind === 'connecting')
    await expect(client.send(text('m2'))).rejects.toMatchObject({ code: 'disconnected' })
  })

  test('a count that is too high ends the stream, and the session (XEP-0198 §6)', async () => {
    await start()
    const client = await peer.client()
    const seen = states(client)
    peer.session.sendRaw("<a xmlns='urn:xmpp:sm:3' h='7'/>")
    await peer.until(online(seen))
    expect(seen.map(({ kind }) => kind)).toEqual(['connecting', 'online'])
    expect(seen[0]).toMatchObject({ reason: { condition: 'undefined-condition' } })
  })

  test('messages keep their order though a handler is slow with one of them', async () => {
    await start()
    const client = await peer.client()
    client.on(outgoing, 'encrypt', ({ stanza }) => (stanza.id === 'm1' ? later() : undefined))
    await Promise.all([client.send(text('m1')), client.send(text('m2'))])
    expect(ids()).toEqual(['m1', 'm2'])
  })

  test('aborting ends the wait', async () => {
    await start()
    const client = await peer.client()
    peer.session.acknowledges = false
    const reason = new Error('enough')
    const sent = client.send(text('m1'), { signal: AbortSignal.abort(reason) })
    await expect(sent).rejects.toBe(reason)
    peer.session.sendRaw("<a xmlns='urn:xmpp:sm:3' h='1'/>")
  })

  test('closing waits until the server has what was sent', async () => {
    await start()
    const client = await peer.client()
    void client.send(text('m1'))
    await client.close()
    expect(ids()).toEqual(['m1'])
  })
})

describe('requests', () => {
  /** Answers the next request as the test says; `id` is put in. */
  const answering = (answer: (id: string) => string[]) => {
    peer.session.answers = element => {
      if (element.name !== 'iq') return false
      for (const reply of answer(element.attr('id')!)) peer.session.send(reply)
      return true
    }
  }

  test.each([
    ['juliet@a.test', 'of our account by its address', undefined],
    ['a.test', 'of our account by the domain', undefined],
    ['', 'of our account without a sender', undefined],
    ['', 'of the domain without a sender', 'a.test'],
    ['romeo@b.test/x', 'of whom was asked', 'romeo@b.test/x'],
  ])('the answer from %j is taken as that %s', async (from, _, to) => {
    await start()
    const client = await peer.client()
    answering(id => [`<iq type='result' id='${id}'${from === '' ? '' : ` from='${from}'`}/>`])
    await client.request(ping, {}, { to })
  })

  test.each([
    ['mallory@b.test', undefined],
    ['mallory@b.test', 'a.test'],
    ['mallory@b.test', 'romeo@b.test'],
    ['romeo@b.test/y', 'romeo@b.test/x'],
    ['romeo@b.test', 'romeo@b.test/x'],
    ['b.test', undefined],
    ['juliet@a.test/other', undefined],
    ['', 'romeo@b.test'],
  ])(
    'the answer from %j to a request to %j is nobody’s answer (matching by id alone was a CVE elsewhere)',
    async (from, to) => {
      await start()
      const client = await peer.client()
      const sender = from === '' ? '' : ` from='${from}'`
      const honest = to === undefined ? '' : ` from='${to}'`
      answering(id => [
        `<iq type='result' id='${id}'${sender}><query xmlns='jabber:iq:roster'><item jid='evil@b.test'/></query></iq>`,
        `<iq type='result' id='${id}'${honest}><query xmlns='jabber:iq:roster'><item jid='good@b.test'/></query></iq>`,
      ])
      const result = await client.request(roster.get, { items: [] }, { to })
      expect(result?.items.map(({ jid }) => jid.text)).toEqual(['good@b.test'])
    },
  )

  test('rejects with the error of the peer (RFC 6120 §8.3)', async () => {
    await start()
    const client = await peer.client()
    answering(id => [
      `<iq type='error' id='${id}'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    ])
    await expect(client.request(ping, {})).rejects.toMatchObject({ name: 'StanzaError', condition: 'item-not-found' })
  })

  test('rejects a result that is malformed', async () => {
    await start()
    const client = await peer.client()
    answering(id => [`<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'><item/></query></iq>`])
    await expect(client.request(roster.get, { items: [] })).rejects.toMatchObject({ name: 'DecodeError' })
  })

  test('rejects when aborted, before and during', async () => {
    await start()
    const client = await peer.client()
    answering(() => [])
    const reason = new Error('enough')
    await expect(client.request(ping, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const asked = client.request(ping, {}, { signal: controller.signal })
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
  })

  test('outlive a lost link that is resumed', async () => {
    await start()
    const client = await peer.client()
    let id = ''
    peer.session.answers = element => {
      id = element.attr('id')!
      return true
    }
    const asked = client.request(ping, {})
    await peer.until(() => id !== '')
    peer.cut()
    peer.session.send(`<iq type='result' id='${id}'/>`)
    await asked
  })

  test('reject with the reason when the session is lost', async () => {
    await start({ manages: false })
    const client = await peer.client()
    peer.session.answers = () => true
    const asked = client.request(ping, {})
    await peer.until(() => peer.handled.length === 1)
    peer.session.stream!.fail(await import('@tercet/stanza').then(m => new m.StreamError('system-shutdown')))
    await expect(asked).rejects.toMatchObject({ code: 'disconnected', cause: { condition: 'system-shutdown' } })
  })

  test('reject when the client is closed', async () => {
    await start()
    const client = await peer.client()
    peer.session.answers = () => true
    const asked = client.request(ping, {})
    const refused = expect(asked).rejects.toMatchObject({ name: 'ClientError' })
    await client.close()
    await refused
  })
})

describe('what comes in', () => {
  /** Sends a request and gives the answer. */
  const asks = async (xml: string): Promise<string> => {
    const before = peer.handled.length
    peer.session.send(xml)
    await peer.until(() => peer.handled.length > before)
    const { attrs, content } = peer.handled.at(-1)!
    return attrs.join(' ') + content.text
  }
  const pinged = "<iq type='get' id='p1' from='romeo@b.test/x'><ping xmlns='urn:xmpp:ping'/></iq>"

  test('requests are answered by their handler, to their sender', async () => {
    await start()
    const client = await peer.client()
    client.handle(ping, (_, { from }) => expect(from.text).toBe('romeo@b.test/x'))
    expect(await asks(pinged)).toBe('to romeo@b.test/x id p1 type result')
    expect(client.features).toEqual(['urn:xmpp:ping'])
  })

  test.each([
    ['nobody handles it', undefined, /type error.*<service-unavailable/],
    ['the handler refuses', () => Promise.reject(new StanzaError('forbidden')), /type error.*<forbidden/],
    ['the handler has a bug', () => { throw new TypeError('oops') }, /type error.*<internal-server-error/], // prettier-ignore
  ])('a request gets an error: %s (RFC 6120 §8.3)', async (_, run, answer) => {
    await start()
    const client = await peer.client()
    if (run) client.handle(ping, run)
    expect(await asks(pinged)).toMatch(answer)
  })

  test.each([
    ['without an id', "<iq type='get' from='romeo@b.test'><ping xmlns='urn:xmpp:ping'/></iq>", /<bad-request/],
    ['of no known type', "<iq type='x' id='1' from='romeo@b.test'><ping xmlns='urn:xmpp:ping'/></iq>", /<bad-request/],
    ['with two payloads', "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/><a xmlns='b'/></iq>", /<bad-request/],
  ])('an iq %s is refused (RFC 6120 §8.2.3)', async (_, xml, answer) => {
    await start()
    await peer.client()
    expect(await asks(xml)).toMatch(answer)
  })

  test('a stanza without a sender is from our account (RFC 6120 §8.1.2.1)', async () => {
    await start()
    const client = await peer.client()
    const from = new Promise(resolve => client.on(incoming, 'show', ({ stanza }) => resolve(stanza.from?.text)))
    peer.session.send('<message><body>hi</body></message>')
    expect(await from).toBe('juliet@a.test')
  })

  test('stanzas are shown in order though a handler waits for an answer in between', async () => {
    await start()
    const client = await peer.client()
    const shown: (string | undefined)[] = []
    client.on(incoming, 'decrypt', async ({ stanza }) => {
      if (stanza.id === '1') await client.request(ping, {})
    })
    client.on(incoming, 'show', ({ stanza }) => {
      shown.push(stanza.id)
      peer.wake()
    })
    for (const id of ['1', '2', '3']) peer.session.send(`<message id='${id}'/>`)
    await peer.until(() => shown.length === 3)
    expect(shown).toEqual(['1', '2', '3'])
  })

  test('a handler that throws ends neither the stream nor the next stanza', async () => {
    await start()
    const client = await peer.client()
    const shown: (string | undefined)[] = []
    client.on(incoming, 'show', ({ stanza }) => {
      shown.push(stanza.id)
      peer.wake()
      if (stanza.id === '1') throw new Error('oops')
      if (stanza.id === '2') return Promise.reject(new Error('oops'))
    })
    for (const id of ['1', '2', '3']) peer.session.send(`<message id='${id}'/>`)
    await peer.until(() => shown.length === 3)
    expect(client.state.kind).toBe('online')
  })

  test('a stanza counts as handled when its handlers are done (XEP-0198 §4)', async () => {
    await start()
    const client = await peer.client()
    let go = (): void => {}
    client.on(incoming, 'show', () => new Promise<void>(resolve => (go = resolve)))
    peer.session.send("<message id='1'/>")
    peer.session.sendRaw("<r xmlns='urn:xmpp:sm:3'/>")
    await client.request(ping, {})
    expect(peer.session.sent!.size).toBeGreaterThan(0)
    go()
    peer.session.sendRaw("<r xmlns='urn:xmpp:sm:3'/>")
    await client.request(ping, {})
    await peer.until(() => peer.session.sent!.size <= 1)
  })

  test('errors and results that match nothing are not answered (RFC 6120 §8.3.1)', async () => {
    await start()
    const client = await peer.client()
    peer.session.send("<iq type='result' id='x' from='romeo@b.test'/>")
    peer.session.send("<iq type='error' id='y' from='romeo@b.test'/>")
    peer.session.send("<message type='error' id='z' from='romeo@b.test'/>")
    await client.request(ping, {})
    expect(peer.handled).toHaveLength(1)
  })
})

describe('only our own account may say (ROS-05, ATT-03, XEP-0280 §11)', () => {
  const push = (from: string) =>
    `<iq type='set' id='push'${from}><query xmlns='jabber:iq:roster'><item jid='x@b.test'/></query></iq>`
  const carbon = (from: string) =>
    `<message${from}><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@b.test'/></forwarded></received></message>`

  test.each([
    ['a push', push, 'mallory@b.test'],
    ['a push', push, 'a.test'],
    ['a push', push, 'juliet@a.test/other'],
    ['a push', push, 'juliet@b.test'],
    ['a carbon', carbon, 'mallory@b.test'],
    ['a carbon', carbon, 'juliet@a.test/other'],
  ])('%s from somebody else is neither shown nor answered: %3$s', async (_, make, from) => {
    await start()
    const client = await peer.client()
    let shown = 0
    client.handle(roster.set, () => {
      shown++
    })
    client.on(incoming, 'unwrap', () => {
      shown++
    })
    peer.session.send(make(` from='${from}'`))
    await client.request(ping, {})
    await client.request(ping, {})
    expect(shown).toBe(0)
    expect(peer.handled.map(element => element.attr('type'))).toEqual(['get', 'get'])
  })

  test.each([
    ['a push without a sender', push(''), 2],
    ['a push of our account', push(" from='juliet@a.test'"), 2],
    ['a carbon of our account', carbon(" from='juliet@a.test'"), 1],
  ])('%s is taken', async (_, xml, times) => {
    await start()
    const client = await peer.client()
    let shown = 0
    client.handle(roster.set, () => {
      shown++
    })
    client.on(incoming, 'unwrap', () => {
      shown++
    })
    peer.session.send(xml)
    await client.request(ping, {})
    expect(shown).toBe(times)
  })
})

const later = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
