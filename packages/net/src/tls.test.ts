import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Socket } from 'node:net'
import { X509Certificate, createHash } from 'node:crypto'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Transport } from '@tercet/stream'
import { describe, expect, test } from 'vitest'
import { listen } from './listen.ts'
import { Recorder, loopback } from './loopback.fixture.ts'
import { selfSigned } from './self-signed.ts'
import { TcpTransport } from './tcp.ts'
import { clientTls, serverTls, type ClientTlsOptions, type ServerTlsOptions } from './tls.ts'

const a = selfSigned({ domains: ['a.test'] })
const b = selfSigned({ domains: ['b.test', '*.wild.test'] })
const romeo = selfSigned({ domains: ['romeo.test'] })
const contexts = { 'a.test': a, 'b.test': b, '*.wild.test': b }

/** A server and a client transport, both upgraded. */
async function upgraded(server: Partial<ServerTlsOptions> = {}, client: Partial<ClientTlsOptions> = {}) {
  const tls = serverTls({ contexts, defaultName: 'a.test', ...server })
  const { promise, resolve } = Promise.withResolvers<Transport>()
  const listener = await listen({ address: '127.0.0.1', port: 0 }, resolve)
  const socket = connectTcp({ host: '127.0.0.1', port: listener.port, allowHalfOpen: true })
  await once(socket, 'connect')
  const near = new TcpTransport(socket)
  const far = await promise
  const sinks = { near: new Recorder(), far: new Recorder() }
  near.start(sinks.near)
  far.start(sinks.far)
  const results = await Promise.allSettled([
    near.upgrade(clientTls({ domain: 'a.test', ca: a.cert, ...client })),
    far.upgrade(tls),
  ])
  return {
    near,
    far,
    sinks,
    results,
    tls,
    async [Symbol.asyncDispose]() {
      near.destroy()
      far.destroy()
      await listener.close()
    },
  }
}

