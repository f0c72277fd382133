/** A WebSocket as a {@link Transport}: one message is one stanza or framing element (RFC 7395). */
import type { X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Endpoint, TlsInfo, Transport, TransportSink } from '@tercet/stream'
import type { WebSocket } from 'ws'
import { localEnd, remoteEnd } from './endpoint.ts'
import { TransportError, transportError } from './error.ts'
import { tlsServerEndPoint, tlsServerEndPointOf } from './channel-binding.ts'
import { SocketTlsInfo, tlsElsewhere } from './tls-info.ts'
import { chainError } from './tls.ts'

/** How long the closing handshake may take before the connection is dropped. */
export const CLOSE_MS = 5_000

/** Text waiting beyond this many bytes makes write() return false. */
const HIGH_WATER_BYTES = 65_536

const kOwner = Symbol('transport')
type Owned = WebSocket & { [kOwner]: WebSocketTransport }

/** What the makers of a {@link WebSocketTransport} know about it. */
export interface WebSocketTransportOptions {
  readonly side: 'server' | 'client'
  /** The far end behind a proxy, and whether the way to it is encrypted, when these are not the socket's. */
  readonly through?: { readonly remote: Endpoint; readonly encrypted: boolean } | undefined
  /** Called once when the connection is gone. */
  readonly gone?: (transport: WebSocketTransport) => void
  /** What TLS brought, when the maker of the socket knows better. */
  readonly tls?: TlsInfo | undefined
}

/** One WebSocket connection. */
export class WebSocketTransport implements Transport {
  readonly remote: Endpoint
  readonly local: Endpoint
  readonly tls: TlsInfo | undefined
  readonly #ws: WebSocket
  #sink: TransportSink | undefined
  #error: Error | undefined
  #closed = false
  #dropped = false
  #paused = false
  #full = false
  /** The peer was heard since the last ping. */
  #heard = true
  #held: Uint8Array[] | undefined
  /** What the last ping said, while its answer is due. */
  #pinged: Buffer | undefined
  #sent: (() => void) | undefined

  readonly #gone: ((transport: WebSocketTransport) => void) | undefined

