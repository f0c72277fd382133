import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Transport } from '@tercet/stream'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Recorder } from './loopback.fixture.ts'
import { selfSigned } from './self-signed.ts'
import { dialWebSocket, webSocketAcceptor, type WebSocketOptions } from './websocket.ts'

const loopbackCertificate = selfSigned({ domains: ['localhost'] })

/** An HTTP server that accepts XMPP WebSockets; accepted transports are started on a recorder. */
async function served(options: WebSocketOptions = {}, server: Server = createServer()) {
  const { promise, resolve } = Promise.withResolvers<{ transport: Transport; sink: Recorder }>()
  const acceptor = webSocketAcceptor(options, transport => {
    const sink = new Recorder()
    transport.start(sink)
    resolve({ transport, sink })
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('upgrade', acceptor.accept).listen(0, 'localhost')
  await once(server, 'listening')
  return {
    url: `localhost:${(server.address() as AddressInfo).port}`,
    accepted: promise,
    async [Symbol.asyncDispose]() {
      acceptor[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise(done => server.close(done))
    },
  }
}

/** Dials with our client, started on a recorder. */
async function dialled(url: string) {
  const transport = await dialWebSocket(`ws://${url}`)
  const sink = new Recorder()
  transport.start(sink)
  return { transport, sink }
}

/** The status that an upgrade request gets. */
async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const [host, port] = url.split(':')
  const { promise, resolve } = Promise.withResolvers<number>()
  request({
    host,
    port,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  })
    .on('response', response => resolve(response.statusCode!))
    .on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode!)
    })
    .end()
  return promise
}

test('one message is one chunk, both ways (RFC 7395 §3.3.3)', async () => {
  await using server = await served()
  const client = await dialled(server.url)
  const { transport, sink } = await server.accepted
  client.transport.write('<open/>')
  client.transport.write('<message>ü</message>')
  await sink.until(it => it.messages.length === 2)
  expect(sink.messages).toEqual(['<open/>', '<message>ü</message>'])
  transport.write('<features/>')
  await client.sink.until(it => it.text === '<features/>')
  expect(transport).toMatchObject({
    framing: 'websocket',
    tls: undefined,
    local: { port: Number(server.url.split(':')[1]) },
  })
  expect(transport.remote).toEqual(client.transport.local)
  await expect(transport.upgrade({ side: 'server' })).rejects.toMatchObject({ code: 'tls' })
})

test('the closing handshake ends both sides without an error (RFC 7395 §3.6)', async () => {
  await using server = await served()
  const client = await dialled(server.url)
  const { transport, sink } = await server.accepted
  transport.write('<close/>')
  transport.close()
  transport.close()
  await Promise.all([sink.until(it => it.closes.length > 0), client.sink.until(it => it.closes.length > 0)])
  expect(client.sink.text).toBe('<close/>')
  expect([...sink.closes, ...client.sink.closes]).toEqual([undefined, undefined])
})

test('destroy() is no error here and a reset there', async () => {
  await using server = await served()
  const client = await dialled(server.url)
  const { transport, sink } = await server.accepted
  transport.destroy()
  await Promise.all([sink.until(it => it.closes.length > 0), client.sink.until(it => it.closes.length > 0)])
  expect(sink.closes).toEqual([undefined])
  expect(client.sink.closes).toMatchObject([{ code: 'reset' }])
})

describe('the handshake is refused', () => {
  const allowed = 'https://chat.example.org'
  test.each([
    ['without a sub-protocol (RFC 7395 §3.1)', {}, 400],
    ['for another sub-protocol (RFC 7395 §3.1)', { 'Sec-WebSocket-Protocol': 'mqtt, xmpp-framing' }, 400],
    ['from another origin (RFC 6455 §10.2)', { 'Sec-WebSocket-Protocol': 'xmpp', Origin: 'https://evil.example' }, 403],
    ['with an old version (RFC 6455 §4.4)', { 'Sec-WebSocket-Protocol': 'xmpp', 'Sec-WebSocket-Version': '7' }, 400],
    ['with a broken key (RFC 6455 §4.2.1)', { 'Sec-WebSocket-Protocol': 'xmpp', 'Sec-WebSocket-Key': 'x' }, 400],
  ])('%s', async (_, headers, status) => {
    await using server = await served({ origins: [allowed] })
    expect(await statusOf(server.url, headers as Record<string, string>)).toBe(status)
  })

  test.each([
    ['among others', { 'Sec-WebSocket-Protocol': 'mqtt, xmpp' }],
    ['from an allowed origin', { 'Sec-WebSocket-Protocol': 'xmpp', Origin: allowed }],
  ])('but not when xmpp is offered %s', async (_, headers) => {
    await using server = await served({ origins: [allowed] })
    expect(await statusOf(server.url, headers as Record<string, string>)).toBe(101)
  })
})

