/**
 * The HTTP listener: the page for the first account, and WebSockets at `/ws` (RFC 7395). One port takes both http and https: the first
 * byte of a TLS connection is that of a handshake record, with which no HTTP request begins.
 */

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen, webSocketAcceptor } from '@tercet/net'
import type { Logger } from '@tercet/plugin'
import type { Transport } from '@tercet/stream'
import type { ListenAddress } from './address.ts'
import type { Certificates } from './certificates.ts'
import type { Invitation } from './first-account/invitation.ts'
import { refusedPage, type Page } from './first-account/page.ts'
import { firstAccount, pageHeaders, PREFIX } from './first-account/routes.ts'

const HANDSHAKE_RECORD = 0x16
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/** What the HTTP listener is made of. */
export interface WebOptions {
  readonly certificates: Certificates
  readonly invitation: Invitation
  /** Longest message of a WebSocket. */
  readonly maxMessageBytes: number
  readonly logger: Logger
  /** Takes the transport of a WebSocket. */
  readonly accept: (transport: Transport) => void
  /** A connection that says nothing for this long is dropped, and so is a request that takes longer. Default 10,000. */
  readonly patienceMs?: number
}

/** The HTTP side of a server, which listens at any number of addresses. */
export interface Web {
  /** @throws {TransportError} */
  listen(address: ListenAddress): Promise<{ readonly address: string; readonly port: number }>
  /** Stops listening and drops HTTP connections; WebSockets are the server's. */
  close(): void
}

/** Makes the HTTP side. */
export function createWeb(options: WebOptions): Web {
  const { certificates, invitation, maxMessageBytes, logger, accept, patienceMs = 10_000 } = options
  const webSockets = webSocketAcceptor({ maxMessageBytes }, accept)
  const bounds = {
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 2,
    keepAliveTimeout: 5000,
  }
  const plain = createHttpServer(bounds, (request, response) => void respond(request, response, false))
  const encrypted = createHttpsServer(
    {
      ...bounds,
      ...certificates.current,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: patienceMs,
    },
    (request, response) => void respond(request, response, true),
  )
  certificates.onChange(pair => encrypted.setSecureContext({ ...pair, minVersion: 'TLSv1.2' }))
  for (const server of [plain, encrypted]) {
    server.on('upgrade', upgrade)
    // Node begins to watch over the times of requests when a server listens; these two are handed their connections.
    server.emit('listening')
  }
  const listeners = new Set<ReturnType<typeof createTcpServer>>()
  const fresh = new Set<Socket>()

  async function respond(request: IncomingMessage, response: ServerResponse, isEncrypted: boolean): Promise<void> {
    let page: Page
    try {
      page = await answer(request, isEncrypted)
    } catch (error) {
      logger.error({ err: error }, 'A page failed')
      page = refusedPage(500, 'The server failed; its log tells why')
    }
    // What is left of a request that was refused is not read.
    if (!request.complete) response.setHeader('connection', 'close')
    response.writeHead(page.status, pageHeaders).end(request.method === 'HEAD' ? undefined : page.html)
  }

  function answer(request: IncomingMessage, isEncrypted: boolean): Page | Promise<Page> {
    const { method = '', url = '' } = request
    if (!['GET', 'HEAD', 'POST'].includes(method)) return { status: 405, html: '' }
    if (url.startsWith(PREFIX)) return firstAccount(invitation, request, isEncrypted)
    return { status: pathOf(url) === '/ws' ? 426 : 404, html: '' }
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (pathOf(request.url ?? '') === '/ws') return webSockets.accept(request, socket, head)
    socket.on('error', () => {}) // the peer may be gone already
    // A peer that does not close its side would keep the connection for ever.
    socket.once('finish', () => socket.destroy())
    socket.end(NOT_FOUND)
  }

  function connected(socket: Socket): void {
    fresh.add(socket)
    socket.once('close', () => fresh.delete(socket))
    socket.on('error', quiet)
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer | null // without an encoding
      if (first === null) return socket.destroy()
      fresh.delete(socket)
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.unshift(first)
      ;(first[0] === HANDSHAKE_RECORD ? encrypted : plain).emit('connection', socket)
    })
  }

  return {
    async listen({ address, port }) {
      const listener = createTcpServer({ noDelay: true }, connected)
      try {
        await new Promise<void>((resolve, reject) => {
          listener.once('error', reject)
          listener.listen({ port, ...(address === undefined ? {} : { host: address }) }, resolve)
        })
      } catch (cause) {
        // The listener of net fails as well, with a text that names who holds the port.
        const other = await listen({ port, ...(address === undefined ? {} : { address }) }, transport =>
          transport.destroy(),
        )
        await other.close()
        throw cause
      }
      listener.removeAllListeners('error').on('error', error => logger.warn({ err: error }, 'HTTP could not accept'))
      listeners.add(listener)
      const bound = listener.address() as AddressInfo // a TCP server that listens has one
      return { address: bound.address, port: bound.port }
    },
    close() {
      for (const listener of listeners) listener.close()
      for (const socket of fresh) socket.destroy()
      for (const server of [plain, encrypted]) {
        server.closeAllConnections()
        server.close()
      }
      webSockets[Symbol.dispose]()
    },
  }
}

function quiet(): void {}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
