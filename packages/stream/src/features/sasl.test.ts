import { expect, test, vi } from 'vitest'
import { essentialFeatures, FlushList, memoryPair, receive, Stream, TimerWheel, type TlsInfo } from '../index.ts'

const HEADER = `<stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const tls: TlsInfo = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: 'a.test',
  alpn: undefined,
  resumed: false,
  peerCertificate: undefined,
  peerCertificateError: undefined,
  channelBindings: ['tls-exporter'],
  channelBinding: () => new Uint8Array(32),
}

test.each([
  [
    'with PLUS its types are told (XEP-0440 §3)',
    {},
    '<mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-256</mechanism></mechanisms>' +
      "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>",
  ],
  [
    'without PLUS there are no types (XEP-0440 §3)',
    { plus: false },
    '<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>',
  ],
])('an offer does not contradict itself: %s', async (_, options, expected) => {
  const [near, far] = memoryPair({ tls })
  let text = ''
  far.start({ chunk: bytes => void (text += new TextDecoder().decode(bytes)), drained() {}, ended() {}, closed() {} })
  using wheel = new TimerWheel()
  const host = {
    domain: 'a.test',
    tls: undefined,
    requireTls: true,
    mechanisms: { hashes: ['SHA-256'] as const, ...options },
    credentials: () => ({ scramKeys: () => undefined, fakeSaltSecret: new Uint8Array(16), iterations: 4096 }),
    bind: () => Promise.reject(new Error('Nobody gets here')),
  }
  const stream = new Stream(near, undefined, { flushList: new FlushList(), wheel })
  const done = receive(stream, { host: () => host, features: essentialFeatures })
  far.write(HEADER)
  await vi.waitUntil(() => text.includes('</stream:features>'))
  far.write('</stream:stream>')
  await done
  expect(text.replaceAll("'", '"')).toContain(expected.replaceAll("'", '"'))
  expect(text).not.toContain('starttls')
})
