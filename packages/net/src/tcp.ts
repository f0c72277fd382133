/** TCP as a {@link Transport}: plain, or with TLS from the start or later by STARTTLS (RFC 6120 §3, §5). */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Endpoint, TlsContext, TlsInfo, Transport, TransportSink } from '@tercet/stream'
import { Deadlines } from './deadlines.ts'
import { localEnd, remoteEnd } from './endpoint.ts'
import { TransportError, transportError } from './error.ts'
import { ClientTls, ServerTls } from './tls.ts'

/** How long an orderly close may take before the connection is dropped. */
const CLOSE_MS = 5_000

const closing = new Deadlines<TcpTransport>(CLOSE_MS, transport =>
  transport.destroy(new TransportError('timeout', 'The peer did not close the connection')),
)

/** The transport that owns a socket: handlers are shared and find their object here. */
const kOwner = Symbol('transport')
type Owned = Socket & { [kOwner]: TcpTransport }

type State = 'open' | 'upgrading' | 'closing' | 'closed'

/** One TCP connection: a socket, this object, and nothing else. The socket must have been made with `allowHalfOpen`. */
export class TcpTransport implements Transport {
  #socket: Socket
  #sink: TransportSink | undefined
  #state: State = 'open'
  /** As the stream wishes; before start() and during a handshake the socket itself must not flow. */
  #paused = false
  #tls: TlsInfo | undefined
  #upgrade: PromiseWithResolvers<void> | undefined
  #error: Error | undefined
  #remote: Endpoint | undefined
  #local: Endpoint | undefined

  /** @param remote the far end, when it is not the socket's */
  constructor(socket: Socket, remote?: Endpoint) {
    this.#socket = socket
    this.#remote = remote
    TcpTransport.#own(socket, this)
  }

