/** Worker: packed writes to SQL. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readId } from '@tercet/storage/adapter'
import { Entries } from './entries.ts'
import { Names } from './names.ts'
import { code, type Packed } from './pack.ts'
import type { Refusal } from './protocol.ts'
import { isDiskFailure, refusalOf } from './refused.ts'
import { Rows } from './rows.ts'
import { Trim } from './trim.ts'
import { Weights } from './weights.ts'

/** A unit of a job, by position, that was refused alone. */
export type Refused = readonly [unit: number, refusal: Refusal]

/** All writes and the statements behind them. */
export class Writes {
  readonly names: Names
  readonly rows: Rows
  readonly entries: Entries
  readonly trim: Trim
  readonly weights: Weights
  readonly #file: string
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #rollback: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #rollbackTo: StatementSync
  readonly #spool: StatementSync
  readonly #unspool: StatementSync
  readonly #destinations: StatementSync

  constructor(db: DatabaseSync, file: string) {
    this.#file = file
    this.names = new Names(db)
    this.rows = new Rows(db, this.names)
    this.entries = new Entries(db, this.names)
    this.weights = new Weights(db, this.names)
    this.trim = new Trim(db, { names: this.names, entries: this.entries, weights: this.weights })
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#rollback = db.prepare('ROLLBACK')
    this.#savepoint = db.prepare('SAVEPOINT unit')
    this.#release = db.prepare('RELEASE unit')
    this.#rollbackTo = db.prepare('ROLLBACK TO unit')
    this.#spool = db.prepare('INSERT OR REPLACE INTO spool (destination, id, at, text) VALUES (?, ?, ?, ?)')
    this.#unspool = db.prepare('DELETE FROM spool WHERE destination = ? AND id = ?')
    this.#destinations = db.prepare(`
      SELECT name FROM destination WHERE EXISTS (SELECT 1 FROM spool WHERE spool.destination = destination.id)
      ORDER BY name`)
  }

  /** Commits a job. Throws if the disk refused it as a whole; a unit that is refused alone is in the result. */
  commit(packed: Packed): Refused[] {
    try {
      return this.#tryCommit(packed, false)
    } catch (error) {
      if (isDiskFailure(error)) throw error
      // Some unit is wrong in itself. Each one gets a savepoint, so that the others do not suffer.
      return this.#tryCommit(packed, true)
    }
  }

  /** Answers a question as if `pending` were committed, and takes everything back. */
  speculate<T>(pending: Packed, answer: () => T): T {
    this.#begin.run()
    try {
      if (pending.length > 0) this.#apply(pending, true)
      return answer()
    } finally {
      this.#takeBack()
    }
  }

  /** Does work of its own on the database, as one transaction. */
  within<T>(work: () => T): T {
    this.#begin.run()
    try {
      const result = work()
      this.#commit.run()
      this.names.committed()
      return result
    } catch (error) {
      this.#takeBack()
      throw error
    }
  }

  destinations(): string[] {
    return this.#destinations.all().map(row => String(row['name']))
  }

  #tryCommit(packed: Packed, isolated: boolean): Refused[] {
    this.#begin.run()
    try {
      const refused = this.#apply(packed, isolated)
      this.entries.committing()
      this.#commit.run()
      this.names.committed()
      this.entries.committed()
      return refused
    } catch (error) {
      this.#takeBack()
      throw error
    }
  }

  #takeBack(): void {
    this.names.rolledBack()
    this.entries.rolledBack()
    try {
      this.#rollback.run()
    } catch {
      // SQLite has rolled back by itself, as it does on some errors.
    }
  }

  #apply(packed: Packed, isolated: boolean): Refused[] {
    const refused: Refused[] = []
    let at = 0
    let unit = -1
    while (at < packed.length) {
      unit += 1
      const guarded = isolated || packed[at + 1] === 1
      if (!guarded) {
        at = this.#applyUnit(packed, at + 2)
        continue
      }
      this.#savepoint.run()
      try {
        at = this.#applyUnit(packed, at + 2)
      } catch (error) {
        if (isDiskFailure(error)) throw error
        this.#rollbackTo.run()
        this.names.rolledBackPart()
        refused.push([unit, refusalOf(error, this.#file)])
        at = nextUnit(packed, at + 2)
      }
      this.#release.run()
    }
    return refused
  }

  /** Applies the writes of one unit and gives the position behind them. */
  #applyUnit(packed: Packed, start: number): number {
    let at = start
    while (at < packed.length && packed[at] !== code.unit) {
      // The casts below are true by the table in pack.ts, which wrote the fields in this order.
      const op = packed[at] as number
      const a = packed[at + 1] as string
      const b = packed[at + 2] as string
      const c = packed[at + 3] as string
      switch (op) {
        case code.put:
          this.rows.put(
            [a, b, c],
            packed[at + 4] as string,
            packed[at + 5] as string,
            packed[at + 6] as number,
            packed[at + 7] as number,
          )
          break
        case code.delete:
          this.rows.delete([a, b, c], packed[at + 4] as string)
          break
        case code.clear:
          this.rows.clear([a, b, c])
          break
        case code.append: {
          const entry = [
            packed[at + 4] as string,
            packed[at + 5] as number,
            packed[at + 6] as string,
            packed[at + 7] as string,
          ] as const
          this.entries.append([a, b, c], entry, packed[at + 8] as number, packed[at + 9] as string | null)
          break
        }
        case code.replace:
          this.entries.replace([a, b, c], packed[at + 4] as string, packed[at + 5] as string)
          break
        case code.remove:
          this.entries.remove([a, b, c], packed[at + 4] as string)
          break
        case code.purge:
          this.entries.purge([a, b, c], packed[at + 4] as number | null)
          break
        case code.spool:
          this.#spool.run(this.names.destination(a), b, packed[at + 3] as number, packed[at + 4] as string)
          this.entries.sawId(readId(b)?.ms ?? -1)
          break
        case code.unspool:
          this.#unspool.run(this.names.destination(a), b)
          break
        default:
          throw new Error(`Unknown write ${op}`)
      }
      at += sizes[op]!
    }
    return at
  }
}

/** Items of each write, its code included. */
const sizes: readonly number[] = [2, 8, 5, 4, 10, 5, 5, 5, 3, 6]

function nextUnit(packed: Packed, start: number): number {
  let at = start
  // The code is a number wherever a write begins.
  while (at < packed.length && packed[at] !== code.unit) at += sizes[packed[at] as number]!
  return at
}
