/** A connection that says anything at all, also what no client would. */

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { within } from '../crash/within.ts'

const PATIENCE_MS = 40_000
/** Of what arrives, the last characters are kept. */
const KEPT = 20_000

/** Where an abuser comes from: not from where the others do, so that what an address is refused for is not held against them. */
const ABUSER = '127.0.0.66'

/** One TCP connection. */
export class Raw {
  socket: Socket
  /** The end of what arrived. */
  text = ''
  readonly closed: Promise<void>
  over = false
  #wake: (() => void) | undefined

  constructor(port: number, options: { readonly silent?: boolean; readonly address?: string } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: options.address ?? ABUSER, noDelay: true })
    this.closed = new Promise(resolve => {
      this.socket.once('close', () => {
        this.over = true
        this.#wake?.()
        resolve()
      })
    })
    this.socket.on('error', () => {})
    if (!options.silent) this.socket.on('data', chunk => this.#arrived(chunk))
  }

  #arrived(chunk: Buffer): void {
    this.text = (this.text + chunk.toString('latin1')).slice(-KEPT)
    this.#wake?.()
  }

  async connected(): Promise<this> {
    if (this.socket.connecting)
      await new Promise<void>((resolve, reject) => {
        this.socket.once('connect', resolve)
        this.socket.once('error', reject)
      })
    return this
  }

  send(bytes: string | Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  /** Waits for what matches. */
  async expect(pattern: RegExp, ms = PATIENCE_MS): Promise<RegExpExecArray> {
    const search = async (): Promise<RegExpExecArray> => {
      for (;;) {
        const match = pattern.exec(this.text)
        if (match) return match
        if (this.over) throw new Error(`Closed before ${String(pattern)}: ${this.text.slice(-600)}`)
        await new Promise<void>(resolve => (this.#wake = resolve))
      }
    }
    return within(ms, String(pattern), search())
  }

  /** The server ends the connection; gives what it said. */
  async ended(ms = PATIENCE_MS): Promise<string> {
    await within(ms, 'The server ends the connection', this.closed)
    return this.text
  }

  /** Encrypts the connection. */
  async secure(): Promise<void> {
    this.socket.removeAllListeners('data')
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false })
    secure.on('error', () => {})
    secure.on('data', (chunk: Buffer) => this.#arrived(chunk))
    this.socket = secure
    await new Promise<void>(resolve => secure.once('secureConnect', resolve))
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** A stream header for `domain`. */
export function header(domain: string): string {
  return `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
}

/** One WebSocket frame of a client (RFC 6455 §5.2), masked with zeros. */
export function frame(opcode: number, payload: string | Uint8Array, options: { readonly more?: boolean } = {}): Buffer {
  const data = Buffer.from(payload)
  const first = (options.more ? 0 : 0x80) | opcode
  const mask = Buffer.alloc(4)
  if (data.length < 126) return Buffer.concat([Buffer.from([first, 0x80 | data.length]), mask, data])
  const length = Buffer.alloc(data.length < 65_536 ? 2 : 8)
  if (data.length < 65_536) length.writeUInt16BE(data.length)
  else length.writeBigUInt64BE(BigInt(data.length))
  return Buffer.concat([Buffer.from([first, 0x80 | (data.length < 65_536 ? 126 : 127)]), length, mask, data])
}

/** The request for a WebSocket. */
export function upgrade(path = '/ws'): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n'
  )
}
