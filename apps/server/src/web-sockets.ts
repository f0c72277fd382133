/** WebSockets of the HTTP listener: of clients at `/ws` (RFC 7395), of other servers at `/s2s` (XEP-0468 0.1.0). */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { webSocketAcceptor } from '@tercet/net'
import type { Transport } from '@tercet/stream'
import type { Client } from './proxies.ts'

/** Where clients open WebSockets. */
export const WEBSOCKET_PATH = '/ws'

/** Room above the limit on stanzas, so that the stream answers a long one and not the WebSocket. */
export const WEBSOCKET_SLACK = 65_536

/** Where other servers do. */
export const S2S_PATH = '/s2s'

/** Who takes WebSockets. */
export interface WebSocketDoor {
  /** Longest message. */
  readonly maxMessageBytes: number
  readonly accept: (transport: Transport) => void
}

/** What {@link webSockets} are made of. */
export interface WebSocketsOptions {
  readonly clients: WebSocketDoor
  /** Undefined: there are no other servers. */
  readonly servers: WebSocketDoor | undefined
  /** Origins whose pages may open those of clients; undefined: all. */
  readonly origins: readonly string[] | undefined
  /** Who sends a request. */
  readonly whoSends: (request: IncomingMessage) => Client
}

/** The WebSockets of one listener. */
export interface WebSockets extends Disposable {
  /** Whether there is one at a path. */
  has(path: string): boolean
  /** Takes an upgrade request of Node's HTTP server. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** Makes the WebSockets of a listener. */
export function webSockets({ clients, servers, origins, whoSends }: WebSocketsOptions): WebSockets {
  const through = (request: IncomingMessage) => {
    const { proxied, address, port, encrypted } = whoSends(request)
    return proxied ? { remote: { address, port }, encrypted } : undefined
  }
  const ofClients = webSocketAcceptor({ maxMessageBytes: clients.maxMessageBytes, origins, through }, clients.accept)
  // A page has no business there.
  const ofServers =
    servers && webSocketAcceptor({ maxMessageBytes: servers.maxMessageBytes, origins: [], through }, servers.accept)
  return {
    has: path => path === WEBSOCKET_PATH || (path === S2S_PATH && ofServers !== undefined),
    upgrade(request, socket, head) {
      const path = request.url?.split('?', 1)[0]
      if (path === WEBSOCKET_PATH) ofClients.accept(request, socket, head)
      else if (path !== S2S_PATH || !ofServers) refuse(socket, '404 Not Found')
      // XEP-0468 §2: between servers TLS is a MUST.
      else if (!whoSends(request).encrypted) refuse(socket, '403 Forbidden')
      else ofServers.accept(request, socket, head)
    },
    [Symbol.dispose]() {
      ofClients[Symbol.dispose]()
      ofServers?.[Symbol.dispose]()
    },
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {}) // the peer may be gone already
  // A peer that does not close its side would keep the connection for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
