import { describe, expect, test } from 'vitest'
import type { Transport } from '@tercet/stream'
import { dial } from './dial.ts'
import { nameServer } from './dns.fixture.ts'
import { listen } from './listen.ts'
import { Recorder } from './loopback.fixture.ts'
import { dnsResolver, type Address, type Resolver } from './resolve.ts'
import { selfSigned } from './self-signed.ts'
import { clientTls, serverTls } from './tls.ts'

const a = selfSigned({ domains: ['a.test'] })
const b = selfSigned({ domains: ['b.test'] })
const secure = serverTls({ contexts: { 'a.test': a }, defaultName: 'a.test' })
const tls = clientTls({ domain: 'a.test', ca: [a.cert, b.cert] })

const start = (transport: Transport): void => transport.start(new Recorder())
const srv = (port: number, priority = 0) => ({ host: 'xmpp.host.test', port, priority, weight: 0 })
const v4 = (address: string): Address => ({ address, family: 4 })
/** Answers no SRV queries, and these addresses for every host. */
const fixed = (...addresses: Address[]): Resolver => ({ srv: async () => [], addresses: async () => addresses })

/** A port where nothing listens. */
async function deadPort(): Promise<number> {
  const listener = await listen({ address: '127.0.0.1', port: 0 }, () => {})
  await listener.close()
  return listener.port
}

test('a domain is looked up, connected to, and spoken with', async () => {
  const { promise, resolve } = Promise.withResolvers<Transport>()
  await using listener = await listen({ address: '127.0.0.1', port: 0 }, resolve)
  using names = await nameServer({
    'SRV _xmpp-client._tcp.a.test': [srv(listener.port)],
    'A xmpp.host.test': ['127.0.0.1'],
    'AAAA xmpp.host.test': [],
  })
  const near = await dial('a.test', { resolver: dnsResolver(names) })
  const sink = new Recorder()
  near.start(sink)
  const far = await promise
  start(far)
  far.write('hello')
  await sink.until(it => it.text === 'hello')
  expect(near).toMatchObject({ tls: undefined, remote: { address: '127.0.0.1', port: listener.port } })
  near.destroy()
  far.destroy()
})

test('direct TLS: the certificate is that of the domain, not of the target (RFC 9525 §6.1.1)', async () => {
  await using listener = await listen({ address: '127.0.0.1', port: 0, tls: secure }, start)
  using names = await nameServer({
    'SRV _xmpps-client._tcp.a.test': [srv(listener.port)],
    'A xmpp.host.test': ['127.0.0.1'],
  })
  const near = await dial('a.test', { resolver: dnsResolver(names), tls })
  expect(near.tls).toMatchObject({ serverName: 'a.test', alpn: 'xmpp-client' })
  near.destroy()
})

test('direct TLS with a wrong certificate is passed over for the next target', async () => {
  const wrong = serverTls({ contexts: { 'b.test': b }, defaultName: 'b.test' })
  await using first = await listen({ address: '127.0.0.1', port: 0, tls: wrong }, start)
  await using second = await listen({ address: '127.0.0.1', port: 0, tls: secure }, start)
  using names = await nameServer({
    'SRV _xmpps-client._tcp.a.test': [srv(first.port, 1), srv(second.port, 2)],
    'A xmpp.host.test': ['127.0.0.1'],
  })
  const near = await dial('a.test', { resolver: dnsResolver(names), tls })
  expect(near.remote.port).toBe(second.port)
  near.destroy()
})

test('a dead first address costs no more than its head start (RFC 8305 §5)', async () => {
  // Nothing listens at 127.0.0.2.
  await using listener = await listen({ address: '127.0.0.1', port: 0 }, start)
  const resolver = fixed(v4('127.0.0.2'), v4('127.0.0.1'))
  const near = await dial('a.test', {
    resolver,
    target: { host: 'x.test', port: listener.port },
    attemptDelayMs: 60_000,
  })
  expect(near.remote.address).toBe('127.0.0.1')
  near.destroy()
})

test('an address that stays silent is overtaken (RFC 8305 §5)', async () => {
  // A listener with direct TLS whose handshake never ends stands for a silent host.
  await using silent = await listen({ address: '127.0.0.2', port: 0 }, start)
  await using listener = await listen({ address: '127.0.0.1', port: silent.port, tls: secure }, start)
  const resolver = fixed(v4('127.0.0.2'), v4('127.0.0.1'))
  const target = { host: 'x.test', port: silent.port, directTls: true }
  const near = await dial('a.test', { resolver, target, tls, attemptDelayMs: 20 })
  expect(near.remote.address).toBe('127.0.0.1')
  expect(near.tls).toBeDefined()
  while (tls.handshakes.size > 0) await new Promise(setImmediate)
  near.destroy()
  expect(listener.port).toBe(silent.port)
})

describe('dial fails', () => {
  test.each([
    ['without any address', 'a.test', fixed(), {}, 'not-found'],
    [
      'when only direct TLS is offered and none is wanted',
      'a.test',
      fixed(v4('127.0.0.1')),
      { target: { host: 'x', port: 1, directTls: true } },
      'not-found',
    ],
    ['for addresses that are not allowed', 'a.test', fixed(v4('127.0.0.1')), { allow: () => false }, 'not-found'],
    ['for what is no domain', 'a b', fixed(v4('127.0.0.1')), {}, 'not-found'],
    ['when given up before', 'a.test', fixed(v4('127.0.0.1')), { signal: AbortSignal.abort() }, 'aborted'],
  ])('%s', async (_, domain, resolver, options, code) => {
    await expect(dial(domain, { resolver, ...options })).rejects.toMatchObject({ name: 'TransportError', code })
  })

  test('when nobody listens', async () => {
    const port = await deadPort()
    const dialled = dial('a.test', { resolver: fixed(v4('127.0.0.1')), target: { host: 'x.test', port } })
    await expect(dialled).rejects.toMatchObject({ code: 'refused' })
  })

  test('when SRV answered but its target is dead: the domain itself is not tried (RFC 6120 §3.2.1)', async () => {
    const port = await deadPort()
    using names = await nameServer({
      'SRV _xmpp-client._tcp.a.test': [srv(port)],
      'A xmpp.host.test': ['127.0.0.1'],
      'A a.test': ['127.0.0.1'],
    })
    await expect(dial('a.test', { resolver: dnsResolver(names) })).rejects.toMatchObject({ code: 'refused' })
    expect(names.queries.filter(query => query.endsWith(' a.test'))).toEqual([])
  })

  test('in time: a server that never shakes hands', async () => {
    await using silent = await listen({ address: '127.0.0.1', port: 0 }, start)
    const target = { host: 'x.test', port: silent.port, directTls: true }
    const dialled = dial('a.test', { resolver: fixed(v4('127.0.0.1')), target, tls, timeoutMs: 50 })
    await expect(dialled).rejects.toMatchObject({ code: 'timeout' })
  })
})

test('an address literal is connected to without any query', async () => {
  const none: Resolver = {
    srv: () => Promise.reject(new Error('asked')),
    addresses: async host => [{ address: host, family: 4 }],
  }
  const outcome = await dial('127.0.0.1', { resolver: none, allow: address => address !== '127.0.0.1' }).catch(
    (error: unknown) => error,
  )
  expect(outcome).toMatchObject({ code: 'not-found' })
})
