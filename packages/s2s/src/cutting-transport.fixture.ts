/** A connection that is cut where a test says. */

import type { TlsContext, Transport, TransportSink } from '@tercet/stream'

/** Counts what passes, both ways; the one at which it is cut does not arrive, and nothing after it. */
export class CuttingTransport implements Transport {
  readonly #inner: Transport
  #left = Infinity

  constructor(inner: Transport) {
    this.#inner = inner
  }

  /** Lets so many writes pass from here on. */
  arm(writes: number): void {
    this.#left = writes
  }

  get isCut(): boolean {
    return this.#left < 0
  }

  get framing() {
    return this.#inner.framing
  }
  get remote() {
    return this.#inner.remote
  }
  get local() {
    return this.#inner.local
  }
  get tls() {
    return this.#inner.tls
  }
  get buffered(): number {
    return this.#inner.buffered
  }

  start(sink: TransportSink): void {
    this.#inner.start({
      chunk: bytes => {
        if (this.#passes()) sink.chunk(bytes)
      },
      drained: () => sink.drained(),
      ended: () => sink.ended(),
      closed: error => sink.closed(error),
    })
  }

  write(text: string): boolean {
    return this.#passes() ? this.#inner.write(text) : true
  }

  #passes(): boolean {
    if (this.#left < 0) return false
    if (--this.#left >= 0) return true
    this.#inner.destroy()
    return false
  }

  pause(): void {
    this.#inner.pause()
  }
  resume(): void {
    this.#inner.resume()
  }
  upgrade(context: TlsContext): Promise<void> {
    return this.#inner.upgrade(context)
  }
  close(): void {
    this.#inner.close()
  }
  destroy(): void {
    this.#inner.destroy()
  }
}