/** Connects with Node's own client by direct TLS. */
async function direct(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

test('STARTTLS: both sides upgrade and go on talking (RFC 6120 §5.4.3.3)', async () => {
  await using pair = await upgraded()
  pair.near.write('<stream>')
  await pair.sinks.far.until(it => it.text === '<stream>')
  pair.far.write('<features/>')
  await pair.sinks.near.until(it => it.text === '<features/>')
  expect(pair.near.tls).toMatchObject({
    protocol: 'TLSv1.3',
    alpn: 'xmpp-client',
    resumed: false,
    peerCertificateError: undefined,
  })
  expect(pair.far.tls).toMatchObject({ serverName: 'a.test', alpn: 'xmpp-client', peerCertificate: undefined })
  pair.near.close()
  await pair.sinks.far.until(it => it.ends === 1)
  pair.far.close()
  await Promise.all([
    pair.sinks.near.until(it => it.closes.length > 0),
    pair.sinks.far.until(it => it.closes.length > 0),
  ])
  expect([...pair.sinks.near.closes, ...pair.sinks.far.closes]).toEqual([undefined, undefined])
})

describe('channel bindings are equal on both sides', () => {
  test.each([
    ['TLSv1.3', {}, ['tls-exporter', 'tls-server-end-point']],
    ['TLSv1.2', {}, ['tls-server-end-point']],
    ['TLSv1.2', { tlsUnique: true }, ['tls-unique', 'tls-server-end-point']],
    ['TLSv1.3', { tlsUnique: true }, ['tls-exporter', 'tls-server-end-point']],
  ] as const)('%s %j (RFC 5929, RFC 9266)', async (version, options, types) => {
    await using pair = await upgraded({ maxVersion: version, ...options }, options)
    const [near, far] = [pair.near.tls!, pair.far.tls!]
    expect(near.protocol).toBe(version)
    expect(near.channelBindings).toEqual(types)
    expect(far.channelBindings).toEqual(types)
    for (const type of types) {
      expect(near.channelBinding(type)).toBeInstanceOf(Uint8Array)
      expect(Buffer.from(far.channelBinding(type)!)).toEqual(Buffer.from(near.channelBinding(type)!))
    }
    for (const type of ['tls-exporter', 'tls-unique'] as const) {
      if (!(types as readonly string[]).includes(type)) expect(near.channelBinding(type)).toBeUndefined()
    }
  })
})

test('clear bytes behind <starttls/> that wait in the socket are discarded (RFC 6120 §5.4.3.3)', async () => {
  const server = createTcp({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connectTcp((server.address() as AddressInfo).port, '127.0.0.1')
  const [raw] = (await once(server, 'connection')) as [Socket]
  const transport = new TcpTransport(raw)
  const sink = new Recorder()
  sink.onChunk = () => transport.pause()
  transport.start(sink)
  peer.write('<starttls/>')
  await sink.until(it => it.text === '<starttls/>')
  peer.write('<iq>injected</iq>')
  while (raw.readableLength === 0) await new Promise(setImmediate)
  transport.write('<proceed/>')
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  transport.resume()
  await once(peer, 'data')
  const secure = connectTls({ socket: peer, rejectUnauthorized: false })
  await upgrade
  secure.write('<stream>')
  await sink.until(it => it.messages.length === 2)
  expect(sink.messages).toEqual(['<starttls/>', '<stream>'])
  secure.destroy()
  transport.destroy()
  server.close()
})

test('what comes right behind the handshake is not lost, whatever was paused and resumed meanwhile', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  transport.pause()
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  transport.resume()
  transport.pause()
  transport.resume()
  const secure = connectTls({ socket: wire.peer, rejectUnauthorized: false })
  secure.write('<stream>') // waits in Node, and leaves together with the client's Finished
  await upgrade
  await sink.until(it => it.text === '<stream>')
  transport.pause()
  secure.write('<auth/>')
  await new Promise(setImmediate)
  expect(sink.text).toBe('<stream>')
  transport.resume()
  await sink.until(it => it.text === '<stream><auth/>')
  secure.destroy()
})

test('over TLS too write() turns false before a peer that stops reading, and drained() follows', async () => {
  await using pair = await upgraded()
  pair.near.pause()
  const block = 'x'.repeat(16_384)
  let written = 0
  do written += block.length
  while (pair.far.write(block))
  expect(pair.far.buffered).toBeLessThanOrEqual(65_536 + block.length)
  pair.near.resume()
  await pair.sinks.far.until(it => it.drains > 0)
  await pair.sinks.near.until(it => it.bytes === written)
})

test('what was written in clear before the upgrade leaves in clear, though the peer is slow to read', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  wire.peer.pause()
  const text = 'x'.repeat(8 * 1024 * 1024)
  transport.write(text)
  transport.write('<proceed/>')
  expect(transport.buffered).toBeGreaterThan(0)
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  expect(transport.write('<dropped/>')).toBe(true)
  wire.peer.write('<iq>injected while waiting</iq>')
  let received = 0
  const proceeded = new Promise<void>(resolve => {
    wire.peer.on('data', (bytes: Buffer) => {
      received += bytes.length
      if (received === text.length + '<proceed/>'.length) resolve()
    })
  })
  wire.peer.resume()
  await proceeded
  wire.peer.removeAllListeners('data')
  const secure = connectTls({ socket: wire.peer, rejectUnauthorized: false })
  await upgrade
  secure.write('<stream>')
  await sink.until(it => it.messages.length > 0)
  expect(sink).toMatchObject({ messages: ['<stream>'], drains: 1 })
  secure.destroy()
})

test.each([
  ['resets', (peer: Socket) => peer.resetAndDestroy()],
  ['never reads', () => {}],
])('an upgrade behind unsent text ends when the peer %s', async (_, act) => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  wire.peer.pause()
  transport.write('x'.repeat(8 * 1024 * 1024))
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test', handshakeTimeoutMs: 100 }))
  act(wire.peer)
  await expect(upgrade).rejects.toMatchObject({ name: 'TransportError' })
  await sink.until(it => it.closes.length === 1)
  expect(sink.closes).toMatchObject([{ name: 'TransportError' }])
})

test('close() and destroy() during the handshake reject the upgrade', async () => {
  for (const end of ['close', 'destroy'] as const) {
    await using wire = await loopback()
    const { transport, sink } = await wire.accepted
    const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
    transport[end]()
    await expect(upgrade).rejects.toMatchObject({ code: 'aborted' })
    await sink.until(it => it.closes.length === 1)
  }
})

test('clear bytes in place of a handshake refuse it, and reach nobody (RFC 6120 §5.4.3.2)', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  wire.peer.write('<iq>still in clear, and long enough to be a record</iq>')
  await expect(upgrade).rejects.toMatchObject({ name: 'TransportError', code: 'tls' })
  await sink.until(it => it.closes.length === 1)
  expect(sink.text).toBe('')
})

