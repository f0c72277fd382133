/** Links that are cut where a test says, for the tests of clients. */

import { ForwardingTransport, type Transport, type TransportSink } from '@tercet/stream'

/** Bytes that a link lets pass before it is cut, on the way to the peer and from it. */
export interface Cut {
  readonly toPeer: number
  readonly fromPeer: number
}

/** A transport that is cut after so many bytes, in the middle of a stanza if it comes so. */
export class CuttingTransport extends ForwardingTransport {
  #cut: Cut | undefined
  #in = 0
  #out = 0
  #over = false

  constructor(inner: Transport, cut: Cut | undefined) {
    super(inner)
    this.#cut = cut
  }

  /** Counts from here. */
  arm(cut: Cut): void {
    this.#cut = cut
    this.#in = 0
    this.#out = 0
  }

  cut(): void {
    this.#over = true
    this.inner.destroy()
  }

  override start(sink: TransportSink): void {
    super.start({
      chunk: bytes => {
        if (this.#over) return
        const left = this.#cut ? this.#cut.toPeer - this.#in : Infinity
        this.#in += bytes.length
        if (bytes.length <= left) sink.chunk(bytes)
        else {
          sink.chunk(bytes.subarray(0, Math.max(0, left)))
          this.cut()
        }
      },
      drained: () => sink.drained(),
      ended: () => sink.ended(),
      closed: error => sink.closed(error),
    })
  }

  override write(text: string): boolean {
    if (this.#over) return true
    const left = this.#cut ? this.#cut.fromPeer - this.#out : Infinity
    this.#out += text.length
    if (text.length <= left) return super.write(text)
    if (left > 0) super.write(text.slice(0, left))
    this.cut()
    return true
  }
}
