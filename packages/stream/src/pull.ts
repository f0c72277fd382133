/** Turns a stream's events around for negotiation, which reads like the RFC: `await pull.next()`. Dropped when negotiation is over. */

import type { Fragment, StreamEvent, StreamHeader } from '@tercet/xml'
import { StreamError } from '@tercet/stanza'
import type { Stream, StreamHandler } from './stream.ts'

/** The stream ended while negotiation was waiting for the peer. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded'
}

/** A handler that gives one event at a time to whoever awaits it, and holds up the reader in between. */
export class Pull implements StreamHandler {
  readonly #failed: (error: unknown) => void
  #want: { resolve(event: StreamEvent): void; reject(error: Error): void } | undefined
  #event: StreamEvent | undefined
  #release: (() => void) | undefined
  #ended: Error | undefined

  /** @param failed hears of bugs, see {@link StreamHandler.failed} */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** @throws {StreamEnded} no more will come */
  next(): Promise<StreamEvent> {
    if (this.#ended) return Promise.reject(this.#ended)
    if (this.#event) {
      const event = this.#event
      this.#event = undefined
      return Promise.resolve(event)
    }
    return new Promise((resolve, reject) => {
      this.#want = { resolve, reject }
      this.release()
    })
  }

  /** The next first-level element; the peer's closing tag ends the wait. */
  async element(): Promise<Fragment> {
    const event = await this.next()
    if (event.kind === 'element') return event.element
    if (event.kind === 'close') throw new StreamEnded('The peer closed the stream')
    throw new StreamError('not-well-formed', { text: 'A stream header is not expected here' })
  }

  async header(): Promise<StreamHeader> {
    const event = await this.next()
    if (event.kind === 'open') return event.header
    if (event.kind === 'close') throw new StreamEnded('The peer closed the stream')
    throw new StreamError('bad-format', { text: 'A stream header is expected first' })
  }

  /** Lets the reader go on, to the next `next()` or to the handler that replaced this one. */
  release(): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  /** Hands the stream to `handler`: what follows goes there. */
  handOver(stream: Stream, handler: StreamHandler): void {
    stream.handler = handler
    this.release()
  }

  event(event: StreamEvent): void | Promise<void> {
    const want = this.#want
    this.#want = undefined
    if (want) want.resolve(event)
    else this.#event = event
    // The peer's closing tag is answered at once, whoever is waiting for whatever.
    if (event.kind === 'close') return
    return new Promise(resolve => {
      this.#release = resolve
    })
  }

  closed(error: Error | undefined): void {
    this.#ended = error ?? new StreamEnded('The connection is gone')
    this.#want?.reject(this.#ended)
    this.#want = undefined
  }

  failed(error: unknown): void {
    this.#failed(error)
  }
}