describe('what a peer may not send', () => {
  test.each([
    ['a binary message (RFC 7395 §3.2)', (ws: WebSocket) => ws.send(Buffer.from('<open/>')), 1003, 'protocol'],
    ['a message above the limit', (ws: WebSocket) => ws.send('x'.repeat(1001)), 1009, 'message-too-large'],
    [
      'fragments that add up above the limit (RFC 6455 §5.4)',
      (ws: WebSocket) => {
        for (let count = 0; count < 11; count++) ws.send('x'.repeat(100), { fin: false })
      },
      1009,
      'message-too-large',
    ],
    [
      'text that is not UTF-8 (RFC 6455 §8.1)',
      (ws: WebSocket) => ws.send(Buffer.from([0xff]), { binary: false }),
      1007,
      'protocol',
    ],
  ])('%s', async (_, send, status, code) => {
    await using server = await served({ maxMessageBytes: 1000 })
    const ws = new WebSocket(`ws://${server.url}`, ['xmpp'])
    await once(ws, 'open')
    const { sink } = await server.accepted
    send(ws)
    const [closed] = (await once(ws, 'close')) as [number]
    expect(closed).toBe(status)
    await sink.until(it => it.closes.length > 0)
    expect(sink).toMatchObject({ text: '', closes: [{ name: 'TransportError', code }] })
  })
})

test('a peer that stops reading: write() turns false, memory is bounded by what was written, drained() follows', async () => {
  await using server = await served()
  const client = await dialled(server.url)
  const { transport, sink } = await server.accepted
  client.transport.pause()
  const block = 'x'.repeat(16_384)
  let written = 0
  do written += block.length
  while (transport.write(block))
  expect(transport.buffered).toBeGreaterThan(0)
  expect(transport.buffered).toBeLessThan(2 * 65_536 + 16_384)
  client.transport.resume()
  await Promise.all([sink.until(it => it.drains === 1), client.sink.until(it => it.bytes === written)])
  expect(transport.buffered).toBe(0)
})

test('pause() inside a chunk holds the messages of the same read', async () => {
  await using server = await served()
  const client = await dialled(server.url)
  const { transport, sink } = await server.accepted
  sink.onChunk = () => {
    transport.pause()
    setImmediate(() => {
      seen.push(sink.messages.length)
      transport.resume()
    })
  }
  const seen: number[] = []
  for (const name of ['a', 'b', 'c', 'd']) client.transport.write(`<${name}/>`)
  await sink.until(it => it.messages.length === 4)
  expect(sink.messages).toEqual(['<a/>', '<b/>', '<c/>', '<d/>'])
  expect(seen).toEqual([1, 2, 3])
})

test('a peer that stays silent after a ping is dropped; one that answers lives (RFC 6455 §5.5.2)', async () => {
  await using server = await served({ pingMs: 30 })
  const ws = new WebSocket(`ws://${server.url}`, ['xmpp'], { autoPong: false })
  const { sink } = await server.accepted
  let pings = 0
  const answering = new Promise<void>(resolve =>
    ws.on('ping', () => {
      if (++pings === 4) resolve()
      if (pings < 4) ws.pong()
    }),
  )
  await answering
  expect(sink.closes).toEqual([])
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toMatchObject([{ code: 'timeout' }])
})

