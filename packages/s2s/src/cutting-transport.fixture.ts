/** A connection that is cut where a test says. */

import { ForwardingTransport, type TransportSink } from '@tercet/stream'

/** Counts what passes, both ways; the one at which it is cut does not arrive, and nothing after it. */
export class CuttingTransport extends ForwardingTransport {
  #left = Infinity

  /** Lets so many writes pass from here on. */
  arm(writes: number): void {
    this.#left = writes
  }

  get isCut(): boolean {
    return this.#left < 0
  }

  override start(sink: TransportSink): void {
    super.start({
      chunk: bytes => {
        if (this.#passes()) sink.chunk(bytes)
      },
      drained: () => sink.drained(),
      ended: () => sink.ended(),
      closed: error => sink.closed(error),
    })
  }

  override write(text: string): boolean {
    return this.#passes() ? super.write(text) : true
  }

  #passes(): boolean {
    if (this.#left < 0) return false
    if (--this.#left >= 0) return true
    this.inner.destroy()
    return false
  }
}