  get framing(): 'tcp' {
    return 'tcp'
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteEnd(this.#socket))
  }

  get local(): Endpoint {
    return (this.#local ??= localEnd(this.#socket))
  }

  get tls(): TlsInfo | undefined {
    return this.#tls
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) throw new TransportError('protocol', 'The transport was started before')
    this.#sink = sink
    if (this.#state === 'closed') process.nextTick(TcpTransport.#late, this)
    else if (this.#state !== 'upgrading') this.#listen()
  }

  /** Text is dropped while TLS is being set up and after {@link close}: neither clear text nor anybody waits for it. */
  write(text: string): boolean {
    return this.#state === 'open' ? this.#socket.write(text) : true
  }

  pause(): void {
    this.#paused = true
    if (this.#listening()) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#listening()) this.#socket.resume()
  }

  async upgrade(context: TlsContext): Promise<void> {
    if (!(context instanceof ServerTls || context instanceof ClientTls)) {
      throw new TransportError('tls', 'The TLS context is not one of serverTls or clientTls')
    }
    if (this.#state !== 'open' || this.#tls !== undefined) {
      throw new TransportError('tls', 'Only an open connection without TLS can be upgraded')
    }
    this.#state = 'upgrading'
    this.#upgrade = Promise.withResolvers()
    const full = this.#socket.writableNeedDrain
    context.handshakes.add(this)
    try {
      this.#deafen()
      if (this.#socket.writableLength > 0) await Promise.race([flushed(this.#socket), this.#upgrade.promise])
      if (this.#socket.destroyed) await this.#upgrade.promise
      this.#discard()
      if (context.side === 'server') await Promise.race([this.#greeted(), this.#upgrade.promise])
      const secure = this.#wrap(context)
      await this.#upgrade.promise
      if (secure.destroyed) throw new TransportError('aborted', 'Closed during the TLS handshake')
      this.#tls = context.inspect(secure)
    } catch (cause) {
      const error = transportError(cause)
      this.destroy(error)
      throw error
    } finally {
      context.handshakes.delete(this)
      this.#upgrade = undefined
    }
    this.#state = 'open'
    // The caller goes on before Node's next tick, and only then does the socket begin to flow.
    if (this.#sink !== undefined) this.#listen()
    if (full) this.#sink?.drained() // promised by a write in clear
  }

  /** Bytes that arrive from now on are discarded. A peer that does not close its side within 5 s is cut off. */
  close(): void {
    if (this.#state === 'upgrading') this.destroy(new TransportError('aborted', 'Closed during the TLS handshake'))
    if (this.#state !== 'open') return
    this.#state = 'closing'
    closing.add(this)
    this.#socket.end()
    this.#socket.resume() // else the peer's end would never be seen
  }

  /** `error`, if any, is what `closed` is told. */
  destroy(error?: Error): void {
    if (this.#state === 'closed') return
    this.#error ??= error
    this.#socket.destroy()
  }

  /** Handlers of the clear connection go, and what it has read but nobody consumed is discarded (RFC 6120 §5.4.3.3). */
  #deafen(): void {
    const socket = this.#socket
    socket.off('data', TcpTransport.#onData).off('end', TcpTransport.#onEnd).off('drain', TcpTransport.#onDrain)
    this.#discard()
  }

  /** Before start() nothing was clear text: what is there, behind the header of a proxy, is the beginning of the handshake. */
  #discard(): void {
    if (this.#sink !== undefined) while (this.#socket.read() !== null);
  }

  /**
   * The client's first flight is here. Node reads TLS into a buffer that lives as long as the connection: 64 KiB when it comes from the
   * socket, no more than the flight when that was there before.
   */
  async #greeted(): Promise<void> {
    const socket = this.#socket
    socket.pause() // a flush leaves it flowing
    if (socket.readableLength === 0) await new Promise(resolve => socket.once('readable', resolve))
    if (socket.readableLength === 0) throw new TransportError('reset', 'The peer left during the TLS handshake')
  }

  #wrap(context: ServerTls | ClientTls): TLSSocket {
    const secure = context.wrap(this.#socket)
    TcpTransport.#own(secure, this)
    secure.once(context.side === 'server' ? 'secure' : 'secureConnect', TcpTransport.#onSecure)
    secure.on('_tlsError', TcpTransport.#onTlsError).on('end', TcpTransport.#onEnd)
    this.#socket = secure
    secure.pause() // what comes right behind the handshake waits for #listen
    return secure
  }

  #listening(): boolean {
    return this.#sink !== undefined && this.#state !== 'upgrading'
  }

  #listen(): void {
    const socket = this.#socket
    if (this.#tls === undefined) socket.on('end', TcpTransport.#onEnd) // else it was there for the handshake
    socket.on('data', TcpTransport.#onData).on('drain', TcpTransport.#onDrain)
    if (this.#paused && this.#state !== 'closing') socket.pause()
    else socket.resume()
  }

  #closed(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'closing') closing.delete(this)
    this.#state = 'closed'
    this.#upgrade?.reject(this.#error ?? new TransportError('aborted', 'Closed during the TLS handshake'))
    this.#sink?.closed(this.#error)
  }

  static #own(socket: Socket, transport: TcpTransport): void {
    ;(socket as Owned)[kOwner] = transport // the symbol is ours: the cast adds it
    socket.on('error', TcpTransport.#onError).on('close', TcpTransport.#onClose)
  }

  static #late(this: void, transport: TcpTransport): void {
    transport.#sink?.closed(transport.#error)
  }

  static #onData(this: Socket, bytes: Uint8Array): void {
    const owner = (this as Owned)[kOwner]
    if (owner.#state !== 'open') return
    try {
      owner.#sink!.chunk(bytes)
    } catch (cause) {
      owner.destroy(cause instanceof Error ? cause : new Error('The reader failed', { cause }))
    }
  }

  static #onEnd(this: Socket): void {
    const owner = (this as Owned)[kOwner]
    if (owner.#state === 'open') owner.#sink?.ended()
    else if (owner.#state === 'upgrading')
      owner.destroy(new TransportError('reset', 'The peer left during the TLS handshake'))
  }

  static #onDrain(this: Socket): void {
    const owner = (this as Owned)[kOwner]
    if (owner.#state === 'open') owner.#sink?.drained()
  }

  static #onSecure(this: Socket): void {
    ;(this as Owned)[kOwner].#upgrade?.resolve()
  }

  // Node tells failures of a server's hand-wrapped socket here alone, and leaves it open.
  static #onTlsError(this: Socket, error: Error): void {
    ;(this as Owned)[kOwner].destroy(transportError(error))
  }

  static #onError(this: Socket, error: Error): void {
    ;(this as Owned)[kOwner].#error ??= transportError(error)
  }

  static #onClose(this: Socket): void {
    const owner = (this as Owned)[kOwner]
    if (owner.#socket === this) owner.#closed()
  }
}

function flushed(socket: Socket): Promise<void> {
  socket.resume() // without a listener: what arrives in clear meanwhile is discarded
  return new Promise(resolve => socket.write('', () => resolve()))
}
