/** Listening sockets: accepts TCP connections, does direct TLS where asked, and survives what accepting can fail of. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Transport } from '@tercet/stream'
import { TransportError, transportError } from './error.ts'
import { remoteEnd } from './endpoint.ts'
import { holderOf } from './port-holder.ts'
import { clientBehind } from './proxy-protocol.ts'
import { TcpTransport } from './tcp.ts'
import type { ServerTls } from './tls.ts'

/** Options of {@link listen}. */
export interface ListenOptions {
  /** Address of an interface. Default: all, IPv6 and IPv4. */
  readonly address?: string
  /** 0 takes a free one. */
  readonly port: number
  /** TLS from the first byte (XEP-0368); without it, plain connections that may be upgraded. */
  readonly tls?: ServerTls
  /** Connections the kernel holds before we accept them. Default 511. */
  readonly backlog?: number
  /**
   * Whether the connections of an address come through a proxy that begins them with a PROXY header, version 1 or 2: without one they are
   * dropped, with one they are its client's. From other addresses such a header is the peer's own talk. Default: none do.
   */
  readonly proxies?: (address: string) => boolean
  /** PROXY headers and direct TLS handshakes under way; a connection above that is dropped. Default 1000. */
  readonly maxPendingHandshakes?: number
  /** Several processes or threads may listen on this port, and the kernel shares connections out. Default false. */
  readonly reusePort?: boolean
  /** Told about failures of accepting and of handshakes, which end nothing but themselves. */
  readonly onError?: (error: TransportError) => void
}

/** A listening socket. */
export interface Listener extends AsyncDisposable {
  readonly address: string
  readonly port: number
  /** Stops accepting and drops handshakes under way; connections that were accepted live on. */
  close(): Promise<void>
}

/**
 * Listens for connections; `accept` gets each one, after its handshake where TLS is direct.
 *
 * @throws {TransportError} `address-in-use` (the text names address, port and, on Linux, who holds it),
 * `address-unavailable`, `permission-denied`
 */
export async function listen(options: ListenOptions, accept: (transport: Transport) => void): Promise<Listener> {
  const listener = new TcpListener(options, accept)
  await listener.open()
  return listener
}

class TcpListener implements Listener {
  readonly #options: ListenOptions
  readonly #accept: (transport: Transport) => void
  readonly #server: Server
  readonly #handshakes = new Set<TcpTransport>()
  /** Connections of proxies that have not said whose they are. */
  readonly #greetings = new Set<Socket>()
  #address: AddressInfo = { address: '', port: 0, family: '' }

  constructor(options: ListenOptions, accept: (transport: Transport) => void) {
    this.#options = options
    this.#accept = accept
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => this.#connected(socket))
  }

  get address(): string {
    return this.#address.address
  }

  get port(): number {
    return this.#address.port
  }

  async open(): Promise<void> {
    const { address, port, backlog = 511, reusePort = false } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ port, backlog, reusePort, ...(address === undefined ? {} : { host: address }) }, resolve)
    try {
      await promise
    } catch (cause) {
      throw await refused(cause, address ?? '*', port)
    }
    this.#server.off('error', reject)
    // EMFILE and the like: the socket still listens, so the next connection gets its chance.
    this.#server.on('error', error => this.#options.onError?.(transportError(error)))
    this.#address = this.#server.address() as AddressInfo // a TCP server that listens has one
  }

  close(): Promise<void> {
    this.#server.close()
    for (const transport of this.#handshakes) transport.destroy()
    for (const socket of this.#greetings) socket.destroy()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #connected(socket: Socket): void {
    const { tls, proxies, maxPendingHandshakes = 1000 } = this.#options
    const isProxied = proxies?.(remoteEnd(socket).address) === true
    if ((tls !== undefined || isProxied) && this.#handshakes.size + this.#greetings.size >= maxPendingHandshakes) {
      socket.resetAndDestroy()
      return
    }
    if (!isProxied) {
      this.#begin(new TcpTransport(socket))
      return
    }
    this.#greetings.add(socket)
    clientBehind(socket)
      .finally(() => this.#greetings.delete(socket))
      .then(
        client => this.#begin(new TcpTransport(socket, client)),
        (error: unknown) => this.#options.onError?.(transportError(error)),
      )
  }

  #begin(transport: TcpTransport): void {
    const { tls } = this.#options
    if (tls === undefined) {
      this.#admit(transport)
      return
    }
    this.#handshakes.add(transport)
    transport.upgrade(tls).then(
      () => {
        this.#handshakes.delete(transport)
        this.#admit(transport)
      },
      (error: unknown) => {
        this.#handshakes.delete(transport)
        this.#options.onError?.(transportError(error))
      },
    )
  }

  #admit(transport: TcpTransport): void {
    try {
      this.#accept(transport)
    } catch (cause) {
      transport.destroy()
      // A bug of ours rather than a peer's doing: it must not pass in silence.
      const { onError = (error: TransportError) => process.emitWarning(error) } = this.#options
      onError(transportError(cause))
    }
  }
}

async function refused(cause: unknown, address: string, port: number): Promise<TransportError> {
  const error = transportError(cause)
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`
  if (error.code !== 'address-in-use')
    return new TransportError(error.code, `Cannot listen on ${where}: ${error.message}`, { cause })
  const holder = await holderOf(port)
  return new TransportError(
    'address-in-use',
    `Cannot listen on ${where}: the port is in use${holder === undefined ? '' : ` by ${holder}`}`,
    { cause },
  )
}
