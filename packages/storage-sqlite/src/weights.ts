/** Worker: how much the entries of logs weigh, a bounded number at a time. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Weighed, Weighing } from '@tercet/storage'
import { placeOf } from '@tercet/storage/adapter'
import type { Names } from './names.ts'

const HOUR_MS = 3_600_000
/** Places of an hour; see `placeOf`. */
const HOUR = placeOf(HOUR_MS)
/** Owners whose entries are looked at in one step. */
const MAX_OWNERS = 256

/** Where a walk over the entries of an owner has come to, and the octets up to there. */
export interface Halt {
  readonly place: number
  readonly bytes: number
}

/** Weighs bodies; each counts as often as it is shown. */
export class Weights {
  readonly #names: Names
  readonly #owners: StatementSync
  readonly #up: StatementSync
  readonly #down: StatementSync
  /** Entries that the last `cut` has looked at. */
  seen = 0

  constructor(db: DatabaseSync, names: Names) {
    this.#names = names
    this.#owners = db.prepare('SELECT id, name FROM owner WHERE scope = ? AND name >= ? ORDER BY name LIMIT ?')
    // The length of a text stands before it: long ones are not read.
    const bodies =
      'SELECT e.place AS place, octet_length(b.text) AS bytes FROM entry e CROSS JOIN body b ON b.id = e.body'
    this.#up = db.prepare(`${bodies} WHERE e.owner = ? AND e.place > ? ORDER BY e.place LIMIT ?`)
    this.#down = db.prepare(`${bodies} WHERE e.owner = ? AND e.place < ? ORDER BY e.place DESC LIMIT ?`)
  }

  /** Octets by the hour. */
  step(name: string, host: string, { max, from = '' }: Weighing): Weighed {
    const hours = new Map<number, number>()
    const [start, halt] = readCursor(from)
    const owners = this.#owners.all(this.#names.scope('log', name, host), start, MAX_OWNERS + 1)
    let left = max
    for (const [index, { id, name: owner }] of owners.entries()) {
      if (index === MAX_OWNERS) return { hours: [...hours], next: String(owner) }
      const after = owner === start && halt ? halt.place : -1
      const rows = this.#up.all(Number(id), after, left)
      for (const row of rows) {
        const startMs = Math.floor(Number(row['place']) / HOUR) * HOUR_MS
        hours.set(startMs, (hours.get(startMs) ?? 0) + Number(row['bytes']))
      }
      left -= rows.length
      if (left <= 0)
        return {
          hours: [...hours],
          next: writeCursor(String(owner), { place: Number(rows.at(-1)?.['place']), bytes: 0 }),
        }
    }
    return { hours: [...hours], next: undefined }
  }

  /**
   * The place before which entries of an owner go, for the others to weigh no more than `keepBytes`; 0: all may stay. After `max` entries
   * where to go on.
   */
  cut(
    owner: number,
    keepBytes: number,
    { max, halt }: { readonly max: number; readonly halt: Halt | undefined },
  ): number | Halt {
    let bytes = halt?.bytes ?? 0
    let place = halt?.place ?? Number.MAX_SAFE_INTEGER
    this.seen = 0
    for (const row of this.#down.iterate(owner, place, max)) {
      this.seen++
      place = Number(row['place'])
      bytes += Number(row['bytes'])
      if (bytes > keepBytes) return place + 1
    }
    return this.seen < max ? 0 : { place, bytes }
  }
}

/** An owner, and where its entries were left; no name contains U+0000. */
export function readCursor(text: string): readonly [owner: string, halt: Halt | undefined] {
  const [owner = '', place, bytes] = text.split('\0')
  return [owner, place === undefined ? undefined : { place: Number(place), bytes: Number(bytes) }]
}

export function writeCursor(owner: string, { place, bytes }: Halt): string {
  return `${owner}\0${place}\0${bytes}`
}
