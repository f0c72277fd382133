/** The table shape: small values by (host, owner, key), with a version for compare-and-set. */

import type { Awaitable } from './storage.ts'
import type { Unit } from './unit.ts'

/** A stored value. `version` grows by one with each put of its key, starting at 1, and at 1 again after a delete. */
export interface Row<T> {
  readonly key: string
  readonly value: T
  readonly version: number
}

/** How a put behaves; all members have defaults. */
export interface PutOptions {
  /**
   * The version that the row must have when the unit has its turn in the order of commits (0: it must not exist); otherwise the
   * unit alone rejects with `conflict`. Default: any.
   */
  readonly expect?: number
  /**
   * The write does not cause a flush by itself: it is written with the next one, at the latest after one second. Of several lazy
   * puts of a key in one flush only the last is written. Default false.
   */
  readonly lazy?: boolean
  /**
   * The write goes along with what else its unit has to write; where nothing else is left, since all its spool entries are settled, it
   * is dropped. Of several such puts of a key in one flush only the last is written. Default false.
   */
  readonly along?: boolean
}

/**
 * Values are JSON-serialisable and must be treated as immutable by both sides. `host` and `owner` are prepared text forms
 * (a domain, a localpart or bare JID), `key` is any text up to 3,071 UTF-8 octets.
 */
export interface Table<T> {
  get(host: string, owner: string, key: string): Awaitable<Row<T> | undefined>
  /** All rows of an owner, ordered by key. */
  list(host: string, owner: string): Awaitable<readonly Row<T>[]>
  /** Owners that have at least one row on `host`, in order of their text; paged internally, so it may be long. */
  owners(host: string): AsyncIterable<string>
  put(unit: Unit, host: string, owner: string, key: string, value: T, options?: PutOptions): void
  delete(unit: Unit, host: string, owner: string, key: string): void
  /** Deletes all rows of an owner. */
  clear(unit: Unit, host: string, owner: string): void
}
