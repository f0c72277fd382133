import { deriveScramKeys, decodeBase64Strict, encodeBase64, serverMechanism, type ScramKeys } from '@tercet/sasl'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { FlushList } from './flush.ts'
import { initiate, type Initiated, type InitiatorOptions } from './initiator.ts'
import { memoryPair } from './memory.ts'
import { Stream } from './stream.ts'
import { TimerWheel } from './timers.ts'
import type { TlsInfo, Transport } from './transport.ts'

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
const HEADER =
  "<stream:stream from='a.test' id='s1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
const features = (text: string) => `<stream:features>${text}</stream:features>`
const mechanisms = (...names: string[]) =>
  features(`<mechanisms ${SASL}>${names.map(name => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`)
const BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
const BOUND =
  "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@a.test/balcony</jid></bind></iq>"
const SM = "<sm xmlns='urn:xmpp:sm:3'/>"

let keys: ScramKeys
beforeAll(async () => {
  keys = await deriveScramKeys('secret', 'SHA-256', new Uint8Array(16), 4096)
})

const wheels: TimerWheel[] = []
afterEach(() => {
  for (const wheel of wheels.splice(0)) wheel[Symbol.dispose]()
})

/** A server that says what the test says, when it has heard what the test expects. */
class Server {
  heard = ''
  over = false
  readonly transport: Transport
  #wake = (): void => {}

  constructor(transport: Transport) {
    this.transport = transport
    const decoder = new TextDecoder()
    transport.start({
      chunk: bytes => {
        this.heard += decoder.decode(bytes)
        this.#wake()
      },
      drained() {},
      ended: () => {
        this.over = true
        this.#wake()
      },
      closed() {},
    })
  }

