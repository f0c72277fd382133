import { FullJid } from '@tercet/jid'
import { StanzaError, type Stanza } from '@tercet/stanza'
import { expect, test, vi } from 'vitest'
import { essentialFeatures, FlushList, memoryPair, receive, stanzaHandler, Stream, TimerWheel } from './index.ts'

const HEADER = `<stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const jid = FullJid.parse('romeo@a.test/orchard')

/** A stream past its header, handled by `stanza`. */
function setUp(stanza: (stanza: Stanza) => void | Promise<void>) {
  const [near, far] = memoryPair()
  const seen = { text: '', bugs: [] as unknown[], closed: 0 }
  const over = Promise.withResolvers<void>()
  far.start({
    chunk: bytes => void (seen.text += new TextDecoder().decode(bytes)),
    drained() {},
    ended: () => over.resolve(),
    closed() {},
  })
  const wheel = new TimerWheel()
  const stream = new Stream(near, undefined, { flushList: new FlushList(), wheel })
  const handler = stanzaHandler(stream, {
    jid,
    stanza,
    closed: () => seen.closed++,
    failed: error => seen.bugs.push(error),
  })
  stream.handler = {
    ...handler,
    event: event => (event.kind === 'open' ? stream.sendHeader('i', []) : handler.event(event)),
  }
  stream.start()
  far.write(HEADER)
  const end = async (xml: string) => {
    far.write(xml)
    far.write('</stream:stream>')
    await over.promise
    wheel[Symbol.dispose]()
    return seen
  }
  return end
}

test('stanzas come in order and from the bound address, whatever they say (RFC 6120 §8.1.2.1)', async () => {
  const got: [string, string | undefined][] = []
  const end = setUp(async ({ kind, from }) => void got.push([kind, from?.text]))
  const { text, bugs } = await end(`<message from='juliet@a.test'/><presence/>`)
  expect(got).toEqual([
    ['message', 'romeo@a.test/orchard'],
    ['presence', 'romeo@a.test/orchard'],
  ])
  expect(text).toMatch(/<\/stream:stream>$/u)
  expect(bugs).toEqual([])
})

test.each([
  ['thrown', () => refuse(), 'not-allowed', 0],
  ['rejected', async () => refuse(), 'not-allowed', 0],
  ['a bug', () => bug(), 'internal-server-error', 1],
  ['a bug later', async () => bug(), 'internal-server-error', 1],
])('what is refused is answered and the stream lives: %s (RFC 6120 §8.3)', async (_, stanza, condition, bugs) => {
  const seen = await setUp(stanza)(`<iq type='get' id='1' to='b.test'><a xmlns='b'/></iq>`)
  expect(seen.text).toContain(`<iq to='romeo@a.test/orchard' from='b.test' id='1' type='error'>`)
  expect(seen.text).toContain(`<${condition} `)
  expect(seen.text).not.toContain('stream:error')
  expect(seen.bugs).toHaveLength(bugs)
})

test.each([
  ['a malformed address', `<message to='@' id='1'/>`, 'jid-malformed'],
  ['two payloads', `<iq type='get' id='1'><a xmlns='b'/><a xmlns='b'/></iq>`, 'bad-request'],
])('what is no stanza is refused before anybody sees it: %s', async (_, xml, condition) => {
  const stanza = vi.fn()
  expect((await setUp(stanza)(xml)).text).toContain(`<${condition} `)
  expect(stanza).not.toHaveBeenCalled()
})

test('other elements end the stream (RFC 6120 §4.9.3.24)', async () => {
  const { text, closed } = await setUp(() => {})(`<r xmlns='urn:xmpp:sm:3'/>`)
  expect(text).toContain('<unsupported-stanza-type ')
  expect(closed).toBe(1)
})

test('a host of the essential features needs no more than a domain, TLS, credentials and sessions', async () => {
  const [near, far] = memoryPair()
  let text = ''
  far.start({ chunk: bytes => void (text += new TextDecoder().decode(bytes)), drained() {}, ended() {}, closed() {} })
  using wheel = new TimerWheel()
  const stream = new Stream(near, undefined, { flushList: new FlushList(), wheel })
  const host = {
    domain: 'a.test',
    tls: undefined,
    requireTls: false,
    mechanisms: { hashes: ['SHA-256'] as const },
    credentials: () => ({ scramKeys: () => undefined, fakeSaltSecret: new Uint8Array(16), iterations: 4096 }),
    bind: () => refuse(),
  }
  const done = receive(stream, { host: () => host, features: essentialFeatures })
  far.write(HEADER)
  far.write(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>biwsbj1yb21lbyxyPWFiY2RlZmdo</auth>`,
  )
  await vi.waitUntil(() => text.includes('<challenge'))
  far.write(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>eA==</response></stream:stream>`)
  await done
  // A random UUID, when nobody makes ids.
  expect(text).toMatch(/ id='[\da-f]{8}-[\da-f]{4}-/u)
  expect(text).toContain('<mechanism>SCRAM-SHA-256</mechanism>')
  expect(text).toContain('<failure ')
})

function refuse(): never {
  throw new StanzaError('not-allowed')
}

function bug(): never {
  throw new TypeError('A bug')
}
