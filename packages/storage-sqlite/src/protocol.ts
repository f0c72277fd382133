/** What the main thread and the worker say to each other. */

import type { LogEntry, LogQuery, Retention, StorageCondition, Trimmed, Weighed, Weighing } from '@tercet/storage'
import type { Packed } from './pack.ts'

/** Handed to the worker at its start. */
export interface WorkerSetup {
  readonly file: string
  readonly synchronous: Synchronous
  readonly maxBytes: number | undefined
  /** One 32-bit number: the last flush that was committed, readable even if the worker dies before it can say so. */
  readonly committed: SharedArrayBuffer
}

/** How far a commit is forced to the disk; `OFF` is for tests. */
export type Synchronous = 'FULL' | 'OFF'

/** A row as the worker gives it. */
export interface RawRow {
  readonly key: string
  readonly version: number
  readonly value: string
}

/** What may be asked of the worker, and what it answers. */
export interface Answers {
  page: { entries: LogEntry[]; complete: boolean }
  entry: LogEntry | undefined
  count: number
  row: RawRow | undefined
  rows: RawRow[]
  owners: string[]
  destinations: string[]
  trim: Trimmed
  weigh: Weighed
  index: boolean
  probe: true
  close: true
}

/** A question; `pending` are writes that the answer must reflect though they are not on disk. */
export type Question =
  | { kind: 'page'; pending: Packed; name: string; host: string; owner: string; query: LogQuery }
  | { kind: 'entry'; pending: Packed; name: string; host: string; owner: string; id: string }
  | { kind: 'count'; pending: Packed; name: string; host: string; owner: string }
  | { kind: 'row'; pending: Packed; name: string; host: string; owner: string; key: string }
  | { kind: 'rows'; pending: Packed; name: string; host: string; owner: string }
  | { kind: 'owners'; pending: Packed; name: string; host: string; after: string | undefined; max: number }
  | { kind: 'destinations'; pending: Packed }
  | { kind: 'trim'; name: string; host: string; retention: Retention }
  | { kind: 'weigh'; name: string; host: string; weighing: Weighing }
  | { kind: 'index'; name: string; host: string; owner: string; max: number }
  | { kind: 'probe' }
  | { kind: 'close' }

/** To the worker. */
export type Order =
  | { readonly number: number; readonly flush: Packed; readonly units: number }
  | { readonly number: number; readonly question: Question }

/** Why a unit, a flush or a question was refused. */
export interface Refusal {
  readonly condition: StorageCondition
  readonly text: string
}

/** From the worker; the first one has number 0 and says whether the file could be opened. */
export type Report = { readonly number: number } & (
  | { readonly error: Refusal }
  | { readonly refused: readonly (readonly [unit: number, refusal: Refusal])[] }
  | { readonly answer: Answers[keyof Answers] }
)
