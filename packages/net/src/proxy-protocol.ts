/** The PROXY protocol, versions 1 and 2: what a TCP proxy says about its client before the client's own bytes. */
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { Endpoint } from '@tercet/stream'
import { Deadlines } from './deadlines.ts'
import { remoteEnd } from './endpoint.ts'
import { TransportError, transportError } from './error.ts'

/** What a header says. */
export interface ProxyHeader {
  /** Bytes of it; the client's follow. */
  readonly length: number
  /** The client; undefined: the proxy speaks for itself, or does not know (§2.1, §2.2). */
  readonly source: Endpoint | undefined
}

/** §2.2: what no other protocol begins with. */
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
/** §2.1: the longest line, with its end. */
const MAX_LINE = 107
/** Addresses and additions of version 2 that we read past; proxies send a few hundred bytes at most. */
const MAX_BLOCK = 4096
const HEADER_MS = 5000

const LINE = /^PROXY (?:(UNKNOWN)(?: .*)?|(TCP4|TCP6) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (\d{1,5}) (\d{1,5}))$/

const late = new Deadlines<Socket>(HEADER_MS, socket => socket.destroy())

/**
 * Reads the header at the beginning of a connection.
 *
 * @returns undefined: there has to be more of it
 * @throws {TransportError} `protocol`: it is none
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  const isBinary = bytes[0] === SIGNATURE[0]
  const expected = isBinary ? SIGNATURE : PROXY
  for (let i = 0; i < Math.min(bytes.length, expected.length); i++)
    if (bytes[i] !== expected[i]) throw new TransportError('protocol', 'The proxy sent no PROXY header')
  if (bytes.length < expected.length) return undefined
  return isBinary ? readBinary(bytes) : readLine(bytes)
}

const PROXY = new TextEncoder().encode('PROXY ')

function readLine(bytes: Uint8Array): ProxyHeader | undefined {
  const end = bytes.subarray(0, MAX_LINE).indexOf(0x0a)
  if (end < 0) {
    if (bytes.length < MAX_LINE) return undefined
    throw malformed()
  }
  const text = Buffer.from(bytes.subarray(0, end)).toString('latin1')
  const [, unknown, family, source = '', , port] = LINE.exec(text.replace(/\r$/, '')) ?? []
  if (!text.endsWith('\r')) throw malformed()
  if (unknown !== undefined) return { length: end + 1, source: undefined }
  if (isIP(source) !== (family === 'TCP4' ? 4 : 6) || Number(port) > 65_535) throw malformed()
  return { length: end + 1, source: { address: source, port: Number(port) } }
}

function readBinary(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length < 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const command = view.getUint8(12)
  const family = view.getUint8(13)
  const size = view.getUint16(14)
  if ((command !== 0x20 && command !== 0x21) || size > MAX_BLOCK) throw malformed()
  const length = 16 + size
  if (bytes.length < length) return undefined
  // LOCAL: the proxy itself, to see whether we are alive. Others than TCP: not known.
  if (command === 0x20) return { length, source: undefined }
  if (family === 0x11) {
    if (size < 12) throw malformed()
    return { length, source: { address: bytes.subarray(16, 20).join('.'), port: view.getUint16(24) } }
  }
  if (family === 0x21) {
    if (size < 36) throw malformed()
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(16 + 2 * i).toString(16))
    // The spelling that everybody else uses.
    const address = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
    return { length, source: { address: plain(address), port: view.getUint16(48) } }
  }
  return { length, source: undefined }
}

/** IPv4 in its IPv6 spelling, as URLs write it: `::ffff:c000:201`. */
function plain(address: string): string {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? []
  if (high === undefined || low === undefined) return address
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

function malformed(): TransportError {
  return new TransportError('protocol', 'The proxy sent a malformed PROXY header')
}

/**
 * Takes the header off a connection that has just been accepted; the client's bytes stay for whoever reads next.
 *
 * @returns the client, or the proxy where that speaks for itself
 * @throws {TransportError} `protocol` · `reset`: the proxy left, or took more than 5 seconds
 */
export function clientBehind(socket: Socket): Promise<Endpoint> {
  const { promise, resolve, reject } = Promise.withResolvers<Endpoint>()
  const proxy = remoteEnd(socket)
  let got: Buffer = Buffer.alloc(0)
  late.add(socket)
  const settle = (settled: () => void): void => {
    late.delete(socket)
    socket.off('readable', readable).off('error', failed).off('end', closed).off('close', closed)
    settled()
  }
  const refuse = (error: unknown): void =>
    settle(() => {
      // It must not be heard as an error of a socket that nobody has.
      socket.on('error', () => {})
      socket.destroy()
      reject(transportError(error))
    })
  const closed = (): void => refuse(new TransportError('reset', 'The proxy sent no PROXY header in time'))
  const failed = (error: Error): void => refuse(error)
  const readable = (): void => {
    try {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) got = Buffer.concat([got, chunk])
      const header = got.length === 0 ? undefined : readProxyHeader(got)
      if (!header) return
      const rest = got.subarray(header.length)
      settle(() => {
        if (rest.length > 0) socket.unshift(rest)
        resolve(header.source ?? proxy)
      })
    } catch (error) {
      refuse(error)
    }
  }
  socket.on('readable', readable).once('error', failed).once('end', closed).once('close', closed)
  return promise
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null // no encoding is set on a socket that was just accepted
}
