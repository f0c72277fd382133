/** WebSockets for XMPP (RFC 7395): accepting them behind an HTTP listener, and dialling them. */
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Endpoint, Transport } from '@tercet/stream'
import { WebSocket, WebSocketServer, type ClientOptions, type ServerOptions } from 'ws'
import { TransportError, transportError } from './error.ts'
import type { ClientTls } from './tls.ts'
import { CLOSE_MS, WebSocketTransport } from './websocket-transport.ts'

/** The name that both sides must agree on (RFC 7395 §3.1). */
const SUBPROTOCOL = 'xmpp'

/** Fragments of a message: each is kept as an object that weighs far more than the byte that it may hold. */
const MAX_FRAGMENTS = 256

/** Reads from the socket that one frame may take, for the same reason. */
const MAX_CHUNKS = 4096

/** Settings that are newer than the types of ws. */
interface Newer {
  readonly closeTimeout: number
  readonly maxFragments: number
  readonly maxBufferedChunks: number
}

/** Options of {@link webSocketAcceptor}. */
export interface WebSocketOptions {
  /** A longer message ends the connection. Default 262 144, which leaves the finer limit to the stream. */
  readonly maxMessageBytes?: number
  /** Offer permessage-deflate; costs memory on every connection. Default false. */
  readonly deflate?: boolean
  /** Origins whose pages may connect; absent means any. Requests without an `Origin` (no browser) always may. */
  readonly origins?: readonly string[] | undefined
  /** A ping goes out this often, and a peer that was silent since the last is dropped. 0 means never. Default 45 000. */
  readonly pingMs?: number
  /** The far end as a trusted proxy tells it, and whether the way there is encrypted; undefined keeps the socket's own. */
  readonly through?: (
    request: IncomingMessage,
  ) => { readonly remote: Endpoint; readonly encrypted: boolean } | undefined
}

/** Turns upgrade requests into transports. */
export interface WebSocketAcceptor extends Disposable {
  /** Takes over an upgrade request of Node's HTTP server; one that is no XMPP WebSocket is answered with an error status. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/**
 * Makes the other half of an HTTP listener: `server.on('upgrade', acceptor.accept)`. `accept` gets a transport when the
 * handshake is done. Disposing stops the pings; connections live on.
 */
export function webSocketAcceptor(
  options: WebSocketOptions,
  accept: (transport: Transport) => void,
): WebSocketAcceptor {
  return new Acceptor(options, accept)
}

class Acceptor implements WebSocketAcceptor {
  readonly accept: WebSocketAcceptor['accept']
  readonly #options: WebSocketOptions
  readonly #server: WebSocketServer
  readonly #open = new Set<WebSocketTransport>()
  readonly #forget = (transport: WebSocketTransport): void => void this.#open.delete(transport)
  readonly #pings: NodeJS.Timeout | undefined

  constructor(options: WebSocketOptions, accept: (transport: Transport) => void) {
    this.#options = options
    const { maxMessageBytes = 262_144, deflate = false, pingMs = 45_000 } = options
    const settings: ServerOptions & Newer & { autoPong: boolean } = {
      noServer: true,
      clientTracking: false,
      maxPayload: maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
      // The transport answers: as often as a peer reads, not as often as it asks.
      autoPong: false,
      perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 1024 },
      closeTimeout: CLOSE_MS,
      handleProtocols: () => SUBPROTOCOL,
    }
    this.#server = new WebSocketServer(settings)
    this.accept = (request, socket, head) => this.#handshake(request, socket, head, accept)
    if (pingMs > 0) this.#pings = setInterval(() => this.#ping(), pingMs).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pings)
  }

