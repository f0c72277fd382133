/** A unit of work: everything that one stanza causes on disk, committed together. */

/**
 * Collects the writes of one stanza. Tables, logs and the spool take it as first argument of every write.
 *
 * A unit that wrote nothing commits at once and costs nothing.
 */
export interface Unit {
  /** True once a write was added. */
  readonly dirty: boolean
  /**
   * Resolves when all writes of the unit are on disk (fsync returned); rejects with `StorageError` when they never will be:
   * `full`, `conflict` (a compare-and-set failed), `failed`, `closed`. After a rejection none of its writes is visible.
   *
   * Commits of many units share one flush: it starts at once (at the end of the running turn, so that the stanzas of one chunk
   * share it) when none is in flight and the last began at least `commitGapMs` (5) ago, else then; at `commitRows` (256) queued
   * rows at once. Units become durable in the order of their `commit()` calls.
   * A unit of which entries of logs alone are urgent, and spool entries with them, waits for two gaps instead of one: a message is not looked
   * for as an answer is, and half as many commits cost half as much.
   * A unit of which live spool entries alone are urgent (see `Spool.put`) causes a flush only when it has waited for two gaps, and goes
   * with one after a gap, or before a later unit: an entry that is settled meanwhile needs no row, and its unit resolves at once.
   * A flush whose spool entries are all settled and whose other writes are all lazy touches no disk: its lazy writes go on
   * waiting, units that have nothing left to write resolve.
   * Calling it again returns the same promise.
   */
  commit(): Promise<void>
  /**
   * Drops the writes of a unit that will not be committed (its stanza was refused), so that reads no longer see them. Does
   * nothing after `commit()`.
   */
  abandon(): void
}
