/** The log shape: ordered entries by (host, owner), paged both ways (XEP-0059). */

import type { Unit } from './unit.ts'

/** One entry. `id` is unique within its log and owner; order is the order of appending. */
export interface LogEntry {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The other party, usually a bare JID; filterable. */
  readonly peer: string
  /** Wire text or JSON, opaque here; neither has U+0000, which the SQLite of older Nodes cuts text at. */
  readonly body: string
}

/** Which entries, and which page of them. Bounds are inclusive; `after`/`before` are exclusive ids. */
export interface LogQuery {
  readonly peer?: string
  readonly startMs?: number
  readonly endMs?: number
  readonly after?: string
  readonly before?: string
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

/** An append-only list for each owner. */
export interface Log {
  append(unit: Unit, host: string, owner: string, entry: LogEntry): void
  /** @throws {StorageError} `unknown-id` when `after` or `before` names no entry */
  page(host: string, owner: string, query: LogQuery): Promise<LogPage>
  get(host: string, owner: string, id: string): Promise<LogEntry | undefined>
  /** Number of entries of an owner. */
  count(host: string, owner: string): Promise<number>
  delete(unit: Unit, host: string, owner: string, id: string): void
  /** Deletes all entries of an owner, or those older than `olderThanMs` (milliseconds since 1970). */
  clear(unit: Unit, host: string, owner: string, olderThanMs?: number): void
}
