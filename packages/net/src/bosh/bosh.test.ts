import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Desk, message, NS, pending, settle, type Talk } from './bosh.fixture.ts'

let desk: Desk
let talk: Talk

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
  desk = new Desk()
  talk = await desk.create()
})
afterEach(() => {
  desk[Symbol.dispose]()
  vi.useRealTimers()
})

const terminated = (condition: string) => ({ type: 'terminate', condition })
const attrsOf = (body: { attrs: readonly string[] }): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: body.attrs.length / 2 }, (_, i) => [body.attrs[2 * i]!, body.attrs[2 * i + 1]!]),
  )
const ids = (body: { elements(): { attr(name: string): string | undefined }[] }): (string | undefined)[] =>
  body.elements().map(element => element.attr('id'))

describe('a session is created (XEP-0124 §7, XEP-0206 §3, §4)', () => {
  test('the answer tells the terms, and brings the features of the stream', () => {
    expect(attrsOf(talk.created)).toMatchObject({
      wait: '60',
      hold: '1',
      requests: '2',
      inactivity: '60',
      maxpause: '120',
      polling: '2',
      ver: '1.6',
      from: 'a.test',
      authid: 'stream-1',
      '{urn:xmpp:xbosh}version': '1.0',
      '{urn:xmpp:xbosh}restartlogic': 'true',
    })
    expect(talk.created.elements().map(({ name, ns }) => [name, ns])).toEqual([
      ['features', 'http://etherx.jabber.org/streams'],
    ])
    expect(talk.reader.read).toEqual(["<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.test' version='1.0'/>"])
  })

  test('SEC-02: the name of a session has 192 random bits', async () => {
    expect(Buffer.from(talk.sid, 'base64url')).toHaveLength(24)
    expect((await desk.create()).sid).not.toBe(talk.sid)
  })

  test.each([
    ["hold='5' wait='600'", { hold: '1', wait: '60', requests: '2' }],
    ["hold='0' wait='10'", { hold: '0', wait: '10', requests: '1' }],
    ['', { hold: '1', wait: '60', requests: '2' }],
  ])('neither more nor less than was asked for: %s', async (attrs, terms) => {
    expect(attrsOf((await desk.create(attrs)).created)).toMatchObject(terms)
  })

  test.each([
    ['1.6', '1.6'],
    ['1.20', '1.11'],
    ['2.0', '1.11'],
    ['0.9', '0.9'],
    ['1.11', '1.11'],
    ['nonsense', '1.11'],
  ])('version %s is answered with %s', async (ver, expected) => {
    const answer = await desk.post(`<body xmlns='${NS}' to='a.test' rid='1' ver='${ver}' hold='1' wait='60'/>`)
    expect(answer.attr('ver')).toBe(expected)
  })

  test('language and origin of the stream header come from the request', async () => {
    await desk.create("xml:lang='de' from='romeo@a.test' hold='1' wait='60'")
    expect(desk.reader.read[0]).toContain("to='a.test' from='romeo@a.test' xml:lang='de' version='1.0'")
  })

  test.each([
    ['no XML', 'nonsense'],
    ['nothing', ''],
    ['another element', `<boody xmlns='${NS}' to='a.test' rid='1'/>`],
    ['another namespace', `<body to='a.test' rid='1'/>`],
    ['no request id', `<body xmlns='${NS}' to='a.test'/>`],
    ['a request id that is none', `<body xmlns='${NS}' to='a.test' rid='x'/>`],
    ['request id 0', `<body xmlns='${NS}' to='a.test' rid='0'/>`],
    ['a negative one', `<body xmlns='${NS}' to='a.test' rid='-1'/>`],
    ['a request id of 2^53', `<body xmlns='${NS}' to='a.test' rid='9007199254740992'/>`],
    ['text beside the payloads', `<body xmlns='${NS}' to='a.test' rid='1'>x</body>`],
    ['a comment', `<body xmlns='${NS}' to='a.test' rid='1'><!-- --></body>`],
    ['a document type', `<!DOCTYPE body [<!ENTITY a 'b'>]><body xmlns='${NS}' to='a.test' rid='1'/>`],
    ['an entity', `<body xmlns='${NS}' to='a.test' rid='1'><message>&lol;</message></body>`],
    ['half an element', `<body xmlns='${NS}' to='a.test' rid='1'><message></body>`],
    ['deep nesting', `<body xmlns='${NS}' to='a.test' rid='1'>${'<a>'.repeat(101)}${'</a>'.repeat(101)}</body>`],
    ['too much', `<body xmlns='${NS}' to='a.test' rid='1'>${' '.repeat(400_000)}</body>`],
  ])('bad-request: %s', async (_, body) => {
    expect(attrsOf(await desk.post(body))).toMatchObject(terminated('bad-request'))
    expect(desk.readers).toHaveLength(1)
    expect(desk.refused).toEqual(['bad-request'])
  })

  test('improper-addressing: no domain is named', async () => {
    expect(attrsOf(await desk.post(`<body xmlns='${NS}' rid='1'/>`))).toMatchObject(terminated('improper-addressing'))
  })

  test('bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.from(`<body xmlns='${NS}' to='a.test' rid='1'><m>\xff</m></body>`, 'latin1')
    const request = new Request('https://a.test/', { method: 'POST', body: bytes })
    const response = await desk.acceptor.respond(request, { address: '192.0.2.1', encrypted: true })
    expect(await response.text()).toContain('bad-request')
  })

  test('SEC-06: one address does not create sessions without end; a minute later it may again', async () => {
    using small = new Desk({ maxNewPerAddress: 3 })
    for (let i = 0; i < 3; i++) expect((await small.create()).sid).not.toBe('')
    expect(attrsOf((await small.create()).created)).toMatchObject(terminated('policy-violation'))
    const elsewhere = `<body xmlns='${NS}' to='a.test' rid='1' hold='1' wait='60'/>`
    expect((await small.post(elsewhere, { address: '192.0.2.2' })).attr('sid')).toBeDefined()
    vi.advanceTimersByTime(60_000)
    expect((await small.create()).sid).not.toBe('')
  })

  test('SEC-06: there are no more sessions than allowed', async () => {
    using small = new Desk({ maxSessions: 1 })
    await small.create()
    expect(attrsOf((await small.create()).created)).toMatchObject(terminated('policy-violation'))
  })
})

