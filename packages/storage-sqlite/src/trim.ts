/** Worker: one bounded step of retention. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Retention, Trimmed } from '@tercet/storage'
import { placeOf } from '@tercet/storage/adapter'
import type { Entries } from './entries.ts'
import type { Names } from './names.ts'
import { readCursor, writeCursor, type Halt, type Weights } from './weights.ts'

/** Owners that a step looks at, at most. */
const MAX_OWNERS = 256
/** Entries that a step weighs, at most. */
const MAX_WEIGHED = 10_000

/** What a step works with. */
interface Tools {
  readonly names: Names
  readonly entries: Entries
  readonly weights: Weights
}

/** Removes the oldest entries of the owners of a log. */
export class Trim {
  readonly #tools: Tools
  readonly #owners: StatementSync
  readonly #surplus: StatementSync
  readonly #oldest: StatementSync

  constructor(db: DatabaseSync, tools: Tools) {
    this.#tools = tools
    this.#owners = db.prepare('SELECT name FROM owner WHERE scope = ? AND name >= ? ORDER BY name LIMIT ?')
    this.#surplus = db.prepare('SELECT place FROM entry WHERE owner = ? ORDER BY place DESC LIMIT 1 OFFSET ?')
    this.#oldest = db.prepare('SELECT place, body FROM entry WHERE owner = ? AND place < ? ORDER BY place LIMIT ?')
  }

  /** Inside the caller's transaction. */
  step(name: string, host: string, { olderThanMs, keep, keepBytes, max, from = '' }: Retention): Trimmed {
    const { names, weights } = this.#tools
    const [start, left] = readCursor(from)
    const owners = this.#owners.all(names.scope('log', name, host), start, MAX_OWNERS + 1)
    let removed = 0
    let weighed = 0
    for (const [index, row] of owners.entries()) {
      const owner = String(row['name'])
      if (index === MAX_OWNERS || removed >= max || weighed >= MAX_WEIGHED) return { removed, next: owner }
      const place = [name, host, owner] as const
      let heavy: number | Halt = 0
      if (keepBytes !== undefined) {
        const halt = owner === start ? left : undefined
        heavy = weights.cut(names.owner('log', ...place).id, keepBytes, { max: MAX_WEIGHED, halt })
        if (typeof heavy !== 'number') return { removed, next: writeCursor(owner, heavy) }
        weighed += weights.seen
      }
      removed += this.#trim(place, { olderThanMs, keep, heavy, max: max - removed })
      if (removed >= max) return { removed, next: owner }
    }
    return { removed, next: undefined }
  }

  #trim(
    place: readonly [string, string, string],
    {
      olderThanMs,
      keep,
      heavy,
      max,
    }: { olderThanMs: number | undefined; keep: number | undefined; heavy: number; max: number },
  ): number {
    const owner = this.#tools.names.owner('log', ...place)
    // By the time of their ids, so that what goes is the oldest in order.
    let before = Math.max(heavy, olderThanMs === undefined ? 0 : placeOf(olderThanMs))
    if (keep !== undefined) {
      const last = this.#surplus.get(owner.id, keep)
      if (last !== undefined) before = Math.max(before, Number(last['place']) + 1)
    }
    const rows = before === 0 ? [] : this.#oldest.all(owner.id, before, max)
    for (const row of rows) this.#tools.entries.drop(owner, Number(row['place']), Number(row['body']))
    return rows.length
  }
}
