/** One connection of a play: bytes to a server under test and what it says, item by item. RFC 6120 §§3–5. */
import { createHash } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { Inbox } from './inbox.ts'
import type { Line } from './inbox.ts'
import { StreamReader } from './xml.ts'
import type { StreamSink } from './xml.ts'

/** A certificate and its key, PEM. */
export interface Credential {
  readonly cert: string
  readonly key: string
}

/** Where to connect, and how. */
export interface Destination {
  readonly host: string
  readonly port: number
  /** Server name for SNI; TLS from the first byte when `tls`. */
  readonly domain: string
  readonly tls: boolean
  /** The content namespace. Default `jabber:client`. */
  readonly ns?: string
  /** For direct TLS. Default `xmpp-client`. */
  readonly alpn?: string
  /** Renames accounts in the values of what was read. */
  readonly readAs: (text: string) => string
  /** What is shown to a server that asks for a certificate. */
  readonly credential?: Credential | undefined
}

/** A stream over TCP, with TLS from the start or later. */
export class Wire implements Line {
  readonly inbox: Inbox
  readonly #destination: Destination
  #socket: Socket
  #reader: StreamReader | undefined
  #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #restartAtHeader = true
  #broken = false
  #begins = true
  #accepted = false

  private constructor(socket: Socket, destination: Destination) {
    this.#socket = socket
    this.#destination = destination
    this.inbox = new Inbox(destination.readAs)
    this.#listen()
  }

  /** Connects. @throws {Error} the server cannot be reached */
  static async open(destination: Destination): Promise<Wire> {
    const { host, port } = destination
    const socket = connectTcp({ host, port, noDelay: true })
    await settled(socket, 'connect')
    const wire = new Wire(socket, destination)
    if (destination.tls) await wire.upgrade([destination.alpn ?? 'xmpp-client'])
    return wire
  }

  /** A connection that the server under test has made to us. */
  static accept(socket: Socket, destination: Pick<Destination, 'readAs' | 'credential' | 'domain' | 'ns'>): Wire {
    const wire = new Wire(socket, { host: '', port: 0, tls: false, ...destination })
    wire.#accepted = true
    socket.resume() // it waited for us
    return wire
  }

  /** Takes TLS onto this connection; any certificate will do. */
  async upgrade(alpn: string[] = []): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners()
    const { domain, credential = {} } = this.#destination
    const trust = { rejectUnauthorized: false, ...credential }
    const secure = this.#accepted
      ? new TLSSocket(plain, { isServer: true, requestCert: true, ...trust })
      : connectTls({ socket: plain, servername: domain, ALPNProtocols: alpn, ...trust })
    this.#socket = secure
    await settled(secure, this.#accepted ? 'secure' : 'secureConnect')
    this.#restartAtHeader = true
    this.#listen()
  }

  /** Writes and waits until the bytes are given to the kernel. */
  async write(data: string | Uint8Array): Promise<void> {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    // A stream that starts anew is a new document for its reader too.
    if (!this.#accepted && /<(\w+:)?stream[\s>]/.test(text)) this.#restartAtHeader = true
    if (this.#restartAtHeader && !this.#broken && !this.#accepted) this.#renew()
    if (!this.#socket.writable) return
    await new Promise<void>(resolve => this.#socket.write(data, () => resolve()))
  }

  /**
   * Channel-binding data of this connection: `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929 §4).
   *
   * @throws {Error} there is no TLS, or the type is another
   */
  channelBinding(type: string): Buffer {
    if (!(this.#socket instanceof TLSSocket)) throw new Error('there is no TLS to bind to')
    if (type === 'tls-exporter')
      return this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    const certificate = this.#socket.getPeerX509Certificate()
    // Our test certificates are signed with SHA-256, which is then the hash to use.
    if (type === 'tls-server-end-point' && certificate) return createHash('sha256').update(certificate.raw).digest()
    throw new Error(`no channel binding of type ${type}`)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends our side in order (TLS close_notify and FIN). */
  end(): void {
    this.#socket.end()
  }

  /** Drops the connection without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  #renew(): void {
    this.#restartAtHeader = false
    this.#begins = true
    this.#decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const sink: StreamSink = {
      header: element => this.inbox.push({ kind: 'header', element }),
      element: element => this.inbox.push({ kind: 'element', element }),
      text: text => this.inbox.push({ kind: 'broken', reason: `text between stanzas: ${text}` }),
      close: () => this.inbox.push({ kind: 'close' }),
    }
    this.#reader = new StreamReader(sink, this.#destination.ns)
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('data', chunk => this.#read(chunk))
    socket.on('error', () => this.inbox.finish())
    socket.on('end', () => this.inbox.finish())
    socket.on('close', () => this.inbox.finish())
  }

  #read(chunk: Uint8Array): void {
    if (this.#broken) return
    // Whoever connected to us says when its document starts anew.
    const again = this.#accepted && (this.#restartAtHeader || Buffer.from(chunk).includes('<stream:stream'))
    if (!this.#reader || again) this.#renew()
    try {
      const text = this.#decoder.decode(chunk, { stream: true })
      if (this.#begins && text.startsWith('\uFEFF')) throw new Error('a byte order mark was sent (RFC 6120 §11.6)')
      this.#begins = false
      this.#reader?.write(text)
    } catch (cause) {
      this.#broken = true
      this.inbox.push({ kind: 'broken', reason: cause instanceof Error ? cause.message : String(cause) })
    }
  }
}

function settled(socket: Socket, event: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
    socket.once('error', reject)
    socket.setTimeout(10_000, () => reject(new Error(`no ${event} within 10 s`)))
  }).then(() => void socket.setTimeout(0))
}
