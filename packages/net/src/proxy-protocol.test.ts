import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Transport, TransportSink } from '@tercet/stream'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { TransportError } from './error.ts'
import { listen, type Listener } from './listen.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { selfSigned } from './self-signed.ts'
import { serverTls } from './tls.ts'

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const signature = '\r\n\r\n\0\r\nQUIT\n'

/** Version 2: command and family, the length of what follows, and that. */
function binary(command: number, family: number, block: Uint8Array, length = block.length): Buffer {
  return Buffer.concat([latin1(signature), Buffer.from([command, family, length >> 8, length & 255]), block])
}
const ipv4 = Buffer.from([203, 0, 113, 1, 192, 0, 2, 1, 0x12, 0x34, 0x14, 0x66])
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.alloc(16),
  Buffer.from([0x12, 0x34, 0x14, 0x66]),
])
const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffcb007101', 'hex'), Buffer.alloc(20)])

const headers: readonly (readonly [string, Buffer, unknown])[] = [
  ['TCP4', latin1('PROXY TCP4 203.0.113.1 192.0.2.1 4660 5222\r\n'), { address: '203.0.113.1', port: 4660 }],
  ['TCP6', latin1('PROXY TCP6 2001:db8::1 2001:db8::2 4660 5222\r\n'), { address: '2001:db8::1', port: 4660 }],
  ['UNKNOWN', latin1('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with words', latin1('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), undefined],
  ['binary IPv4', binary(0x21, 0x11, ipv4), { address: '203.0.113.1', port: 4660 }],
  ['binary IPv6', binary(0x21, 0x21, ipv6), { address: '2001:db8::1', port: 4660 }],
  ['binary IPv4 as IPv6', binary(0x21, 0x21, mapped), { address: '203.0.113.1', port: 0 }],
  [
    'binary with additions',
    binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(100)])),
    { address: '203.0.113.1', port: 4660 },
  ],
  ['LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['a UNIX socket', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
]

describe('reading a header', () => {
  test.each(headers)('%s, cut at every byte, with and without what follows', (_, header, source) => {
    for (let length = 0; length < header.length; length++)
      expect(readProxyHeader(header.subarray(0, length))).toBeUndefined()
    expect(readProxyHeader(header)).toEqual({ length: header.length, source })
    expect(readProxyHeader(Buffer.concat([header, latin1('<?xml')]))).toEqual({ length: header.length, source })
  })

  test.each([
    ['a stream', latin1('<?xml version')],
    ['TLS', Buffer.from([0x16, 3, 1])],
    ['a word', latin1('PROXYTCP4')],
    ['a line without CR', latin1('PROXY TCP4 203.0.113.1 192.0.2.1 1 2\n')],
    ['a line without an end', latin1(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['another family', latin1('PROXY UDP4 203.0.113.1 192.0.2.1 1 2\r\n')],
    ['an address of the other family', latin1('PROXY TCP4 2001:db8::1 192.0.2.1 1 2\r\n')],
    ['no address', latin1('PROXY TCP4 999.0.0.1 192.0.2.1 1 2\r\n')],
    ['no port', latin1('PROXY TCP4 203.0.113.1 192.0.2.1 99999 2\r\n')],
    ['version 3', binary(0x31, 0x11, ipv4)],
    ['another command', binary(0x22, 0x11, ipv4)],
    ['too short a block', binary(0x21, 0x11, ipv4.subarray(0, 4))],
    ['too long a block', binary(0x21, 0x11, ipv4, 60_000)],
    ['a signature that is none', latin1('\r\n\r\nGET /')],
  ])('refused: %s', (_, bytes) => expect(() => readProxyHeader(bytes)).toThrow(TransportError))

  test('any bytes are a header, the beginning of one, or refused', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'PROXY ', signature), fc.uint8Array({ maxLength: 300 }), (start, bytes) => {
        const all = Buffer.concat([latin1(start), bytes])
        try {
          expect(readProxyHeader(all)?.length ?? 0).toBeLessThanOrEqual(all.length)
        } catch (error) {
          expect(error).toBeInstanceOf(TransportError)
        }
      }),
    )
  })
})

describe('SEC-05: a listener behind a proxy', () => {
  let listener: Listener
  const transports: Transport[] = []
  const errors: TransportError[] = []
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const transport of transports.splice(0)) transport.destroy()
    for (const socket of sockets.splice(0)) socket.destroy()
    errors.length = 0
    await listener.close()
  })

  async function start(options: { isProxy?: boolean; tls?: boolean } = {}): Promise<void> {
    const { isProxy = true, tls = false } = options
    const certificate = selfSigned({ domains: ['a.test'] })
    listener = await listen(
      {
        address: '127.0.0.1',
        port: 0,
        proxies: address => isProxy && address === '127.0.0.1',
        onError: error => errors.push(error),
        ...(tls ? { tls: serverTls({ contexts: { 'a.test': certificate }, defaultName: 'a.test' }) } : {}),
      },
      transport => transports.push(transport),
    )
  }
  function dial(): Socket {
    const socket = connect(listener.port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    return socket
  }
  async function firstChunk(transport: Transport): Promise<string> {
    return new Promise(resolve => {
      const sink: TransportSink = {
        chunk: bytes => resolve(Buffer.from(bytes).toString()),
        drained() {},
        ended() {},
        closed() {},
      }
      transport.start(sink)
    })
  }

  test.each(headers.slice(0, 8))(
    'the client is who the proxy says, and its bytes follow: %s',
    async (_, header, source) => {
      await start()
      dial().write(Buffer.concat([header, latin1('<stream>')]))
      await expect.poll(() => transports.length).toBe(1)
      expect(transports[0]!.remote).toMatchObject((source as object | undefined) ?? { address: '127.0.0.1' })
      expect(await firstChunk(transports[0]!)).toBe('<stream>')
    },
  )

  test('a header in single bytes', async () => {
    await start()
    const socket = dial()
    for (const byte of headers[0]![1]) {
      socket.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    await expect.poll(() => transports[0]?.remote.address).toBe('203.0.113.1')
  })

  test('who comes from a proxy without a header is not let in', async () => {
    await start()
    const socket = dial()
    socket.write('<stream>')
    await once(socket, 'close')
    expect([transports.length, errors[0]?.code]).toEqual([0, 'protocol'])
  })

  test('who is no proxy is himself, and a header of his is his own talk', async () => {
    await start({ isProxy: false })
    dial().write(headers[0]![1])
    await expect.poll(() => transports.length).toBe(1)
    expect(transports[0]!.remote.address).toBe('127.0.0.1')
    expect(await firstChunk(transports[0]!)).toMatch(/^PROXY TCP4/)
  })

  test('a proxy that leaves in the middle is an error, and no connection', async () => {
    await start()
    const socket = dial()
    await once(socket, 'connect')
    socket.write('PROXY TC')
    socket.destroy()
    await expect.poll(() => errors.length).toBe(1)
    expect(transports).toEqual([])
  })

  test('direct TLS begins behind the header', async () => {
    await start({ tls: true })
    const { connect: secure } = await import('node:tls')
    const socket = dial()
    await once(socket, 'connect')
    socket.write(headers[4]![1])
    const encrypted = secure({ socket, servername: 'a.test', rejectUnauthorized: false })
    await once(encrypted, 'secureConnect')
    await expect.poll(() => transports.length).toBe(1)
    expect([transports[0]!.remote.address, transports[0]!.tls?.serverName]).toEqual(['203.0.113.1', 'a.test'])
  })
})