test('a server waits for the first flight, which then decides how much Node reads at once; what follows arrives whole', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const tls = serverTls({ contexts, defaultName: 'a.test' })
  const there: number[] = []
  const wrap = tls.wrap.bind(tls)
  tls.wrap = socket => {
    there.push(socket.readableLength)
    return wrap(socket)
  }
  const upgrade = transport.upgrade(tls)
  await new Promise(setImmediate)
  expect(there).toEqual([])
  const secure = connectTls({ socket: wire.peer, rejectUnauthorized: false })
  await upgrade
  expect(there).toEqual([expect.any(Number)])
  expect(there[0]).toBeGreaterThan(100)
  const text = 'x'.repeat(1_000_000)
  secure.write(text)
  await sink.until(it => it.bytes === text.length)
  secure.destroy()
})

test('a peer that leaves without a word in place of its first flight is told of as one that left', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  wire.peer.end()
  await expect(upgrade).rejects.toMatchObject({ code: 'reset' })
  await sink.until(it => it.closes.length === 1)
})

test('a peer that leaves during the handshake rejects the upgrade and is closed', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  wire.peer.destroy()
  await expect(upgrade).rejects.toMatchObject({ name: 'TransportError' })
  await sink.until(it => it.closes.length === 1)
})

test('a peer that never shakes hands is cut off', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const tls = serverTls({ contexts, defaultName: 'a.test', handshakeTimeoutMs: 40 })
  await expect(transport.upgrade(tls)).rejects.toMatchObject({ code: 'timeout' })
  await sink.until(it => it.closes.length === 1)
  expect(tls.handshakes.size).toBe(0)
})

test('a second upgrade, and one with foreign material, is refused', async () => {
  await using pair = await upgraded()
  await expect(pair.far.upgrade(pair.tls)).rejects.toMatchObject({ code: 'tls' })
  await using wire = await loopback()
  const { transport } = await wire.accepted
  await expect(transport.upgrade({ side: 'server' })).rejects.toMatchObject({ code: 'tls' })
})

test('a broken record after the handshake closes the connection', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  const upgrade = transport.upgrade(serverTls({ contexts, defaultName: 'a.test' }))
  const secure = connectTls({ socket: wire.peer, rejectUnauthorized: false })
  secure.on('error', () => {})
  await Promise.all([upgrade, once(secure, 'secureConnect')])
  // The clear socket below the client's TLS still writes to the wire.
  wire.peer.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40, 7)]))
  await sink.until(it => it.closes.length === 1)
  expect(sink.closes).toMatchObject([{ name: 'TransportError', code: 'tls' }])
})

describe('the client refuses a certificate (RFC 9525, RFC 6120 §13.7.2.1)', () => {
  test.each([
    ['for another domain', { domain: 'c.test', ca: [a.cert] }, /not issued for c\.test/],
    ['of an unknown issuer', { domain: 'a.test', ca: [b.cert] }, /DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY/],
  ])('%s', async (_, options, reason) => {
    await using pair = await upgraded({}, options)
    expect(pair.results[0]).toMatchObject({
      status: 'rejected',
      reason: { name: 'TransportError', code: 'certificate' },
    })
    expect((pair.results[0] as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(reason) as string,
    })
    await pair.sinks.near.until(it => it.closes.length === 1)
  })

  test('but tells and goes on when asked to', async () => {
    await using pair = await upgraded({}, { domain: 'c.test', rejectUnauthorized: false })
    expect(pair.near.tls).toMatchObject({ peerCertificateError: 'not issued for c.test' })
  })
})

describe('client certificates', () => {
  test.each([
    ['trusted', { requestCert: true, ca: romeo.cert }, { credential: romeo }, undefined, true],
    ['untrusted', { requestCert: true, ca: b.cert }, { credential: romeo }, 'DEPTH_ZERO_SELF_SIGNED_CERT', true],
    ['absent', { requestCert: true, ca: romeo.cert }, {}, 'no certificate was presented', false],
    ['not asked for', {}, { credential: romeo }, 'no certificate was asked for', false],
  ])('%s: the handshake succeeds and the verdict is told', async (_, server, client, error, present) => {
    await using pair = await upgraded(server, client)
    expect(pair.far.tls!.peerCertificateError).toBe(error)
    expect(pair.far.tls!.peerCertificate !== undefined).toBe(present)
    if (present) expect(Buffer.from(pair.far.tls!.peerCertificate!)).toEqual(new X509Certificate(romeo.cert).raw)
  })
})

