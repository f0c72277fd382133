/** Rosters that were read a moment ago: a login reads the same one three times, and each presence reads it again. */

import type { Turn } from '../turn.ts'
import type { Entry } from './roster.ts'

/** Contacts in all of them, at most; an account that says nothing for a while makes room. */
const MAX_CONTACTS = 10_000

/** Contacts of accounts as they are stored, with what is on its way there, by localpart. */
export class RecentRosters {
  readonly #lists = new Map<string, readonly Entry[]>()
  #contacts = 0
  /** Grows with each change: what was asked for before it is not to be remembered. */
  changed = 0

  get(local: string): readonly Entry[] | undefined {
    const entries = this.#lists.get(local)
    // The last one that was used is the last one to go.
    if (entries && this.#lists.size > 1) {
      this.#lists.delete(local)
      this.#lists.set(local, entries)
    }
    return entries
  }

  /** Empty ones are as quick to read. */
  set(local: string, entries: readonly Entry[]): void {
    this.#forget(local)
    if (entries.length === 0 || entries.length > MAX_CONTACTS) return
    this.#lists.set(local, entries)
    this.#contacts += entries.length
    for (const oldest of this.#lists.keys()) {
      if (this.#contacts <= MAX_CONTACTS) break
      this.#forget(oldest)
    }
  }

  /** Something is written, which may fail: then what was there holds again. */
  changes(local: string, turn: Turn): void {
    this.#changes(local)
    turn.whenDecided(() => {
      if (turn.state === 'failed') this.#changes(local)
    })
  }

  #changes(local: string): void {
    this.changed++
    this.#forget(local)
  }

  #forget(local: string): void {
    this.#contacts -= this.#lists.get(local)?.length ?? 0
    this.#lists.delete(local)
  }
}