describe('HTTP (XEP-0124 §4)', () => {
  const respond = (method: string, headers: Record<string, string> = {}, body?: string): Promise<Response> =>
    desk.acceptor.respond(
      new Request('https://a.test/bosh', { method, headers, ...(body === undefined ? {} : { body }) }),
      { address: '192.0.2.1', encrypted: true },
    )

  test('a response is one piece of XML, for pages of all sites', async () => {
    const response = await respond('POST', {}, `<body xmlns='${NS}' to='a.test' rid='1' hold='1' wait='60'/>`)
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('errors are told with status 200, so that clients can read them (§17.1)', async () => {
    expect((await respond('POST', {}, 'nonsense')).status).toBe(200)
  })

  test.each([
    ['text/plain', 'text/plain'],
    ['application/xml; charset=utf-8', 'application/xml; charset=utf-8'],
    ['text/html', 'text/xml; charset=utf-8'],
    ['a&#10;b', 'text/xml; charset=utf-8'],
  ])('the client may choose among harmless types: %s', async (content, type) => {
    const body = `<body xmlns='${NS}' to='a.test' rid='1' hold='1' wait='60' content='${content}'/>`
    expect((await respond('POST', {}, body)).headers.get('content-type')).toBe(type)
  })

  test('preflights are answered, other methods are not', async () => {
    const preflight = await respond('OPTIONS', { origin: 'https://chat.example' })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST'])
    expect((await respond('GET')).status).toBe(405)
  })

  test('pages of other origins are kept out where origins are named', async () => {
    using strict = new Desk({ origins: ['https://chat.example'] })
    const ask = (headers: Record<string, string>): Promise<Response> =>
      strict.acceptor.respond(new Request('https://a.test/', { method: 'OPTIONS', headers }), {
        address: '',
        encrypted: true,
      })
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await ask({ origin: 'https://chat.example' })).status).toBe(204)
    expect((await ask({})).status).toBe(204)
  })
})