  #handshake(request: IncomingMessage, socket: Duplex, head: Buffer, accept: (transport: Transport) => void): void {
    const { origins, through } = this.#options
    if (!offersXmpp(request)) {
      refuse(socket, '400 Bad Request', 'The WebSocket sub-protocol xmpp is required')
      return
    }
    const { origin } = request.headers
    if (origins !== undefined && origin !== undefined && !origins.includes(origin)) {
      refuse(socket, '403 Forbidden', 'This origin may not connect')
      return
    }
    this.#server.handleUpgrade(request, socket, head, ws => {
      const transport = new WebSocketTransport(ws, socket, {
        side: 'server',
        through: through?.(request),
        gone: this.#forget,
      })
      this.#open.add(transport)
      try {
        accept(transport)
      } catch (cause) {
        transport.destroy(transportError(cause))
      }
    })
  }

  #ping(): void {
    for (const transport of this.#open) transport.ping()
  }
}

function offersXmpp(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some(name => name.trim() === SUBPROTOCOL)
}

function refuse(socket: Duplex, status: string, text: string): void {
  socket.on('error', () => {}) // the peer may be gone already
  // A peer that does not close its side would keep the connection for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
}

/** Options of {@link dialWebSocket}. */
export interface WebSocketDialOptions {
  /** Default 262 144. */
  readonly maxMessageBytes?: number
  /** Value of the `Origin` header. Default: none. */
  readonly origin?: string
  /** Roots that a `wss:` server is verified against, PEM. Default: Node's. */
  readonly ca?: string | readonly string[]
  /** In the place of `ca`: whom we mean to reach, and what we show of ourselves (XEP-0468). */
  readonly tls?: ClientTls
  /** Finds the addresses of the host. Default: the system. */
  readonly lookup?: LookupFunction
  /** Connecting and both handshakes. Default 30 000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * Connects to a `ws:` or `wss:` address. The certificate is verified for the host of the address; redirects are refused.
 *
 * @throws {TransportError} `protocol`: the server does not speak XMPP here · `certificate` · `refused` · `timeout` · `aborted`
 */
export async function dialWebSocket(url: string, options: WebSocketDialOptions = {}): Promise<Transport> {
  const { maxMessageBytes = 262_144, origin, ca, tls, lookup, timeoutMs = 30_000, signal } = options
  if (signal?.aborted === true) throw new TransportError('aborted', 'Given up by the caller', { cause: signal.reason })
  const settings: ClientOptions & Newer & { autoPong: boolean } = {
    maxPayload: maxMessageBytes,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    autoPong: false,
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    closeTimeout: CLOSE_MS,
    ...(origin === undefined ? {} : { origin }),
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...tls?.settings(),
    ...(lookup === undefined ? {} : { lookup }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<Transport>()
  let ws: WebSocket
  try {
    ws = new WebSocket(url, [SUBPROTOCOL], settings)
  } catch (cause) {
    throw new TransportError('protocol', `${url} is no WebSocket address`, { cause })
  }
  const failed = (error: Error): void => reject(handshakeError(url, error))
  const aborted = (): void => {
    reject(new TransportError('aborted', 'Given up by the caller', { cause: signal?.reason }))
    ws.terminate()
  }
  // The transport is made in the 'upgrade' event: messages may follow in the same read.
  ws.on('error', failed)
  ws.once('upgrade', ({ socket }) => {
    ws.once('open', () => {
      try {
        const info = tls !== undefined && socket instanceof TLSSocket ? tls.inspect(socket) : undefined
        resolve(new WebSocketTransport(ws, socket, { side: 'client', tls: info }))
      } catch (cause) {
        reject(transportError(cause))
        ws.terminate()
      }
    })
  })
  signal?.addEventListener('abort', aborted, { once: true })
  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', aborted)
    ws.off('error', failed)
    ws.on('error', () => {})
  }
}

function handshakeError(url: string, cause: Error & { code?: string }): TransportError {
  const known = transportError(cause)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(cause.code ?? '')) {
    return new TransportError('certificate', `The certificate of ${url} cannot be trusted: ${cause.message}`, { cause })
  }
  if (/handshake has timed out/.test(cause.message))
    return new TransportError('timeout', `${url} did not answer`, { cause })
  return known.code === 'io' ? new TransportError('protocol', `${url} refuses: ${cause.message}`, { cause }) : known
}
