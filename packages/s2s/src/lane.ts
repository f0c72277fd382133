/** The stanzas of one domain pair: first in, first out, over one stream (RFC 6120 §10.1). */

import type { Destination } from './destination.ts'
import type { Entry } from './entry.ts'
import type { Link } from './link.ts'
import type { Lost } from './resumption.ts'

/** The queue of a pair. */
export class Lane {
  readonly destination: Destination
  /** Our domain. */
  readonly from: string
  /** The stream that carries the pair; undefined: there is none now. */
  link: Link | undefined
  /** Set while a stream is being made. */
  connecting: AbortController | undefined
  /** The stream that carried the pair last, if its connection was lost and it may be taken up again. */
  lost: Lost | undefined
  #queue: Entry[] = []
  #head = 0

  constructor(destination: Destination, from: string) {
    this.destination = destination
    this.from = from
    this.link = undefined
    this.connecting = undefined
    this.lost = undefined
  }

  /** Stanzas that no stream has. */
  get waiting(): number {
    return this.#queue.length - this.#head
  }

  /** The one that waits longest. */
  get first(): Entry | undefined {
    return this.#queue[this.#head]
  }

  /** Worth a stream. */
  get wants(): boolean {
    return this.waiting > 0 || (this.lost?.wanted === true && this.lost.lives)
  }

  /** Before this time the peer's own attempt is waited for. */
  get heldMs(): number {
    return this.lost?.heldMs ?? 0
  }

  /** See {@link heldMs}. */
  get held(): boolean {
    return this.heldMs > this.destination.gateway.wheel.now
  }

  /** Our own attempt is about to take up a lost stream. */
  get resuming(): boolean {
    return this.connecting !== undefined && this.lost?.isOurs === true && this.lost.lives
  }

  /** Nothing waits and nobody carries it. */
  get idle(): boolean {
    return !this.wants && !this.link && !this.connecting && !this.held
  }

  /** Whether a stanza is of this pair. */
  has({ from, destination }: Entry): boolean {
    return from === this.from && destination === this.destination.domain
  }

  /** Takes a stanza: it leaves at once if nothing is before it. */
  push(entry: Entry): void {
    const { link } = this
    if (link?.room && this.waiting === 0 && entry.barrier?.state !== 'pending') {
      link.send(entry)
      return
    }
    this.#queue.push(entry)
    entry.barrier?.whenDecided(() => this.pump())
  }

  /** Puts stanzas of a stream that is gone before those that wait. */
  unshift(entries: readonly Entry[]): void {
    this.#queue = [...entries, ...this.#queue.slice(this.#head)]
    this.#head = 0
  }

  /** Sends what may leave. */
  pump(): void {
    for (let entry = this.first; entry && this.link?.room; entry = this.first) {
      if (entry.barrier?.state === 'pending') return
      this.shift()
      // Not stored: its sender hears of it from whoever wanted to store it.
      if (entry.barrier?.state === 'failed') this.destination.drop(entry)
      else if (!entry.gone) this.link.send(entry)
    }
  }

  /** Takes out the first one. */
  shift(): Entry | undefined {
    const entry = this.#queue[this.#head]
    if (!entry) return undefined
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head > 256 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Takes out all that are chosen, in order. */
  take(chosen: (entry: Entry) => boolean): Entry[] {
    const taken: Entry[] = []
    const kept: Entry[] = []
    for (const entry of this.queued()) (chosen(entry) ? taken : kept).push(entry)
    this.#queue = kept
    this.#head = 0
    return taken
  }

  *queued(): Iterable<Entry> {
    for (let index = this.#head; index < this.#queue.length; index++) yield this.#queue[index]!
  }
}
