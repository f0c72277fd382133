/** Two transports joined in memory: as quick as a function call, and honest about order, pausing and ends. For tests and for embedding. */

import type { Endpoint, TlsContext, TlsInfo, Transport, TransportSink } from './transport.ts'

const encoder = new TextEncoder()
/** What the other end has not read above which a write says so. */
const HIGH_WATER_BYTES = 65_536
const here: Endpoint = { address: 'memory', port: 0 }

/** Two ends of one connection: what one writes, the other reads in a later microtask. */
export function memoryPair(options: { framing?: 'tcp' | 'websocket'; tls?: TlsInfo } = {}): [Transport, Transport] {
  const a = new MemoryTransport(options)
  const b = new MemoryTransport(options)
  a.peer = b
  b.peer = a
  return [a, b]
}

class MemoryTransport implements Transport {
  readonly framing: 'tcp' | 'websocket'
  readonly remote = here
  readonly local = here
  tls: TlsInfo | undefined
  peer: MemoryTransport | undefined
  #sink: TransportSink | undefined
  #inbox: (Uint8Array | 'end')[] = []
  #paused = false
  #scheduled = false
  #closed = false
  /** A write was told that much is unread, and waits for the other end to have read it all. */
  #full = false

  constructor({ framing = 'tcp', tls }: { framing?: 'tcp' | 'websocket'; tls?: TlsInfo }) {
    this.framing = framing
    this.tls = tls
  }

  get buffered(): number {
    return this.peer?.waiting ?? 0
  }

  /** Bytes that arrived here and were not read yet. */
  get waiting(): number {
    let bytes = 0
    for (const item of this.#inbox) if (item !== 'end') bytes += item.length
    return bytes
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#schedule()
  }

  write(text: string): boolean {
    this.peer?.receive(encoder.encode(text))
    this.#full ||= this.buffered > HIGH_WATER_BYTES
    return !this.#full
  }

  /** The other end has read all. */
  emptied(): void {
    if (!this.#full) return
    this.#full = false
    if (!this.#closed) this.#sink?.drained()
  }

  receive(item: Uint8Array | 'end'): void {
    if (this.#closed) return
    this.#inbox.push(item)
    this.#schedule()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  upgrade(context: TlsContext): Promise<void> {
    return Promise.reject(new Error(`There is no TLS in memory for the ${context.side}`))
  }

  close(): void {
    if (this.#closed) return
    this.peer?.receive('end')
    queueMicrotask(() => this.#end())
  }

  destroy(): void {
    this.peer?.receive('end')
    this.#end()
  }

  #end(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#inbox = []
    this.#sink?.closed(error)
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || !this.#sink || this.#inbox.length === 0) return
    this.#scheduled = true
    queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    while (!this.#paused && !this.#closed) {
      const item = this.#inbox.shift()
      if (item === undefined) return
      if (item === 'end') this.#sink?.ended()
      else this.#sink?.chunk(item)
      if (this.#inbox.length === 0) this.peer?.emptied()
    }
  }
}
