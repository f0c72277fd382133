import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Transport } from '@tercet/stream'
import { describe, expect, test } from 'vitest'
import { nameServer } from '../dns.fixture.ts'
import { listen } from '../listen.ts'
import { Recorder } from '../loopback.fixture.ts'
import { dnsResolver, type Resolver } from '../resolve.ts'
import { selfSigned } from '../self-signed.ts'
import type { DialStep } from '../srv.ts'
import { webSocketAcceptor } from '../websocket.ts'
import { s2sTls } from './contexts.ts'
import { s2sDialer, type S2sDialerOptions } from './dialer.ts'

const near = selfSigned({ domains: ['near.test'] })
const nearToo = selfSigned({ domains: ['too.near.test'] })
const far = selfSigned({ domains: ['far.test'] })
const here = s2sTls({ contexts: { 'near.test': near, '*.near.test': nearToo }, defaultName: 'near.test' })
const there = s2sTls({ contexts: { 'far.test': far }, defaultName: 'far.test', ca: [near.cert] })
const signal = AbortSignal.timeout(60_000)
const everywhere = () => true

/** Dials `to` and gives what came of it, with what the trace told. */
async function dialled(options: Omit<S2sDialerOptions, 'tls'>, to = 'far.test', from = 'near.test') {
  const steps: DialStep[] = []
  const outcome = await s2sDialer({ tls: here, ...options })
    .dial(from, to, { signal, trace: step => steps.push(step) })
    .then(
      it => {
        it.transport.start(new Recorder())
        return it
      },
      (error: unknown) => ({ error }),
    )
  return { outcome, steps, told: steps.map(it => `${it.ok ? '+' : '-'} ${it.text}`) }
}

/** A server with STARTTLS to come, or with direct TLS, that keeps what it accepts. */
async function served(tls?: typeof there.server) {
  const accepted = Promise.withResolvers<Transport>()
  const listener = await listen({ address: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls }) }, transport => {
    transport.start(new Recorder())
    accepted.resolve(transport)
  })
  return { port: listener.port, accepted: accepted.promise, [Symbol.asyncDispose]: () => listener.close() }
}

test('records of both kinds are mixed by priority, and each step is told (XEP-0368 §3)', async () => {
  await using clear = await served()
  await using direct = await served(there.server)
  const host = 'xmpp.far.test'
  const gone = await served()
  await gone[Symbol.asyncDispose]()
  using names = await nameServer({
    'SRV _xmpp-server._tcp.far.test': [
      { host, port: gone.port, priority: 1, weight: 0 },
      { host, port: clear.port, priority: 3, weight: 7 },
    ],
    'SRV _xmpps-server._tcp.far.test': [{ host, port: direct.port, priority: 2, weight: 0 }],
    'A xmpp.far.test': ['127.0.0.1'],
    'AAAA xmpp.far.test': [],
  })
  const { outcome, told } = await dialled({ resolver: dnsResolver(names), allow: everywhere })
  expect(outcome).toMatchObject({ target: `127.0.0.1:${direct.port}` })
  expect(told).toEqual([
    `+ SRV _xmpp-server._tcp.far.test: 1 0 ${gone.port} xmpp.far.test, 3 7 ${clear.port} xmpp.far.test`,
    `+ SRV _xmpps-server._tcp.far.test: 2 0 ${direct.port} xmpp.far.test`,
    '+ xmpp.far.test is at 127.0.0.1',
    `- 127.0.0.1:${gone.port}: Nothing listens at that address`,
    '+ xmpp.far.test is at 127.0.0.1',
    `+ Direct TLS (TLSv1.3) with 127.0.0.1:${direct.port}`,
  ])
})

test('direct TLS names the domain and the protocol, and shows the certificate of our domain (XEP-0368 §3, XEP-0178 §3)', async () => {
  await using server = await served(there.server)
  const targetOf = () => ({ host: '127.0.0.1', port: server.port, directTls: true })
  await dialled({ targetOf })
  const { tls } = await server.accepted
  expect(tls).toMatchObject({ serverName: 'far.test', alpn: 'xmpp-server', peerCertificateError: undefined })
})

test.each([
  ['near.test', 'near.test'],
  ['too.near.test', 'too.near.test'],
  ['unknown.test', 'near.test'],
])('our domain %s shows the certificate of %s', async (from, subject) => {
  await using server = await served(there.server)
  await dialled({ targetOf: () => ({ host: '127.0.0.1', port: server.port, directTls: true }) }, 'far.test', from)
  const shown = (await server.accepted).tls!.peerCertificate!
  expect(Buffer.from(shown).toString('latin1')).toContain(subject)
})

test('a certificate that nobody trusts is no reason to hang up: the verdict is another question', async () => {
  await using server = await served(there.server)
  const { outcome } = await dialled({ targetOf: () => ({ host: '127.0.0.1', port: server.port, directTls: true }) })
  expect(outcome).toMatchObject({ transport: { tls: { peerCertificateError: 'DEPTH_ZERO_SELF_SIGNED_CERT' } } })
})

test('new certificates are shown from now on', async () => {
  const tls = s2sTls({ contexts: { 'near.test': near }, defaultName: 'near.test' })
  const renewed = selfSigned({ domains: ['renewed.test'] })
  tls.client('near.test', 'far.test')
  tls.replace({ 'near.test': renewed })
  await using server = await served(there.server)
  const targetOf = () => ({ host: '127.0.0.1', port: server.port, directTls: true })
  const { transport } = await s2sDialer({ tls, targetOf }).dial('near.test', 'far.test', { signal })
  transport.start(new Recorder())
  expect(Buffer.from((await server.accepted).tls!.peerCertificate!).toString('latin1')).toContain('renewed.test')
})