  constructor(ws: WebSocket, socket: Duplex, options: WebSocketTransportOptions) {
    const { side, through, gone, tls } = options
    this.#ws = ws
    this.#gone = gone
    this.remote = through?.remote ?? remoteEnd(socket)
    this.local = localEnd(socket)
    if (through !== undefined) this.tls = through.encrypted ? tlsElsewhere : undefined
    else this.tls = tls ?? (socket instanceof TLSSocket ? tlsInfo(socket, side) : undefined)
    ;(ws as Owned)[kOwner] = this // the symbol is ours: the cast adds it
    ws.on('error', WebSocketTransport.#onError).on('close', WebSocketTransport.#onClose)
    ws.on('message', WebSocketTransport.#onMessage).on('ping', WebSocketTransport.#onPing)
    ws.on('pong', WebSocketTransport.#onPong)
    ws.pause()
  }

  get framing(): 'websocket' {
    return 'websocket'
  }

  get buffered(): number {
    return this.#ws.bufferedAmount
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) throw new TransportError('protocol', 'The transport was started before')
    this.#sink = sink
    if (this.#closed) process.nextTick(WebSocketTransport.#late, this)
    else if (!this.#paused) process.nextTick(WebSocketTransport.#release, this)
  }

  write(text: string): boolean {
    const ws = this.#ws
    if (ws.readyState !== ws.OPEN) return true
    if (!this.#full && ws.bufferedAmount + text.length < HIGH_WATER_BYTES) {
      ws.send(text)
      return true
    }
    // Rare, so the callback that tells when the buffer has run empty is made here, once.
    this.#full = true
    this.#sent ??= () => this.#wrote()
    ws.send(text, this.#sent)
    return false
  }

  pause(): void {
    this.#paused = true
    this.#ws.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#sink !== undefined) process.nextTick(WebSocketTransport.#release, this)
  }

  /** @throws {TransportError} always: a WebSocket has its TLS below (RFC 7395 §3.9) */
  upgrade(): Promise<void> {
    return Promise.reject(new TransportError('tls', 'STARTTLS does not exist on a WebSocket'))
  }

  /** Sends the close frame behind what is buffered; messages that arrive from now on are discarded. */
  close(): void {
    this.#end(1000)
  }

  destroy(error?: Error): void {
    if (this.#closed) return
    this.#error ??= error
    this.#dropped = true
    this.#ws.terminate()
  }

  /** Ends a connection whose peer was not heard since the last call, else asks it for a sign of life (RFC 6455 §5.5.2). */
  ping(): void {
    if (this.#paused || this.#ws.readyState !== this.#ws.OPEN) return
    if (!this.#heard) {
      this.destroy(new TransportError('timeout', 'The peer did not answer a ping'))
      return
    }
    this.#heard = false
    this.#ws.ping()
  }

  #end(code: number): void {
    const ws = this.#ws
    if (ws.readyState !== ws.OPEN) return
    ws.close(code)
    ws.resume() // else the peer's close frame would never be seen
  }

  #wrote(): void {
    if (!this.#full || this.#closed || this.#ws.bufferedAmount > 0) return
    this.#full = false
    if (this.#ws.readyState === this.#ws.OPEN) this.#sink?.drained()
  }

  #deliver(bytes: Uint8Array): void {
    try {
      this.#sink!.chunk(bytes)
    } catch (cause) {
      this.destroy(cause instanceof Error ? cause : new Error('The reader failed', { cause }))
    }
  }

  static #release(this: void, transport: WebSocketTransport): void {
    const held = transport.#held
    while (held !== undefined && held.length > 0) {
      if (transport.#paused || transport.#ws.readyState !== transport.#ws.OPEN) return
      transport.#deliver(held.shift()!)
    }
    transport.#held = undefined
    if (!transport.#paused) transport.#ws.resume()
  }

  static #late(this: void, transport: WebSocketTransport): void {
    transport.#sink?.closed(transport.#error)
  }

  static #onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
    const owner = (this as Owned)[kOwner]
    owner.#heard = true
    if (this.readyState !== this.OPEN) return
    if (isBinary) {
      owner.#error ??= new TransportError('protocol', 'The peer sent a binary message')
      owner.#end(1003)
      return
    }
    const bytes = data as Buffer // ws delivers text as a Buffer while binaryType is 'nodebuffer', its default
    // Messages of one read come in a row: a pause among them holds the rest, at most one read of them.
    if (owner.#paused || owner.#held !== undefined || owner.#sink === undefined) (owner.#held ??= []).push(bytes)
    else owner.#deliver(bytes)
  }

  // RFC 6455 §5.5.3: of several pings the last alone may be answered. A peer that does not read what we write gets no more of it.
  static #onPing(this: WebSocket, data: Buffer): void {
    const owner = (this as Owned)[kOwner]
    owner.#heard = true
    if (owner.#pinged === undefined) setImmediate(WebSocketTransport.#answer, owner)
    owner.#pinged = data
  }

  static #answer(this: void, owner: WebSocketTransport): void {
    const ws = owner.#ws
    const data = owner.#pinged
    owner.#pinged = undefined
    if (ws.readyState === ws.OPEN && ws.bufferedAmount < HIGH_WATER_BYTES) ws.pong(data)
  }

  static #onPong(this: WebSocket): void {
    ;(this as Owned)[kOwner].#heard = true
  }

  static #onError(this: WebSocket, error: Error & { code?: string }): void {
    const owner = (this as Owned)[kOwner]
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      owner.#error ??= new TransportError('message-too-large', 'The peer sent a message above the limit', {
        cause: error,
      })
    } else if (error.code?.startsWith('WS_ERR_') === true) {
      owner.#error ??= new TransportError('protocol', error.message, { cause: error })
    } else owner.#error ??= transportError(error)
  }

  static #onClose(this: WebSocket, code: number): void {
    const owner = (this as Owned)[kOwner]
    if (owner.#closed) return
    owner.#closed = true
    owner.#held = undefined
    // 1006 stands for an end without a close frame (RFC 6455 §7.1.5).
    if (code === 1006 && !owner.#dropped)
      owner.#error ??= new TransportError('reset', 'The connection ended without a closing handshake')
    owner.#gone?.(owner)
    owner.#sink?.closed(owner.#error)
  }
}

function tlsInfo(socket: TLSSocket, side: 'server' | 'client'): TlsInfo {
  const peer = socket.getPeerX509Certificate()
  return new SocketTlsInfo(socket, {
    side,
    peer,
    peerCertificateError: untrusted(socket, side, peer),
    tlsUnique: false,
    endPoint: side === 'server' || peer === undefined ? tlsServerEndPointOf(socket) : tlsServerEndPoint(peer.raw),
  })
}

function untrusted(
  socket: TLSSocket,
  side: 'server' | 'client',
  peer: X509Certificate | undefined,
): string | undefined {
  // The HTTP client has verified the certificate for the host of the address; a server asks browsers for none, and other servers for theirs.
  if (side === 'client') return undefined
  return peer === undefined ? 'no certificate was asked for' : chainError(socket, peer.raw)
}