describe('BSH-01: requests in the order of their ids (XEP-0124 §14)', () => {
  test('a request that came too early waits for the one before it', async () => {
    void talk.request(102, message('second'))
    await settle()
    expect(talk.reader.read).toHaveLength(1)
    void talk.request(101, message('first'))
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([message('first'), message('second')])
  })

  test('answers are given in that order too', async () => {
    const order: number[] = []
    void talk.request(102).then(() => order.push(102))
    void talk.request(101).then(() => order.push(101))
    await settle()
    talk.reader.transport.write(message('x'))
    await settle()
    expect(order).toEqual([101, 102])
  })

  test('a repeated request gets the same answer, and is read once', async () => {
    const first = talk.send(message('a'))
    await settle()
    talk.reader.transport.write(message('answer'))
    const answer = await first
    expect(ids(answer)).toEqual(['answer'])
    expect(await talk.request(101, message('a'))).toEqual(answer)
    expect(talk.reader.read.slice(1)).toEqual([message('a')])
  })

  test('the answer to the creation is repeated as well', async () => {
    const again = await talk.request(100)
    expect(again).toEqual(talk.created)
  })

  test('a repeated request that is not answered yet takes over; the older one is told to ask again (§14.3)', async () => {
    const first = talk.send(message('a'))
    await settle()
    const second = talk.request(101, message('a'))
    expect(attrsOf(await first)).toEqual({ type: 'error' })
    talk.reader.transport.write(message('answer'))
    expect(ids(await second)).toEqual(['answer'])
    expect(talk.reader.read.slice(1)).toEqual([message('a')])
  })

  test.each([
    ['beyond the window', 104],
    ['far beyond it', 9_007_199_254_740_991],
  ])('%s: item-not-found, and the session ends', async (_, rid) => {
    const held = talk.send()
    await settle()
    expect(attrsOf(await talk.request(rid))).toEqual(terminated('item-not-found'))
    expect(attrsOf(await held)).toEqual(terminated('item-not-found'))
    expect(talk.reader.end).toMatchObject({ code: 'protocol' })
  })

  test('before the answers that are remembered: item-not-found, which looks the same', async () => {
    for (let i = 0; i < 4; i++) {
      const sent = talk.send(message(i))
      await settle()
      talk.reader.transport.write(message(i))
      await sent
    }
    expect(attrsOf(await talk.request(101, message(0)))).toEqual(terminated('item-not-found'))
    expect(talk.reader.end).toBeUndefined()
  })

  test('a session that nobody knows: item-not-found', async () => {
    const answer = await desk.post(`<body xmlns='${NS}' sid='${'A'.repeat(32)}' rid='101'/>`)
    expect(attrsOf(answer)).toEqual(terminated('item-not-found'))
    expect(desk.refused).toEqual(['item-not-found'])
  })

  test('§19.1: a session over TLS is not there for who asks without, and lives on', async () => {
    const body = `<body xmlns='${NS}' sid='${talk.sid}' rid='101'/>`
    expect(attrsOf(await desk.post(body, { encrypted: false }))).toEqual(terminated('item-not-found'))
    expect(await pending(talk.send())).toBe(true)
  })
})

describe('BSH-02: waiting and answering (XEP-0124 §8)', () => {
  test('one request is held; another one lets it go', async () => {
    const first = talk.send()
    expect(await pending(first)).toBe(true)
    const second = talk.send(message('a'))
    expect((await first).elements()).toEqual([])
    expect(await pending(second)).toBe(true)
  })

  test('what the stream writes in one turn leaves in one answer', async () => {
    const held = talk.send()
    await settle()
    for (const id of ['a', 'b', 'c']) talk.reader.transport.write(message(id))
    expect(ids(await held)).toEqual(['a', 'b', 'c'])
  })

  test('what is written while nobody asks waits for the next request', async () => {
    talk.reader.transport.write(message('a'))
    await settle()
    expect(ids(await talk.send())).toEqual(['a'])
  })

  test('after the waiting time the answer is empty', async () => {
    const held = talk.send()
    await settle()
    vi.advanceTimersByTime(59_999)
    expect(await pending(held)).toBe(true)
    vi.advanceTimersByTime(1)
    expect(attrsOf(await held)).toEqual({})
  })

  test('who polls gets what there is, at once', async () => {
    const polling = await desk.create("hold='0' wait='60'")
    desk.reader.onMessage = text => desk.reader.transport.write(text)
    expect(ids(await polling.send(message('a')))).toEqual(['a'])
    expect((await polling.send()).elements()).toEqual([])
  })

  test('§12: who polls too often is sent away', async () => {
    const polling = await desk.create("hold='0' wait='0'")
    await polling.send()
    vi.advanceTimersByTime(1999)
    expect(attrsOf(await polling.send())).toEqual(terminated('policy-violation'))
  })

  test('§12: who polls as seldom as was agreed is not', async () => {
    const polling = await desk.create("hold='0' wait='0'")
    for (let i = 0; i < 3; i++) {
      expect(attrsOf(await polling.send())).toEqual({})
      vi.advanceTimersByTime(2000)
    }
  })

  test('§11: who sends empty requests one on top of the other is sent away', async () => {
    const first = talk.send()
    await settle()
    void talk.send()
    expect(attrsOf(await first)).toEqual(terminated('policy-violation'))
    expect(desk.reader.end).toMatchObject({ code: 'protocol' })
  })

  test('large things are spread over answers', async () => {
    const held = talk.send()
    await settle()
    const large = (id: string): string =>
      `<message xmlns='jabber:client' id='${id}'><body>${'x'.repeat(200_000)}</body></message>`
    expect(talk.reader.transport.write(large('a'))).toBe(false)
    talk.reader.transport.write(large('b'))
    expect(ids(await held)).toEqual(['a'])
    expect(talk.reader.drains).toBe(0)
    expect(ids(await talk.send())).toEqual(['b'])
    await settle()
    expect(talk.reader.drains).toBe(1)
    expect(talk.reader.transport.buffered).toBe(0)
  })

  test('a stream that pauses is not read to; requests wait for it', async () => {
    talk.reader.onMessage = () => talk.reader.transport.pause()
    void talk.send(message('a') + message('b'))
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([message('a')])
    void talk.send(message('c'))
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([message('a')])
    talk.reader.onMessage = undefined
    talk.reader.transport.resume()
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([message('a'), message('b'), message('c')])
  })
})