describe('where the records of strangers do not lead (S2S-11)', () => {
  test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1'])('to %s', async address => {
    const resolver: Resolver = {
      srv: async () => [{ host: 'x.far.test', port: 5269, priority: 0, weight: 0 }],
      addresses: async () => [{ address, family: address.includes(':') ? 6 : 4 }],
    }
    const { outcome, told } = await dialled({ resolver })
    expect(outcome).toMatchObject({ error: { code: 'not-found' } })
    expect(told.at(-1)).toBe(`- ${address} is no address that may be connected to`)
  })

  test('to an address written as a domain', async () => {
    const { outcome } = await dialled({}, '127.0.0.1')
    expect(outcome).toMatchObject({ error: { code: 'not-found' } })
  })

  test('nor does the word of a server that it is elsewhere (S2S-12)', async () => {
    const target = { host: '127.0.0.1', port: 1 }
    const dialling = s2sDialer({ tls: here, resolver: dnsResolver() }).dial('near.test', 'far.test', { signal, target })
    await expect(dialling).rejects.toMatchObject({ code: 'not-found' })
  })

  test('where a server says that it is, we go when we may', async () => {
    await using server = await served()
    const target = { host: '127.0.0.1', port: server.port }
    const dialled = await s2sDialer({ tls: here, allow: everywhere }).dial('near.test', 'far.test', { signal, target })
    expect(dialled.target).toBe(`127.0.0.1:${server.port}`)
    dialled.transport.start(new Recorder())
  })

  test('where the operator sends us, we go', async () => {
    await using server = await served()
    const { outcome } = await dialled({ targetOf: () => ({ host: '127.0.0.1', port: server.port }) })
    expect(outcome).toMatchObject({ target: `127.0.0.1:${server.port}` })
  })
})

describe('fails', () => {
  test('where the records deny the service', async () => {
    using names = await nameServer({
      'SRV _xmpp-server._tcp.far.test': [{ host: '.', port: 0, priority: 0, weight: 0 }],
      'A far.test': ['127.0.0.1'],
    })
    const { outcome, told } = await dialled({ resolver: dnsResolver(names), allow: everywhere })
    expect(outcome).toMatchObject({ error: { code: 'service-absent' } })
    expect(told[0]).toMatch(/^\+ SRV _xmpp-server\._tcp\.far\.test: 0 0 0 \.?$/)
  })

  test('where the DNS knows nothing: the domain itself was tried (RFC 6120 §3.2.2)', async () => {
    using names = await nameServer({})
    const { outcome, told } = await dialled({ resolver: dnsResolver(names), allow: everywhere }, 'bücher.test')
    expect(outcome).toMatchObject({ error: { code: 'not-found' } })
    expect(told.at(-1)).toBe('- xn--bcher-kva.test has no address')
    expect(names.queries).toContain('SRV _xmpps-server._tcp.xn--bcher-kva.test')
  })

  test('where the name servers fail', async () => {
    using names = await nameServer({
      'SRV _xmpp-server._tcp.far.test': 'refuse',
      'SRV _xmpps-server._tcp.far.test': 'refuse',
      'A far.test': 'refuse',
      'AAAA far.test': 'refuse',
    })
    const { outcome, told } = await dialled({ resolver: dnsResolver(names), allow: everywhere })
    expect(outcome).toMatchObject({ error: { code: 'unresolved' } })
    expect(told[0]).toBe('- The name servers do not answer for SRV _xmpp-server._tcp.far.test')
  })

  test('where it is given up', async () => {
    const dialling = s2sDialer({ tls: here, targetOf: () => ({ host: '127.0.0.1', port: 1 }) })
    await expect(dialling.dial('near.test', 'far.test', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

describe('WebSockets between servers (XEP-0468)', () => {
  test('both ends see the other certificate, and neither refuses it', async () => {
    const accepted = Promise.withResolvers<Transport>()
    using acceptor = webSocketAcceptor({}, accepted.resolve)
    const server = createServer({ ...far, ca: [near.cert], requestCert: true, rejectUnauthorized: false })
    server.on('upgrade', acceptor.accept).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const webSocket = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/xmpp`
    const { outcome, told } = await dialled({ targetOf: () => ({ webSocket }) })
    expect(outcome).toMatchObject({
      target: webSocket,
      transport: { framing: 'websocket', tls: { peerCertificateError: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    })
    expect(told).toEqual([`+ Connected to ${webSocket}`])
    const other = await accepted.promise
    expect(other.tls).toMatchObject({ serverName: 'far.test', peerCertificateError: undefined })
    expect(Buffer.from(other.tls!.peerCertificate!).toString('latin1')).toContain('near.test')
    other.start(new Recorder())
    other.destroy()
    server.close()
  })

  test('clear ones are refused: TLS is a MUST', async () => {
    const { outcome, told } = await dialled({ targetOf: () => ({ webSocket: 'ws://127.0.0.1:1/xmpp' }) })
    expect(outcome).toMatchObject({ error: { code: 'protocol' } })
    expect(told).toEqual(['- ws://127.0.0.1:1/xmpp: ws://127.0.0.1:1/xmpp is no wss: address'])
  })
})
