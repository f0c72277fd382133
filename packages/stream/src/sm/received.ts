/** Counts what we have handled of the peer's stanzas (XEP-0198 1.6.3 §4). */

/** A stanza whose handling is not finished: it waits for a commit. */
export interface PendingStanza {
  /** Its place in the peer's numbering. */
  readonly seq: number
  done: boolean
}

/** The receiving half of stream management. All numbers are modulo 2^32. */
export class ReceivedCounter {
  /** Stanzas that arrived since stream management was enabled. */
  received = 0
  /** The last `h` that the peer was told. */
  told = 0
  /** True after the peer asked while stanzas were still waiting: it is owed another `<a/>`. */
  owed = false
  #pending: PendingStanza[] | undefined
  #head = 0

  /** A stanza has arrived; returns its number. */
  count(): number {
    return (this.received = (this.received + 1) >>> 0)
  }

  /** The stanza that was counted last is not handled before `done` is set on the result. */
  wait(): PendingStanza {
    const pending = { seq: this.received, done: false }
    if (this.#pending) this.#pending.push(pending)
    else this.#pending = [pending]
    return pending
  }

  /**
   * The number to acknowledge: all stanzas up to it are settled or durable. Only that counts: a client forgets a stanza once it is
   * acknowledged.
   */
  get handled(): number {
    const pending = this.#pending
    if (!pending) return this.received
    while (this.#head < pending.length && pending[this.#head]!.done) this.#head++
    if (this.#head === pending.length) {
      this.#pending = undefined
      this.#head = 0
      return this.received
    }
    if (this.#head > 256) {
      pending.splice(0, this.#head)
      this.#head = 0
    }
    return (pending[this.#head]!.seq - 1) >>> 0
  }

  /** What {@link handled} will be once `pending` is done as well, and nothing else. */
  handledWith(pending: PendingStanza): number {
    const before = pending.done
    pending.done = true
    const waiting = this.#pending
    let index = this.#head
    while (waiting && index < waiting.length && waiting[index]!.done) index++
    pending.done = before
    return waiting && index < waiting.length ? (waiting[index]!.seq - 1) >>> 0 : this.received
  }
}