test('over TLS both ends know its facts, and the same channel bindings', async () => {
  const server = createSecureServer({ cert: loopbackCertificate.cert, key: loopbackCertificate.key })
  await using secure = await served({}, server)
  const near = await dialWebSocket(`wss://${secure.url}`, { ca: loopbackCertificate.cert })
  near.start(new Recorder())
  const { transport: far } = await secure.accepted
  expect(near.tls).toMatchObject({
    protocol: 'TLSv1.3',
    peerCertificateError: undefined,
    peerCertificate: expect.any(Uint8Array) as Uint8Array,
  })
  for (const type of ['tls-exporter', 'tls-server-end-point'] as const) {
    expect(far.tls!.channelBinding(type)).toEqual(near.tls!.channelBinding(type))
  }
})

describe('dialWebSocket refuses', () => {
  test('a certificate that is not trusted', async () => {
    const server = createSecureServer({ cert: loopbackCertificate.cert, key: loopbackCertificate.key })
    await using secure = await served({}, server)
    await expect(dialWebSocket(`wss://${secure.url}`)).rejects.toMatchObject({ code: 'certificate' })
  })

  test('a server without the sub-protocol (RFC 7395 §3.1)', async () => {
    const server = createServer((_, response) => response.writeHead(404).end())
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const url = `ws://localhost:${(server.address() as AddressInfo).port}`
    await expect(dialWebSocket(url)).rejects.toMatchObject({ name: 'TransportError', code: 'protocol' })
    server.close()
  })

  test.each([
    ['what is no address', 'nonsense', {}, 'protocol'],
    ['an aborted call', 'ws://localhost:1', { signal: AbortSignal.abort() }, 'aborted'],
  ])('%s', async (_, url, options, code) => {
    await expect(dialWebSocket(url, options)).rejects.toMatchObject({ code })
  })

  test('a server that does not answer in time, and one that the caller gave up', async () => {
    const server = createServer().on('upgrade', () => {})
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const url = `ws://localhost:${(server.address() as AddressInfo).port}`
    await expect(dialWebSocket(url, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    await expect(dialWebSocket(url, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'aborted' })
    server.close()
    server.closeAllConnections()
  })
})

describe('what a hostile client does', () => {
  /** A client that writes frames by hand, and reads only when it is told to. */
  async function byHand(url: string, path = '/'): Promise<Socket> {
    const [host = '', port = ''] = url.split(':')
    const socket = connect({ host, port: Number(port), allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${url}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n',
    )
    await once(socket, 'data')
    return socket
  }

  /** A masked frame of a short text. */
  const frame = (first: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])

  test('a flood of pings is answered no more often than the peer reads (RFC 6455 §5.5.3)', async () => {
    await using server = await served()
    const socket = await byHand(server.url)
    const { transport } = await server.accepted
    socket.pause()
    const some = Buffer.concat(Array.from({ length: 1000 }, () => frame(0x89, 'a'.repeat(125))))
    for (let sent = 0; sent < 100; sent++) await new Promise<void>(resolve => void socket.write(some, () => resolve()))
    expect(transport.buffered).toBeLessThan(131_072)
    // The last one is answered all the same, once it reads again.
    let read = ''
    socket.on('data', chunk => (read += chunk.toString('latin1'))).resume()
    socket.write(frame(0x89, 'still here'))
    await expect.poll(() => read.includes('still here')).toBe(true)
    socket.destroy()
  })

  test('a message in more fragments than anybody needs ends the connection', async () => {
    await using server = await served()
    const socket = await byHand(server.url)
    await server.accepted
    let read = ''
    socket.on('data', chunk => (read += chunk.toString('latin1')))
    socket.write(frame(0x01, 'a'))
    socket.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(0x00, 'a'))))
    // A close frame with status 1008 (RFC 6455 §7.4.1).
    await expect.poll(() => read.includes('\x03\xf0')).toBe(true)
    socket.destroy()
  })

  test('who is refused and does not close its side keeps no connection', async () => {
    await using server = await served({ origins: [] })
    const [host = '', port = ''] = server.url.split(':')
    const socket = connect({ host, port: Number(port), allowHalfOpen: true })
    socket.on('error', () => {}).resume()
    const closed = once(socket, 'end')
    socket.write(
      'GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    await closed
    // The server has let go of it: what comes later is answered with a reset.
    await expect
      .poll(() => {
        socket.write('a')
        return socket.destroyed
      })
      .toBe(true)
  })
})
