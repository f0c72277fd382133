/** The storage port: what server modules may ask of a disk, and what every adapter promises. */

import type { Log } from './log.ts'
import type { Spool } from './spool.ts'
import type { Table } from './table.ts'
import type { Unit } from './unit.ts'

/** A value that is here already, or will be. Callers on the hot path wait only for promises. */
export type Awaitable<T> = T | Promise<T>

/**
 * One opened store. All reads see the writes of every unit begun before them, durable or not: first the durable
 * ones, then committed ones in the order of their `commit()`, then those of open units in the order of their first write. A unit
 * that will not be committed must be abandoned, else reads see its writes until the store is closed.
 *
 * Names of tables and logs are fixed by modules (`'roster'`, `'archive'`), never by users.
 */
export interface Storage extends AsyncDisposable {
  /** Small values by (host, owner, key). The same name gives the same table. */
  table<T>(name: string): Table<T>
  /** Ordered entries by (host, owner). The same name gives the same log. */
  log(name: string): Log
  /** Stanzas that this server answers for until a peer has confirmed them. */
  readonly spool: Spool
  /** Begins a unit of work; nothing is written before its `commit()`. */
  unit(): Unit
  /** No id that was on disk at the opening is later than this, in milliseconds since 1970; -1: there was none. For `createIdSource`. */
  readonly newestMs: number
  /** Rows of units committed but not yet durable; costs nothing to ask, so that callers can refuse work in time. */
  readonly backlog: number
  /** Figures of the store since it was opened, for `status` and metrics. */
  stats(): StorageStats
  /**
   * Writes a consistent copy of everything durable to `path` while the store stays in use.
   *
   * @throws {StorageError} `unsupported` where the adapter has no file form
   */
  backup(path: string): Promise<void>
  /** Commits what is pending and closes. Later calls throw `StorageError` `closed`. */
  close(): Promise<void>
}

/** See {@link Storage.stats}. Durations in milliseconds. */
export interface StorageStats {
  readonly commits: number
  readonly rows: number
  /** Rows of units committed but not yet durable. */
  readonly backlog: number
  /** Of the last 1,000 commits. */
  readonly commitP50Ms: number
  readonly commitP99Ms: number
  /** False after a failed commit, until a probe write has worked. */
  readonly writable: boolean
}
