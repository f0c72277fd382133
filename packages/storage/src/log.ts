/** The log shape: ordered entries by (host, owner), paged both ways (XEP-0059), searched, and trimmed from their oldest end. */

import type { Awaitable } from './storage.ts'
import type { Unit } from './unit.ts'

/**
 * One entry. `id` comes from a source of ids (see `createIdSource`) and is unique within its log and owner; entries are in the
 * order of their ids. An id is made and appended in one go, so that no later entry ever turns up before one that was read.
 */
export interface LogEntry {
  readonly id: string
  /** Milliseconds since 1970; a time later than that of the id becomes the id's. */
  readonly at: number
  /** The other party, usually a bare JID; filterable. */
  readonly peer: string
  /** Which resource of the peer; filterable. Default: none. */
  readonly resource?: string
  /** Wire text or JSON, opaque here; neither has U+0000, which the SQLite of older Nodes cuts text at. */
  readonly body: string
}

/** Which entries, and which page of them. Bounds are inclusive; `after`/`before` are exclusive ids. */
export interface LogQuery {
  readonly peer?: string
  /** Of `peer`. */
  readonly resource?: string
  readonly startMs?: number
  readonly endMs?: number
  readonly after?: string
  readonly before?: string
  /**
   * Words that must all occur at the beginning of some word of the entry's text, whatever their case and accents: the text is what
   * the `<body/>` elements in its wire text say. A text without any word in it finds nothing.
   */
  readonly search?: string
  /** From the end of the selection instead of from its start; the page itself is always in order. Default false. */
  readonly last?: boolean
  /** Entries on the page, at most. */
  readonly max: number
}

/** A page. `complete`: no entry of the selection lies beyond it in the direction of paging. */
export interface LogPage {
  readonly entries: readonly LogEntry[]
  readonly complete: boolean
}

/** One end of a log. */
export type LogEnd = Pick<LogEntry, 'id' | 'at'>

/** What may stay in a log; see {@link Log.trim}. */
export interface Retention {
  /** Entries before this time go. Milliseconds since 1970. */
  readonly olderThanMs?: number
  /** Of each owner so many entries stay. */
  readonly keep?: number
  /** Of each owner the newest entries stay, whose bodies have no more UTF-8 octets than this. */
  readonly keepBytes?: number
  /** Entries to remove in one step. */
  readonly max: number
  /** Where the last step has ended. Default: from the first owner. */
  readonly from?: string
}

/** What a step of {@link Log.trim} has done. */
export interface Trimmed {
  readonly removed: number
  /** Where the next step goes on; undefined: every owner was seen. */
  readonly next: string | undefined
}

/** Which part of the logs of a host is weighed; see {@link Log.weigh}. */
export interface Weighing {
  /** Entries to look at in one step. */
  readonly max: number
  /** Where the last step has ended. Default: from the first owner. */
  readonly from?: string
}

/** What a step of {@link Log.weigh} has found. */
export interface Weighed {
  /**
   * UTF-8 octets of bodies by the hour of their entries' ids, in milliseconds since 1970; in no order. A body that several entries share
   * counts for each.
   */
  readonly hours: readonly (readonly [startMs: number, bytes: number])[]
  /** Where the next step goes on; undefined: every entry was seen. */
  readonly next: string | undefined
}

/** An append-only list for each owner. */
export interface Log {
  /**
   * Adds an entry. Entries of one unit that have the same body share it.
   *
   * @throws {TypeError} the id is not of a source, or `at` is no whole number
   */
  append(unit: Unit, host: string, owner: string, entry: LogEntry): void
  /** @throws {StorageError} `unknown-id` when `after` or `before` names no entry */
  page(host: string, owner: string, query: LogQuery): Promise<LogPage>
  /** The oldest and the newest entry of an owner; undefined: there is none. Quick, as each login may ask. */
  ends(host: string, owner: string): Awaitable<readonly [oldest: LogEnd, newest: LogEnd] | undefined>
  get(host: string, owner: string, id: string): Promise<LogEntry | undefined>
  /** Number of entries of an owner. */
  count(host: string, owner: string): Promise<number>
  /** Sets another body in place of that of an entry; does nothing where there is none. Who shares the body keeps it. */
  replace(unit: Unit, host: string, owner: string, id: string, body: string): void
  delete(unit: Unit, host: string, owner: string, id: string): void
  /** Deletes all entries of an owner, or those older than `olderThanMs` (milliseconds since 1970). */
  clear(unit: Unit, host: string, owner: string, olderThanMs?: number): void
  /**
   * One bounded step of retention over the owners of a host, durable when it resolves: the oldest entries go first, so that no hole
   * appears. Call it again with `next` until there is none.
   */
  trim(host: string, retention: Retention): Promise<Trimmed>
  /** One bounded step of weighing the entries of all owners of a host, those that are on disk. */
  weigh(host: string, weighing: Weighing): Promise<Weighed>
}
