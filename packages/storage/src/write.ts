/** What a unit holds: one record for each write, the same for every adapter. */

import { readId } from './id.ts'
import type { LogEntry } from './log.ts'
import type { SpoolEntry } from './spool.ts'
import type { PutOptions } from './table.ts'

/** Sets a row. `json` is the value as text; `steps` is how many puts this one stands for (lazy puts and those that go along collapse). */
export interface PutWrite {
  readonly kind: 'put'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly key: string
  readonly json: string
  readonly expect: number | undefined
  readonly lazy: boolean
  readonly along: boolean
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

/** Sets another body of an entry of a log. */
export interface ReplaceWrite {
  readonly kind: 'replace'
  readonly name: string
  readonly host: string
  readonly owner: string
  readonly id: string
  readonly body: string
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
  readonly live: boolean
}

/** A write to a table. */
export type TableWrite = PutWrite | DeleteWrite | ClearWrite
/** A write to a log. */
export type LogWrite = AppendWrite | ReplaceWrite | RemoveWrite | PurgeWrite
/** Any write. */
export type Write = TableWrite | LogWrite | SpoolWrite

/** True when the write must not wait for another flush: it is not lazy, and not a spool entry that is settled. */
export function urgent(write: Write): boolean {
  if (write.kind === 'put') return !write.lazy && !write.along
  return write.kind !== 'spool' || !write.entry.settled
}

/** Somebody has the entry, who may confirm it before it has to be written. */
export function isLive(write: Write): write is SpoolWrite {
  return write.kind === 'spool' && write.live && !write.entry.settled
}

/**
 * The record of `Table.put`; the value becomes text here, so a later change of the object does no harm.
 *
 * @throws {TypeError} the value is not JSON-serialisable
 */
export function putWrite(
  place: { readonly name: string; readonly host: string; readonly owner: string },
  key: string,
  value: unknown,
  { expect, lazy = false, along = false }: PutOptions = {},
): PutWrite {
  // JSON.stringify gives undefined for a function or undefined, whatever its type says.
  const json = JSON.stringify(value) as string | undefined
  if (json === undefined) throw new TypeError(`The value for '${key}' in '${place.name}' has no JSON form`)
  return {
    kind: 'put',
    name: place.name,
    host: place.host,
    owner: place.owner,
    key,
    json,
    expect,
    lazy,
    along,
    steps: 1,
  }
}

/** True for writes to a log. */
export function isLogWrite(write: Write): write is LogWrite {
  return write.kind === 'append' || write.kind === 'replace' || write.kind === 'remove' || write.kind === 'purge'
}

/** The record of `Log.append`. @throws {TypeError} its id is not of a source, or its time no whole number of milliseconds */
export function appendWrite(
  place: { readonly name: string; readonly host: string; readonly owner: string },
  entry: LogEntry,
): AppendWrite {
  requireTime(entry.at)
  const parts = readId(entry.id)
  if (parts === undefined) throw new TypeError(`${entry.id} is not an id of a source of ids`)
  const timely = entry.at > parts.ms ? { ...entry, at: parts.ms } : entry
  return { kind: 'append', name: place.name, host: place.host, owner: place.owner, entry: timely }
}

/** The record of `Spool.put`. @throws {TypeError} its time is not a whole number of milliseconds */
export function spoolWrite(entry: SpoolEntry, live: boolean): SpoolWrite {
  requireTime(entry.at)
  return { kind: 'spool', entry, live }
}

function requireTime(at: number): void {
  if (!Number.isSafeInteger(at)) throw new TypeError(`${at} is not a whole number of milliseconds`)
}
