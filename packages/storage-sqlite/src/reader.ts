/** Point reads on the main thread: a read-only connection that sees whatever the worker has committed. */

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StorageError, type LogEnd, type SpoolEntry } from '@tercet/storage'
import { idAt, placeOf } from '@tercet/storage/adapter'
import type { RawRow } from './protocol.ts'
import { RecentRows } from './recent-rows.ts'

const ownerOf = 'SELECT id FROM owner WHERE scope = ? AND name = ?'
const end = `SELECT e.place, e.behind, t.text FROM entry e CROSS JOIN epoch t ON t.id = e.epoch WHERE e.owner = (${ownerOf})`
const destinationOf = 'SELECT id FROM destination WHERE name = ?'

const NONE: readonly RawRow[] = []

/** Reads of a few microseconds each; none leaves a transaction open. */
export class Reader {
  readonly recent = new RecentRows()
  readonly #db: DatabaseSync
  readonly #scopes = new Map<string, number>()
  readonly #scope: StatementSync
  readonly #ends: ArrayQuery
  readonly #row: StatementSync
  readonly #rows: ArrayQuery
  readonly #spool: ArrayQuery
  readonly #spoolIds: StatementSync
  readonly #spoolCount: StatementSync

  constructor(file: string) {
    const db = new DatabaseSync(file, { readOnly: true })
    this.#db = db
    db.exec('PRAGMA busy_timeout = 1000')
    db.exec('PRAGMA cache_size = -16384')
    this.#scope = db.prepare(`SELECT id FROM scope WHERE kind = ? AND name = ? AND host = ?`)
    this.#ends = arraysOf(
      db.prepare(
        `SELECT * FROM (${end} ORDER BY e.place LIMIT 1) UNION ALL SELECT * FROM (${end} ORDER BY e.place DESC LIMIT 1)`,
      ),
    )
    this.#row = db.prepare(`SELECT version, value FROM row WHERE owner = (${ownerOf}) AND key = ?`)
    this.#rows = arraysOf(db.prepare(`SELECT key, version, value FROM row WHERE owner = (${ownerOf}) ORDER BY key`))
    this.#spool = arraysOf(
      db.prepare(`SELECT id, at, text FROM spool WHERE destination = (${destinationOf}) ORDER BY id`),
    )
    this.#spoolIds = db.prepare(`SELECT id FROM spool WHERE destination = (${destinationOf})`)
    this.#spoolCount = db.prepare(`SELECT count(*) AS n FROM spool WHERE destination = (${destinationOf})`)
  }

  /** The oldest and the newest entry of a log. */
  ends(name: string, host: string, owner: string): readonly [LogEnd, LogEnd] | undefined {
    const scope = this.#scopeOf('log', name, host)
    if (scope === undefined) return undefined
    const [oldest, newest] = guard(() => this.#ends(scope, owner, scope, owner)).map(endOf)
    return oldest && newest && [oldest, newest]
  }

  row(name: string, host: string, owner: string, key: string): RawRow | undefined {
    return this.recent.get({ name, host, owner }, key, () => {
      const scope = this.#scopeOf('table', name, host)
      const row = scope === undefined ? undefined : guard(() => this.#row.get(scope, owner, key))
      return row === undefined ? NONE : [toRawRow(key, row)]
    })[0]
  }

  rows(name: string, host: string, owner: string): readonly RawRow[] {
    return this.recent.get({ name, host, owner }, undefined, () => {
      const scope = this.#scopeOf('table', name, host)
      if (scope === undefined) return NONE
      return guard(() => this.#rows(scope, owner)).map(([key, version, value]) => ({
        key: String(key),
        version: Number(version),
        value: String(value),
      }))
    })
  }

  spool(destination: string): SpoolEntry[] {
    return guard(() => this.#spool(destination)).map(([id, at, text]) => ({
      destination,
      id: String(id),
      at: Number(at),
      text: String(text),
      settled: false,
      stored: true,
    }))
  }

  spoolIds(destination: string): string[] {
    return guard(() => this.#spoolIds.all(destination)).map(row => String(row['id']))
  }

  spoolCount(destination: string): number {
    return Number(guard(() => this.#spoolCount.get(destination))?.['n'])
  }

  newestMs(): number {
    return Number(guard(() => this.#db.prepare('SELECT ms FROM newest').get())?.['ms'] ?? -1)
  }

  close(): void {
    this.#db.close()
  }

  /** Only what exists is cached: scopes are never removed, and there are as many as modules have tables. */
  #scopeOf(kind: 'table' | 'log', name: string, host: string): number | undefined {
    const key = `${kind}\0${name}\0${host}`
    const known = this.#scopes.get(key)
    if (known !== undefined) return known
    const row = guard(() => this.#scope.get(kind, name, host))
    if (row === undefined) return undefined
    const id = Number(row['id'])
    this.#scopes.set(key, id)
    return id
  }
}

/** A query whose rows are arrays in the order of its columns. */
type ArrayQuery = (...values: (string | number)[]) => readonly (readonly unknown[])[]

/** Rows as objects are slow to read, having no prototype; COMPAT(Node before 22.16): objects are all there is. */
function arraysOf(statement: StatementSync): ArrayQuery {
  if (!('setReturnArrays' in statement)) {
    const objects: StatementSync = statement
    return (...values) => objects.all(...values).map(row => Object.values(row))
  }
  statement.setReturnArrays(true)
  // True because of the line above, of which the types do not know.
  return (...values) => statement.all(...values) as unknown as unknown[][]
}

function guard<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new StorageError('failed', 'The database could not be read', { cause })
  }
}

function endOf([place, behind, epoch]: readonly unknown[]): LogEnd {
  const number = Number(place)
  return { id: idAt(number, String(epoch)), at: Math.floor(number / placeOf(1)) - Number(behind) }
}

function toRawRow(key: string, row: Record<string, unknown>): RawRow {
  return { key, version: Number(row['version']), value: String(row['value']) }
}
