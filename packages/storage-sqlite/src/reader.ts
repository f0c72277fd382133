/** Point reads on the main thread: a read-only connection that sees whatever the worker has committed. */

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StorageError, type SpoolEntry } from '@tercet/storage'
import type { RawRow } from './protocol.ts'

const ownerOf = 'SELECT id FROM owner WHERE scope = ? AND name = ?'
const destinationOf = 'SELECT id FROM destination WHERE name = ?'

/** Reads of a few microseconds each; none leaves a transaction open. */
export class Reader {
  readonly #db: DatabaseSync
  readonly #scopes = new Map<string, number>()
  readonly #scope: StatementSync
  readonly #row: StatementSync
  readonly #rows: StatementSync
  readonly #spool: StatementSync
  readonly #spoolIds: StatementSync
  readonly #spoolCount: StatementSync

  constructor(file: string) {
    const db = new DatabaseSync(file, { readOnly: true })
    this.#db = db
    db.exec('PRAGMA busy_timeout = 1000')
    db.exec('PRAGMA cache_size = -16384')
    this.#scope = db.prepare(`SELECT id FROM scope WHERE kind = 'table' AND name = ? AND host = ?`)
    this.#row = db.prepare(`SELECT version, value FROM row WHERE owner = (${ownerOf}) AND key = ?`)
    this.#rows = db.prepare(`SELECT key, version, value FROM row WHERE owner = (${ownerOf}) ORDER BY key`)
    this.#spool = db.prepare(`SELECT id, at, text FROM spool WHERE destination = (${destinationOf}) ORDER BY id`)
    this.#spoolIds = db.prepare(`SELECT id FROM spool WHERE destination = (${destinationOf})`)
    this.#spoolCount = db.prepare(`SELECT count(*) AS n FROM spool WHERE destination = (${destinationOf})`)
  }

  row(name: string, host: string, owner: string, key: string): RawRow | undefined {
    const scope = this.#scopeOf(name, host)
    const row = scope === undefined ? undefined : guard(() => this.#row.get(scope, owner, key))
    return row === undefined ? undefined : toRawRow(key, row)
  }

  rows(name: string, host: string, owner: string): RawRow[] {
    const scope = this.#scopeOf(name, host)
    if (scope === undefined) return []
    return guard(() => this.#rows.all(scope, owner)).map(row => toRawRow(String(row['key']), row))
  }

  spool(destination: string): SpoolEntry[] {
    return guard(() => this.#spool.all(destination)).map(row => ({
      destination,
      id: String(row['id']),
      at: Number(row['at']),
      text: String(row['text']),
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

  close(): void {
    this.#db.close()
  }

  /** Only what exists is cached: scopes are never removed, and there are as many as modules have tables. */
  #scopeOf(name: string, host: string): number | undefined {
    const key = `${name}\0${host}`
    const known = this.#scopes.get(key)
    if (known !== undefined) return known
    const row = guard(() => this.#scope.get(name, host))
    if (row === undefined) return undefined
    const id = Number(row['id'])
    this.#scopes.set(key, id)
    return id
  }
}

function guard<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new StorageError('failed', 'The database could not be read', { cause })
  }
}

function toRawRow(key: string, row: Record<string, unknown>): RawRow {
  return { key, version: Number(row['version']), value: String(row['value']) }
}
