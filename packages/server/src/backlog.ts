/** What waits before a session's outbox: more than its peer may be given at once. */

import type { Barrier } from '@tercet/stream'
import type { Owed } from './owed.ts'

/** A stanza for a session, as it will be sent. */
export interface Waiting {
  readonly text: string
  readonly owed: Owed
  readonly barrier?: Barrier | undefined
}

/** A page: so many stanzas, or the first that goes over so many characters. */
const PAGE_STANZAS = 256
const PAGE_CHARACTERS = 262_144
/** The next page leaves when no more than so many stanzas are unconfirmed. */
const PAGE_REST = 32

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

  /** Takes out the next page, if what is `unconfirmed` leaves room for it. */
  *page(unconfirmed: number, maxUnconfirmed: number): Iterable<Waiting> {
    if (unconfirmed > Math.min(PAGE_REST, maxUnconfirmed >> 2)) return
    const stanzas = Math.max(1, Math.min(PAGE_STANZAS, (maxUnconfirmed - unconfirmed) >> 1))
    let characters = 0
    for (let count = 0; count < stanzas && characters < PAGE_CHARACTERS && this.size > 0; count++) {
      const entry = this.#entries[this.#head++]!
      // Another session may have confirmed it by now.
      if (entry.owed.settled) continue
      characters += entry.text.length
      yield entry
    }
  }

  /** In order. */
  *[Symbol.iterator](): Iterator<Waiting> {
    for (let index = this.#head; index < this.#entries.length; index++) yield this.#entries[index]!
  }
}
