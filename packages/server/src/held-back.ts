/** What waits until a session's peer wants to be disturbed: in order, and of what makes its earlier ones useless the latest only. */

import type { Barrier } from '@tercet/stream'
import type { Owed } from './owed.ts'

/** A stanza that waits. */
export interface HeldEntry {
  readonly text: string
  readonly owed: Owed | undefined
  /** What it must not be sent before. */
  readonly barrier?: Barrier | undefined
}

/** How much may wait. */
export interface HeldLimits {
  readonly stanzas: number
  readonly characters: number
}

/** In the order in which they would have been sent. */
export class HeldBack {
  readonly #entries = new Map<string, HeldEntry>()
  readonly #limits: HeldLimits
  #characters = 0
  #count = 0

  constructor(limits: HeldLimits) {
    this.#limits = limits
  }

  /** True when no more should wait. */
  get full(): boolean {
    return this.#entries.size >= this.#limits.stanzas || this.#characters >= this.#limits.characters
  }

  /** @param key what has the same key takes the place of the earlier one; empty: of nothing. What is owed never goes that way */
  put(key: string, entry: HeldEntry): void {
    const unique = key === '' || entry.owed ? `#${++this.#count}` : key
    this.drop(unique)
    this.#entries.set(unique, entry)
    this.#characters += entry.text.length
  }

  /** Forgets what waits under `key`. */
  drop(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#characters -= entry.text.length
  }

  /** Takes out everything. */
  take(): readonly HeldEntry[] {
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    this.#characters = 0
    return entries
  }

  [Symbol.iterator](): Iterator<HeldEntry> {
    return this.#entries.values()
  }
}
