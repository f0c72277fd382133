/** A platform's WebSocket as a {@link Transport}: one message is one stanza or framing element (RFC 7395). */

import type { Endpoint, TlsInfo, Transport, TransportSink } from '@tercet/stream'
import { ClientError } from './error.ts'

const encoder = new TextEncoder()
/** How long the closing handshake may take. */
const CLOSE_MS = 5000
const unknown: Endpoint = { address: '', port: 0 }

/** One WebSocket by the API of browsers. Its TLS is below and not to be seen. */
export class WebSocketTransport implements Transport {
  readonly framing = 'websocket'
  readonly remote: Endpoint
  readonly local = unknown
  readonly tls: TlsInfo | undefined = undefined
  readonly #socket: WebSocket
  #sink: TransportSink | undefined
  #error: Error | undefined
  #held: string[] = []
  #bound: ReturnType<typeof setTimeout> | undefined
  #paused = false
  #closed = false

  /** @param socket whose `message` and `close` are the transport's from here on */
  constructor(socket: WebSocket) {
    this.#socket = socket
    const { hostname, port, protocol } = new URL(socket.url)
    this.remote = { address: hostname, port: Number(port) || (protocol === 'wss:' ? 443 : 80) }
    socket.onmessage = ({ data }) => this.#message(data)
    socket.onclose = ({ code, wasClean }) => this.#end(code, wasClean)
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    queueMicrotask(() => {
      if (this.#closed) sink.closed(this.#error)
      else this.#deliver()
    })
  }

  write(text: string): boolean {
    if (this.#socket.readyState === 1) this.#socket.send(text)
    return true
  }

  /** Messages are kept meanwhile: the API knows no way to slow the peer. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    queueMicrotask(() => this.#deliver())
  }

  /** Rejects: a WebSocket has its TLS below (RFC 7395 §3.9). */
  upgrade(): Promise<void> {
    return Promise.reject(new TypeError('STARTTLS does not exist on a WebSocket'))
  }

  close(): void {
    this.#held = []
    this.#socket.close(1000)
    // Platforms wait long for a peer that is gone.
    this.#bound ??= setTimeout(() => this.#end(1000, true), CLOSE_MS)
  }

  /** The API has no abrupt end: the peer is left alone with the closing handshake. */
  destroy(): void {
    this.#socket.close()
    this.#end(1000, true)
  }

  #message(data: unknown): void {
    if (typeof data !== 'string') {
      this.#error = new ClientError('unavailable', 'The server sent a binary message')
      this.#socket.close()
      return
    }
    this.#held.push(data)
    this.#deliver()
  }

  #deliver(): void {
    while (this.#sink && !this.#paused && !this.#closed) {
      const message = this.#held.shift()
      if (message === undefined) return
      this.#sink.chunk(encoder.encode(message))
    }
  }

  #end(code: number, clean: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#held = []
    clearTimeout(this.#bound)
    if (!clean) this.#error ??= new ClientError('disconnected', `The WebSocket has ended with code ${code}`)
    this.#sink?.closed(this.#error)
  }
}