describe('BSH-02: silence, pauses, ends (XEP-0124 §10, §13)', () => {
  test('a client that has not asked for too long is gone', async () => {
    vi.advanceTimersByTime(59_999)
    expect(talk.reader.end).toBeUndefined()
    vi.advanceTimersByTime(1)
    await settle()
    expect(talk.reader.end).toMatchObject({ code: 'timeout' })
    expect(desk.acceptor.sessions).toBe(0)
    expect(attrsOf(await talk.send())).toEqual(terminated('item-not-found'))
  })

  test('a client whose connection broke while it waited is gone as well', async () => {
    const abort = new AbortController()
    void talk.send('', '', abort.signal)
    await settle()
    vi.advanceTimersByTime(30_000)
    abort.abort()
    vi.advanceTimersByTime(59_999)
    expect(talk.reader.end).toBeUndefined()
    vi.advanceTimersByTime(1)
    await settle()
    expect(talk.reader.end).toMatchObject({ code: 'timeout' })
  })

  test('what was written meanwhile is for the repeated request, not for the broken one', async () => {
    const abort = new AbortController()
    void talk.send('', '', abort.signal)
    await settle()
    abort.abort()
    talk.reader.transport.write(message('a'))
    await settle()
    expect(ids(await talk.request(101))).toEqual(['a'])
  })

  test('a pause lets all requests go, without payload, and lengthens the silence', async () => {
    const held = talk.send()
    await settle()
    const pause = talk.send('', "pause='100'")
    expect([attrsOf(await held), attrsOf(await pause)]).toEqual([{}, {}])
    talk.reader.transport.write(message('a'))
    vi.advanceTimersByTime(99_999)
    expect(talk.reader.end).toBeUndefined()
    expect(ids(await talk.send())).toEqual(['a'])
    await settle()
    vi.advanceTimersByTime(60_000)
    await settle()
    expect(talk.reader.end).toMatchObject({ code: 'timeout' })
  })

  test('a longer pause than was offered is refused', async () => {
    expect(attrsOf(await talk.send('', "pause='121'"))).toEqual(terminated('policy-violation'))
  })

  test('who ends the session is heard to the last stanza; the oldest request gets the rest and the end', async () => {
    const held = talk.send()
    await settle()
    talk.reader.onMessage = text => {
      if (!text.startsWith('<close ')) return
      talk.reader.transport.write(message('last words'))
      talk.reader.transport.close()
    }
    const last = talk.send(message('good-bye'), "type='terminate'")
    const end = await held
    expect([attrsOf(end), ids(end)]).toEqual([{ type: 'terminate' }, ['last words']])
    expect(attrsOf(await last)).toEqual({})
    expect(talk.reader.read.slice(1)).toEqual([
      message('good-bye'),
      "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ])
    expect([talk.reader.end, talk.reader.ends]).toEqual(['in order', 1])
  })

  test('one request more than agreed may end the session (§11)', async () => {
    void talk.send()
    await settle()
    talk.reader.transport.pause()
    void talk.send(message('a'))
    void talk.send(message('b'), "type='terminate'")
    await settle()
    talk.reader.transport.resume()
    await settle()
    expect(talk.reader.read.slice(1, 3)).toEqual([message('a'), message('b')])
  })

  test('a stream that ends tells the client with its next request, if none is held', async () => {
    talk.reader.transport.write(
      `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`,
    )
    talk.reader.transport.close()
    await settle()
    expect(talk.reader.end).toBe('in order')
    const end = await talk.send()
    expect(attrsOf(end)).toEqual(terminated('remote-stream-error'))
    expect(end.elements()[0]).toMatchObject({ name: 'error', ns: 'http://etherx.jabber.org/streams' })
    expect(await talk.request(101)).toEqual(end)
    expect(attrsOf(await talk.send())).toEqual(terminated('item-not-found'))
    vi.advanceTimersByTime(10_000)
    expect(desk.acceptor.sessions).toBe(0)
  })

  test('a stream that wants to end hears that the client is done', async () => {
    talk.reader.transport.write("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    await settle()
    expect(talk.reader.read.at(-1)).toBe("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
  })

  test('a stream that is destroyed says nothing more', async () => {
    const held = talk.send()
    await settle()
    talk.reader.transport.write(message('a'))
    talk.reader.transport.destroy()
    const end = await held
    expect([attrsOf(end), ids(end)]).toEqual([terminated('remote-connection-failed'), []])
  })

  test('a reader that fails ends its session alone', async () => {
    talk.reader.onMessage = () => {
      throw new Error('a bug')
    }
    expect(attrsOf(await talk.send(message('a')))).toEqual(terminated('internal-server-error'))
    expect((await desk.create()).sid).not.toBe('')
  })
})

describe('streams (XEP-0206)', () => {
  test('a restart opens a new stream, with what the session began with (§5)', async () => {
    void talk.send('', "xmpp:restart='true' xml:lang='en'")
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' xml:lang='en' version='1.0' to='a.test'/>",
    ])
  })

  test.each([
    ['a namespace of its own', `<message xmlns='jabber:client'><body>x</body></message>`],
    ['none, as many clients (§2)', `<message><body>x</body></message>`],
  ])('a stanza is one message to the stream: %s', async (_, payload) => {
    void talk.send(payload)
    await settle()
    expect(talk.reader.read.slice(1)).toEqual([`<message xmlns='jabber:client'><body>x</body></message>`])
  })

  test('markup in values stays in them', async () => {
    void talk.send(`<message xmlns='jabber:client' id='&lt;a&gt;&apos;'><body>&lt;/message&gt;&amp;</body></message>`)
    await settle()
    expect(talk.reader.read[1]).toBe(
      `<message xmlns='jabber:client' id='&lt;a&gt;&apos;'><body>&lt;/message&gt;&amp;</body></message>`,
    )
  })
})

describe('keys (XEP-0124 §15)', () => {
  const sha1 = async (text: string): Promise<string> =>
    Buffer.from(await crypto.subtle.digest('SHA-1', Buffer.from(text))).toString('hex')

  test('each request shows the next key, or the session ends', async () => {
    const k1 = await sha1('seed')
    const k2 = await sha1(k1)
    const other = await sha1('other')
    const keyed = await desk.create(`hold='0' wait='0' newkey='${await sha1(k2)}'`)
    expect(attrsOf(await keyed.send(message('a'), `key='${k2}'`))).toEqual({})
    expect(attrsOf(await keyed.send(message('b'), `key='${k1}' newkey='${await sha1(other)}'`))).toEqual({})
    expect(attrsOf(await keyed.send(message('c'), `key='${other}'`))).toEqual({})
    expect(attrsOf(await keyed.send(message('d'), `key='${k2}'`))).toEqual(terminated('item-not-found'))
    expect(desk.reader.read.slice(1)).toEqual([message('a'), message('b'), message('c')])
  })

  test('no key where keys are due is a wrong one', async () => {
    const keyed = await desk.create(`hold='0' wait='0' newkey='${await sha1('x')}'`)
    expect(attrsOf(await keyed.send(message('a')))).toEqual(terminated('item-not-found'))
  })
})

describe('acknowledgements (XEP-0124 §9)', () => {
  test('who asks for them learns how far its requests were read', async () => {
    const acked = await desk.create("ack='1' hold='1' wait='60'")
    expect(acked.created.attr('ack')).toBe('100')
    const first = acked.send(message('a'))
    await settle()
    void acked.send(message('b'))
    expect(attrsOf(await first)).toEqual({ ack: '102' })
  })

  test('what the client has is forgotten', async () => {
    const acked = await desk.create("ack='1' hold='1' wait='60'")
    const held = acked.send('', "ack='100'")
    await settle()
    expect(attrsOf(await acked.request(100))).toEqual(terminated('item-not-found'))
    expect(await pending(held)).toBe(true)
  })
})
