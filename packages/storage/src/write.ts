/** What a unit holds: one record for each write, the same for every adapter. */

import type { LogEntry } from './log.ts'
import type { SpoolEntry } from './spool.ts'

/** Sets a row. `json` is the value as text; `steps` is how many puts this one stands for (lazy puts collapse). */
export interface PutWrite {
  readonly kind: 'put'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly key: string
  readonly json: string
  readonly expect: number | undefined
  readonly lazy: boolean
  readonly steps: number
}

/** Removes a row. */
export interface DeleteWrite {
  readonly kind: 'delete'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly key: string
}

/** Removes all rows of an owner. */
export interface ClearWrite {
  readonly kind: 'clear'
  readonly name: string
  readonly host: string
  readonly owner: string
}

/** Adds an entry to the end of a log. */
export interface AppendWrite {
  readonly kind: 'append'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly entry: LogEntry
}

/** Removes one entry of a log. */
export interface RemoveWrite {
  readonly kind: 'remove'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly id: string
}

/** Removes the entries of a log that are older than `olderThanMs`, or all. */
export interface PurgeWrite {
  readonly kind: 'purge'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly olderThanMs: number | undefined
}

/** Makes a spool entry durable. */
export interface SpoolWrite {
  readonly kind: 'spool'
  readonly entry: SpoolEntry
}

/** A write to a table. */
export type TableWrite = PutWrite | DeleteWrite | ClearWrite
/** A write to a log. */
export type LogWrite = AppendWrite | RemoveWrite | PurgeWrite
/** Any write. */
export type Write = TableWrite | LogWrite | SpoolWrite

/** True when the write must not wait for another flush: it is not lazy, and not a spool entry that is settled. */
export function urgent(write: Write): boolean {
  if (write.kind === 'put') return !write.lazy
  return write.kind !== 'spool' || !write.entry.settled
}
