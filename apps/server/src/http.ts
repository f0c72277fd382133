/**
 * The HTTP listener: WebSockets, BOSH at `/bosh` (XEP-0124), and what the server's modules and this program route. One port takes both http and
 * https: the first byte of a TLS connection is that of a handshake record, with which no HTTP request begins.
 */

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { boshAcceptor, listen } from '@tercet/net'
import type { Logger } from '@tercet/plugin'
import type { Visitor } from '@tercet/server'
import type { Transport } from '@tercet/stream'
import type { ListenAddress } from './address.ts'
import type { Certificates } from './certificates.ts'
import { clientOf } from './proxies.ts'
import { answerNode } from './web-response.ts'
import { webSockets, type WebSocketDoor } from './web-sockets.ts'

/** Where BOSH is spoken. */
const BOSH_PATH = '/bosh'

const SILENCE_MS = 120_000

/** In the end, for answers that are on their way. */
const LAST_WORDS_MS = 1000

const HANDSHAKE_RECORD = 0x16

/** What the HTTP listener is made of. */
export interface WebOptions {
  readonly certificates: Certificates
  /** Longest message of a WebSocket. */
  readonly maxMessageBytes: number
  readonly logger: Logger
  /** Takes the transport of a WebSocket or of a BOSH session. */
  readonly accept: (transport: Transport) => void
  /** Takes the WebSockets of other servers. Default: there are none. */
  readonly servers?: WebSocketDoor | undefined
  /** Answers what is not the listener's own. */
  readonly respond: (request: Request, visitor: Visitor) => Promise<Response>
  /** Whether the proxy at an address is believed. Default: none is. */
  readonly trusts?: (address: string) => boolean
  /** Origins whose pages may open WebSockets and speak BOSH. Default: all. */
  readonly origins?: readonly string[] | undefined
  /** A connection that says nothing for this long is dropped, and so is a request that takes longer. Default 10,000. */
  readonly patienceMs?: number
}

/** The HTTP side of a server, which listens at any number of addresses. */
export interface Web {
  /** @throws {TransportError} */
  listen(address: ListenAddress): Promise<{ readonly address: string; readonly port: number }>
  /** Stops listening; who is here stays. */
  pause(): void
  /** Stops listening, waits for answers that are due, and drops HTTP connections; WebSockets are the server's. */
  close(): Promise<void>
}

/** Makes the HTTP side. */
export function createWeb(options: WebOptions): Web {
  const { certificates, maxMessageBytes, logger, accept, patienceMs = 10_000 } = options
  const trusts = options.trusts ?? (() => false)
  const whoSends = (request: IncomingMessage) => clientOf(request, request.socket instanceof TLSSocket, trusts)
  const sockets = webSockets({
    clients: { maxMessageBytes, accept },
    servers: options.servers,
    origins: options.origins,
    whoSends,
  })
  const bosh = boshAcceptor(
    {
      maxBodyBytes: maxMessageBytes,
      origins: options.origins,
      onRefused: (condition, address) => logger.info({ address, condition }, 'BOSH request refused'),
    },
    accept,
  )
  const bounds = {
    headersTimeout: patienceMs,
    // Uploads take their time, so bodies are watched over one by one.
    requestTimeout: 0,
    connectionsCheckingInterval: patienceMs / 2,
    keepAliveTimeout: 5000,
  }
  const plain = createHttpServer(bounds, (request, response) => void respond(request, response))
  const encrypted = createHttpsServer(
    {
      ...bounds,
      ...certificates.current,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: patienceMs,
    },
    (request, response) => void respond(request, response),
  )
  const ofHosts = (): void => {
    // The last one of a name counts.
    for (const [name, pair] of Object.entries(certificates.contexts))
      encrypted.addContext(name, { ...pair, minVersion: 'TLSv1.2' })
  }
  ofHosts()
  certificates.onChange(() => {
    encrypted.setSecureContext({ ...certificates.current, minVersion: 'TLSv1.2' })
    ofHosts()
  })
  for (const server of [plain, encrypted]) {
    server.on('upgrade', sockets.upgrade)
    // A client that neither sends nor takes anything; answers to long polls are due within half of it.
    server.timeout = SILENCE_MS
    // Node begins to watch over the times of requests when a server listens; these two are handed their connections.
    server.emit('listening')
  }
  const listeners = new Set<ReturnType<typeof createTcpServer>>()
  const fresh = new Set<Socket>()
  const answers = new Set<Promise<void>>()

  async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const hurry = setTimeout(() => {
      if (!incoming.complete) incoming.destroy()
    }, patienceMs)
    incoming.once('close', () => clearTimeout(hurry))
    const client = whoSends(incoming)
    const visitor = {
      address: client.address,
      encrypted: client.encrypted,
      unhurried: () => clearTimeout(hurry),
    }
    const answered = answerNode({ incoming, outgoing, encrypted: client.encrypted, logger }, request =>
      answer(request, visitor),
    )
    answers.add(answered)
    await answered
    answers.delete(answered)
  }

  async function answer(request: Request, visitor: Visitor): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === BOSH_PATH) return bosh.respond(request, visitor)
    // RFC 9110 §15.5.22: this is for WebSockets.
    if (sockets.has(pathname))
      return new Response(null, { status: 426, headers: { upgrade: 'websocket', connection: 'upgrade' } })
    return options.respond(request, visitor)
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

  function pause(): void {
    for (const listener of listeners) listener.close()
    for (const socket of fresh) socket.destroy()
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
    pause,
    async close() {
      pause()
      const given = new AbortController()
      await Promise.race([Promise.all(answers), after(LAST_WORDS_MS, undefined, given).catch(() => undefined)])
      given.abort()
      for (const server of [plain, encrypted]) {
        server.closeAllConnections()
        server.close()
      }
      sockets[Symbol.dispose]()
      bosh[Symbol.dispose]()
    },
  }
}

function quiet(): void {}