describe('direct TLS (XEP-0368 §3)', () => {
  test.each([
    ['a.test', 'a.test'],
    ['B.test', 'b.test'],
    ['x.wild.test', 'b.test'],
    ['unknown.test', 'a.test'],
    [undefined, 'a.test'],
  ])('server name %s gets the certificate of %s', async (servername, expected) => {
    await using listener = await listen(
      { address: '127.0.0.1', port: 0, tls: serverTls({ contexts, defaultName: 'a.test' }) },
      transport => transport.start(new Recorder()),
    )
    const socket = await direct(listener.port, servername === undefined ? {} : { servername })
    expect(socket.getPeerX509Certificate()!.subject).toBe(`CN=${expected}`)
    socket.destroy()
  })

  test('one certificate serves every name, which is told all the same; a second one serves its own', async () => {
    const tls = serverTls({ contexts: { default: a }, defaultName: 'default' })
    const accepted: Transport[] = []
    await using listener = await listen({ address: '127.0.0.1', port: 0, tls }, transport => {
      accepted.push(transport)
      transport.start(new Recorder())
      transport.write('x')
    })
    const shown = async (servername?: string): Promise<string> => {
      const socket = await direct(listener.port, servername === undefined ? {} : { servername })
      const { subject } = socket.getPeerX509Certificate()!
      await once(socket, 'data')
      socket.destroy()
      return subject
    }
    const subjects = [await shown('b.test'), await shown()]
    tls.replace({ default: a, 'b.test': b })
    expect([...subjects, await shown('b.test')]).toEqual(['CN=a.test', 'CN=a.test', 'CN=b.test'])
    expect(accepted.map(it => it.tls!.serverName)).toEqual(['b.test', undefined, 'b.test'])
  })

  test('replace() serves new certificates to new connections, and a bad set changes nothing', async () => {
    const tls = serverTls({ contexts: { 'a.test': a }, defaultName: 'a.test' })
    const { promise, resolve } = Promise.withResolvers<Transport>()
    await using listener = await listen({ address: '127.0.0.1', port: 0, tls }, resolve)
    const renewed = selfSigned({ domains: ['a.test'] })
    tls.replace({ 'a.test': renewed })
    expect(() => tls.replace({ 'a.test': { cert: renewed.cert, key: a.key } })).toThrow(/key for a\.test/)
    expect(() => tls.replace({ 'b.test': b })).toThrow(/default name a\.test/)
    const socket = await direct(listener.port)
    expect(socket.getPeerX509Certificate()!.raw).toEqual(new X509Certificate(renewed.cert).raw)
    const expected = createHash('sha256').update(new X509Certificate(renewed.cert).raw).digest()
    expect(Buffer.from((await promise).tls!.channelBinding('tls-server-end-point')!)).toEqual(expected)
    socket.destroy()
  })

  test.each([
    [['xmpp-client'], 'xmpp-client'],
    [['h2', 'xmpp-client'], 'xmpp-client'],
    [undefined, undefined],
  ])('application protocols %j negotiate %s (RFC 7301)', async (ALPNProtocols, expected) => {
    const { promise, resolve } = Promise.withResolvers<Transport>()
    await using listener = await listen(
      { address: '127.0.0.1', port: 0, tls: serverTls({ contexts, defaultName: 'a.test' }) },
      resolve,
    )
    const socket = await direct(listener.port, ALPNProtocols === undefined ? {} : { ALPNProtocols })
    expect((await promise).tls!.alpn).toBe(expected)
    socket.destroy()
  })

  test('a client that wants only another protocol is refused (RFC 7301 §3.2)', async () => {
    await using listener = await listen(
      { address: '127.0.0.1', port: 0, tls: serverTls({ contexts, defaultName: 'a.test' }) },
      () => {},
    )
    await expect(direct(listener.port, { ALPNProtocols: ['h2'] })).rejects.toThrow()
  })

  test('a resumed session is told, and offers no tls-unique (RFC 5929 §3, RFC 7677 §4)', async () => {
    const tls = serverTls({ contexts, defaultName: 'a.test', maxVersion: 'TLSv1.2', tlsUnique: true })
    const accepted: Transport[] = []
    await using listener = await listen({ address: '127.0.0.1', port: 0, tls }, transport => {
      accepted.push(transport)
      transport.start(new Recorder())
      transport.write('x')
    })
    const first = await direct(listener.port)
    await once(first, 'data')
    const session = first.getSession()!
    const second = await direct(listener.port, { session })
    await once(second, 'data')
    expect(accepted.map(it => [it.tls!.resumed, it.tls!.channelBindings])).toEqual([
      [false, ['tls-unique', 'tls-server-end-point']],
      [true, ['tls-server-end-point']],
    ])
    first.destroy()
    second.destroy()
  })

  test('TLS 1.1 and older are refused (RFC 9325 §3.1.1)', async () => {
    await using listener = await listen(
      { address: '127.0.0.1', port: 0, tls: serverTls({ contexts, defaultName: 'a.test' }) },
      () => {},
    )
    const options: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(direct(listener.port, options)).rejects.toThrow()
  })
})