  /** Waits for the text, forgets it and what came before it, and answers. Gives what came since the last one. */
  async on(text: string, answer: string): Promise<string> {
    while (!this.heard.includes(text)) {
      if (this.over) throw new Error(`ended; heard ${this.heard}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
    const end = this.heard.indexOf(text) + text.length
    const heard = this.heard.slice(0, end)
    this.heard = this.heard.slice(end)
    this.transport.write(answer)
    return heard
  }

  /** A login by SCRAM; `spoil` changes the last word of the server. */
  async scram(spoil: (success: string) => string = success => success): Promise<void> {
    const mechanism = serverMechanism('SCRAM-SHA-256', {
      credentials: {
        scramKeys: () => keys,
        verifyPassword: () => false,
        fakeSaltSecret: new Uint8Array(16),
        iterations: 4096,
      },
      channelBindings: [],
      plusOffered: false,
      offeredMechanisms: ['SCRAM-SHA-256'],
      allowAuthzid: () => false,
    })!
    const auth = await this.on('</auth>', '')
    const first = await mechanism.respond(decodeBase64Strict(/>([^<]*)<\/auth>$/.exec(auth)![1]!))
    if (first.kind !== 'challenge') throw new Error(first.kind)
    this.transport.write(`<challenge ${SASL}>${encodeBase64(first.data)}</challenge>`)
    const response = await this.on('</response>', '')
    const last = await mechanism.respond(decodeBase64Strict(/>([^<]*)<\/response>$/.exec(response)![1]!))
    if (last.kind !== 'success') throw new Error(last.kind)
    this.transport.write(spoil(`<success ${SASL}>${encodeBase64(last.data!)}</success>`))
  }

  /** Everything up to the features of an authenticated stream. */
  async loggedIn(offer: string): Promise<void> {
    await this.on("xml:lang='en'>", HEADER + mechanisms('SCRAM-SHA-256'))
    await this.scram()
    await this.on("xml:lang='en'>", HEADER + features(offer))
  }
}

const TLS: TlsInfo = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: 'a.test',
  alpn: undefined,
  resumed: false,
  peerCertificate: new Uint8Array(),
  peerCertificateError: undefined,
  channelBindings: [],
  channelBinding: () => undefined,
}

function begin(options: Partial<InitiatorOptions> = {}, tls?: TlsInfo) {
  const wheel = new TimerWheel()
  wheels.push(wheel)
  const [near, far] = memoryPair(tls ? { tls } : {})
  const idle = { event: () => undefined, closed: () => undefined, failed: () => undefined }
  const stream = new Stream(near, idle, {
    flushList: new FlushList(),
    wheel,
    maxUnwritten: 1e6,
    closeMs: 1000,
    gone: () => undefined,
  })
  const bugs: unknown[] = []
  const outcome = initiate(stream, {
    domain: 'a.test',
    from: 'juliet@a.test',
    allowPlaintext: true,
    sasl: { credentials: { username: 'juliet', password: 'secret' } },
    failed: error => bugs.push(error),
    ...options,
  })
  outcome.catch(() => undefined)
  return { stream, server: new Server(far), outcome, bugs }
}

const handler = (log: string[]) => ({
  event: (event: { kind: string; element?: { name: string } }) => void log.push(event.element?.name ?? event.kind),
  closed: () => void log.push('closed'),
  failed: () => void log.push('failed'),
})

describe('an initiator', () => {
  test('opens, authenticates, binds and enables stream management (RFC 6120 §4.3, XEP-0198 §3)', async () => {
    const { server, outcome } = begin({ resource: 'balcony' })
    const opening = await server.on("xml:lang='en'>", HEADER + mechanisms('SCRAM-SHA-256'))
    expect(opening).toContain("to='a.test' version='1.0'")
    // Not before the stream is encrypted (§4.7.1), and no id (§4.7.3).
    expect(opening).not.toContain('from=')
    expect(opening).not.toContain('id=')
    await server.scram()
    await server.on("xml:lang='en'>", HEADER + features(BIND + SM))
    expect(await server.on('</iq>', BOUND)).toContain('<resource>balcony</resource>')
    await server.on('<enable ', "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true' max='60'/>")
    const result = await outcome
    expect(result).toMatchObject({ kind: 'bound', mechanism: 'SCRAM-SHA-256', managed: { id: 'x', maxSeconds: 60 } })
    expect(result.kind === 'bound' && result.jid.text).toBe('juliet@a.test/balcony')
  })

  test('over TLS it says who it is (RFC 6120 §4.7.1)', async () => {
    const { server } = begin({ allowPlaintext: false }, TLS)
    expect(await server.on("from='juliet@a.test'>", '')).toContain("to='a.test'")
  })

  test('gives what came early to the session, and what follows to its handler', async () => {
    const { stream, server, outcome } = begin()
    await server.loggedIn(BIND + SM)
    await server.on('</iq>', `${BOUND}<message/>`)
    await server.on('<enable ', "<enabled xmlns='urn:xmpp:sm:3'/><presence/>")
    const result: Initiated = await outcome
    expect(result.early.map(({ name }) => name)).toEqual(['message'])
    const log: string[] = []
    result.handOver(handler(log))
    server.transport.write('<iq/></stream:stream>')
    await vi.waitUntil(() => log.length >= 4)
    expect(log).toEqual(['presence', 'iq', 'close', 'closed'])
    expect(stream.open).toBe(false)
  })

  test('a stream that ends before it is handed over is told to the handler', async () => {
    const { stream, server, outcome } = begin()
    await server.loggedIn(BIND)
    await server.on('</iq>', BOUND)
    const result = await outcome
    stream.destroy()
    const log: string[] = []
    result.handOver(handler(log))
    expect(log).toEqual(['closed'])
  })

  test('resumes before it binds (XEP-0198 §5)', async () => {
    const { server, outcome } = begin({ resume: { previd: 'x', h: () => 7 } })
    await server.loggedIn(BIND + SM)
    expect(await server.on('/>', "<resumed xmlns='urn:xmpp:sm:3' previd='x' h='3'/>")).toContain("previd='x' h='7'")
    expect(await outcome).toMatchObject({ kind: 'resumed', h: 3 })
  })

  test('binds when it cannot resume, and knows what was handled (XEP-0198 §5)', async () => {
    const { server, outcome } = begin({ resume: { previd: 'x', h: () => 7 }, manage: false })
    await server.loggedIn(BIND + SM)
    await server.on(
      '<resume ',
      "<failed xmlns='urn:xmpp:sm:3' h='3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
    )
    await server.on('</iq>', BOUND)
    expect(await outcome).toMatchObject({ kind: 'bound', notResumed: { h: 3 } })
  })

  test('a resource that is taken is not fought over: the server chooses one (RFC 6120 §7.7.2.2)', async () => {
    const { server, outcome } = begin({ resource: 'balcony' })
    await server.loggedIn(BIND)
    await server.on(
      '</iq>',
      "<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    expect(await server.on('</iq>', BOUND.replace("'bind'", "'bind-any'"))).not.toContain('<resource>')
    expect(await outcome).toMatchObject({ kind: 'bound', managed: undefined })
  })

  test('asks old servers for a session (RFC 3921 §3)', async () => {
    const { server, outcome } = begin()
    await server.loggedIn(`${BIND}<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>`)
    await server.on('</iq>', BOUND)
    await server.on('</iq>', "<iq type='result' id='session'/>")
    await outcome
  })
})

describe('an initiator refuses', () => {
  test.each([
    ['no TLS is offered (TLS-03)', mechanisms('SCRAM-SHA-256')],
    ['PLAIN instead of TLS', mechanisms('PLAIN')],
    ['TLS is offered, but this transport cannot', features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
  ])('a stream without encryption: %s', async (_, offer) => {
    const { server, outcome } = begin({ allowPlaintext: false })
    await server.on("xml:lang='en'>", HEADER + offer)
    await expect(outcome).rejects.toMatchObject({ name: 'StreamError', condition: 'policy-violation' })
    expect(await server.on('</stream:stream>', '')).not.toContain('<auth')
  })

  test('TLS that the server offers and then refuses (RFC 6120 §5.4.2.2)', async () => {
    const { server, outcome } = begin({ allowPlaintext: true, tls: { side: 'client' } })
    await server.on("xml:lang='en'>", HEADER + features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
    await server.on('<starttls ', "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await expect(outcome).rejects.toMatchObject({ condition: 'policy-violation' })
  })

  test.each([
    ['PLAIN without encryption', ['PLAIN'], undefined, undefined, 'encryption-required'],
    ['PLAIN after SCRAM was used (SASL-08)', ['PLAIN'], 'SCRAM-SHA-256', TLS, 'mechanism-too-weak'],
    ['PLAIN over a certificate that is not verified', ['PLAIN'], undefined, { ...TLS, peerCertificateError: 'expired' }, 'encryption-required'], // prettier-ignore
    ['an offer with nothing for it', ['X-UNKNOWN'], undefined, TLS, 'invalid-mechanism'],
  ])('%s', async (_, names, pin, tls, condition) => {
    const credentials = { username: 'juliet', password: 'secret' }
    const { server, outcome } = begin({ sasl: { credentials, pin } }, tls)
    await server.on("xml:lang='en'", HEADER + mechanisms(...names))
    await expect(outcome).rejects.toMatchObject({ name: 'SaslError', condition })
    expect(await server.on('</stream:stream>', '')).not.toContain('<auth')
  })

  test.each([
    ['says success without proof', () => `<success ${SASL}/>`],
    ['proves something else', () => `<success ${SASL}>${btoa(`v=${btoa('x'.repeat(32))}`)}</success>`],
    ['says success with an error', () => `<success ${SASL}>${btoa('e=other-error')}</success>`],
  ])('a server that %s (SCR-05)', async (_, spoil) => {
    const { server, outcome } = begin()
    await server.on("xml:lang='en'>", HEADER + mechanisms('SCRAM-SHA-256'))
    await server.scram(spoil)
    await expect(outcome).rejects.toMatchObject({ name: 'SaslError' })
    // It is gone before it has opened an authenticated stream.
    expect(await server.on('</stream:stream>', '')).not.toContain('<stream:stream')
  })

  test.each([
    ['success before any exchange', `<success ${SASL}/>`, 'SaslError'],
    ['a stanza during authentication', '<message/>', 'StreamError'],
    ['failure', `<failure ${SASL}><not-authorized/></failure>`, 'SaslError'],
    ['a failure of no known kind (STR-22)', `<failure ${SASL}><x/></failure>`, 'SaslError'],
    ['a challenge that is no base64', `<challenge ${SASL}>!</challenge>`, 'StreamError'],
    ['a stream error', "<stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", 'StreamError'], // prettier-ignore
    ['the end of the stream', '</stream:stream>', 'StreamEnded'],
    ['malformed XML', '<a></b>', 'StreamError'],
  ])('%s instead of a challenge', async (_, answer, name) => {
    const { server, outcome, bugs } = begin()
    await server.on("xml:lang='en'>", HEADER + mechanisms('SCRAM-SHA-256'))
    await server.on('</auth>', answer)
    await expect(outcome).rejects.toMatchObject({ name })
    await server.on('</stream:stream>', '')
    expect(bugs).toEqual([])
  })

  test.each([
    ['a stream of version 0.9 (RFC 6120 §4.7.5)', HEADER.replace(" version='1.0'", '') + mechanisms('PLAIN'), 'unsupported-version'], // prettier-ignore
    ['a stream of another namespace', HEADER.replace('jabber:client', 'jabber:server') + mechanisms('PLAIN'), 'invalid-namespace'], // prettier-ignore
    ['a stream without features', `${HEADER}<message/>`, 'bad-format'],
    ['an unknown host', `${HEADER}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`, 'host-unknown'], // prettier-ignore
    ['no binding', HEADER + mechanisms('SCRAM-SHA-256'), 'unsupported-feature'],
  ])('%s', async (_, answer, condition) => {
    const { server, outcome } = begin()
    await server.on("xml:lang='en'>", answer)
    if (condition === 'unsupported-feature') {
      await server.scram()
      await server.on("xml:lang='en'>", HEADER + features(''))
    }
    await expect(outcome).rejects.toMatchObject({ name: 'StreamError', condition })
  })

  test('a bind that is refused (RFC 6120 §7.6.2)', async () => {
    const { server, outcome } = begin()
    await server.loggedIn(BIND)
    await server.on(
      '</iq>',
      "<iq type='error' id='bind'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    await expect(outcome).rejects.toMatchObject({ name: 'StanzaError', condition: 'not-allowed' })
  })

  test('to wait for an answer among endless stanzas', async () => {
    const { server, outcome } = begin()
    await server.loggedIn(BIND)
    await server.on('</iq>', '<message/>'.repeat(1001))
    await expect(outcome).rejects.toMatchObject({ condition: 'policy-violation' })
  })

  test('to go on when it is told to stop, with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { outcome, server } = begin({ signal: controller.signal })
    await server.on("xml:lang='en'>", HEADER)
    controller.abort(reason)
    await expect(outcome).rejects.toBe(reason)
    await expect(begin({ signal: controller.signal }).outcome).rejects.toBe(reason)
  })
})
