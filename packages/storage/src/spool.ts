/** The spool shape: by destination, stanzas that this server answers for until they are settled. */

import type { Awaitable } from './storage.ts'
import type { Unit } from './unit.ts'

/**
 * One stanza that is owed to a destination. The caller makes it, keeps it in memory while it is in flight, and is the only one
 * that changes `settled`, through {@link Spool.settle}.
 */
export interface SpoolEntry {
  /** Prepared text: a bare JID of a local account, or a remote domain. */
  readonly destination: string
  /** Unique for ever, and growing in the order of appending (see `newId`). */
  readonly id: string
  /** When the stanza was first handled, milliseconds since 1970. */
  readonly at: number
  /** Wire text of the stanza. */
  readonly text: string
  /** A peer has confirmed it, or it was refused: nobody owes it any more. */
  settled: boolean
  /** A row of it is on disk or is being written. Adapters alone set it. */
  stored: boolean
  /** Called when nobody waits any more for its row, which was there as it was settled, to go: it is gone, or the disk refuses. */
  forgotten?(): void
}

/** Entries by destination. Rows are removed one by one as they are settled, never by a watermark. */
export interface Spool {
  /**
   * Makes an entry durable with the unit; writes no row if the entry is settled by the time of the flush.
   *
   * @param live somebody was sent the entry, and is expected to confirm it in a moment: a unit of which nothing else is urgent waits for that,
   *   see {@link Unit.commit}. Default false
   */
  put(unit: Unit, entry: SpoolEntry, live?: boolean): void
  /** Marks entries as settled; the rows of stored ones go along with a later flush, or after 50 ms where there is none, sooner if they are many. */
  settle(entries: readonly SpoolEntry[]): void
  /** Unsettled entries of a destination in order of id: rows on disk and those put but not yet flushed. */
  load(destination: string): Awaitable<readonly SpoolEntry[]>
  /** Number of entries that `load` would give. */
  count(destination: string): Awaitable<number>
  /** Destinations that have entries. */
  destinations(): Promise<readonly string[]>
}
