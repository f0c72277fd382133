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
  received: number
  /** The last `h` that the peer was told. */
  told: number
  /** True after the peer asked while stanzas were still waiting: it is owed another `<a/>`. */
  owed = false
  #pending: PendingStanza[] | undefined
  #head = 0
  #sealed: number
  /** Sealed, but behind one that is not. */
  #sealedAhead: Set<number> | undefined

  /** @param handled all stanzas up to this one are, as it goes on in another server; default 0 */
  constructor(handled = 0) {
    this.received = handled
    this.told = handled
    this.#sealed = handled
  }

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

  /**
   * A stanza is handled, or its unit is on its way to disk. Units become durable in the order of their commits, so {@link sealed} is what
   * holds once the last of those units is on disk; a stanza whose turn still goes on is never spoken for.
   */
  seal(seq: number): void {
    const ahead = (seq - this.#sealed) >>> 0
    // Sealed when its unit was committed.
    if (ahead === 0 || ahead > 0x7fff_ffff) return
    if (ahead > 1) {
      ;(this.#sealedAhead ??= new Set()).add(seq)
      return
    }
    this.#sealed = seq
    while (this.#sealedAhead?.delete((this.#sealed + 1) >>> 0)) this.#sealed = (this.#sealed + 1) >>> 0
  }

  /** All stanzas up to this one are handled or on their way to disk. */
  get sealed(): number {
    return this.#sealed
  }
}
