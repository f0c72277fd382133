/** What waits before a session's outbox: more than its peer may be given at once. */

import type { Owed } from './owed.ts'

/** A stanza for a session, as it will be sent. */
export interface Waiting {
  readonly text: string
  readonly owed: Owed
}

/** First in, first out. */
export class Backlog {
  /** How many joined while others waited already: those are for the session alone, the others were on disk for its account. */
  later = 0
  readonly #entries: Waiting[] = []
  #head = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  push(entry: Waiting): void {
    this.#entries.push(entry)
  }

  shift(): Waiting | undefined {
    return this.size === 0 ? undefined : this.#entries[this.#head++]
  }

  /** In order. */
  *[Symbol.iterator](): Iterator<Waiting> {
    for (let index = this.#head; index < this.#entries.length; index++) yield this.#entries[index]!
  }
}
