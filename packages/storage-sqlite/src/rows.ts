/** Worker: rows of tables. Writes happen inside the caller's transaction. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Names } from './names.ts'
import type { RawRow } from './protocol.ts'
import { Refused } from './refused.ts'

/** Reads and changes tables. */
export class Rows {
  readonly #names: Names
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #clear: StatementSync
  readonly #list: StatementSync
  readonly #owners: StatementSync

  constructor(db: DatabaseSync, names: Names) {
    this.#names = names
    this.#get = db.prepare('SELECT key, version, value FROM row WHERE owner = ? AND key = ?')
    this.#put = db.prepare(`
      INSERT INTO row (owner, key, version, value) VALUES (?, ?, ?, ?)
      ON CONFLICT (owner, key) DO UPDATE SET version = version + excluded.version, value = excluded.value`)
    this.#delete = db.prepare('DELETE FROM row WHERE owner = ? AND key = ?')
    this.#clear = db.prepare('DELETE FROM row WHERE owner = ?')
    this.#list = db.prepare('SELECT key, version, value FROM row WHERE owner = ? ORDER BY key')
    this.#owners = db.prepare(`
      SELECT name FROM owner WHERE scope = ? AND name > ? AND EXISTS (SELECT 1 FROM row WHERE row.owner = owner.id)
      ORDER BY name LIMIT ?`)
  }

  /** @throws {Refused} `conflict` */
  put(place: readonly [string, string, string], key: string, json: string, expect: number, steps: number): void {
    const { id } = this.#names.owner('table', ...place)
    if (expect !== -1 && Number(this.#get.get(id, key)?.['version'] ?? 0) !== expect) {
      throw new Refused('conflict', 'A row has another version than the unit expected')
    }
    this.#put.run(id, key, steps, json)
  }

  delete(place: readonly [string, string, string], key: string): void {
    this.#delete.run(this.#names.owner('table', ...place).id, key)
  }

  clear(place: readonly [string, string, string]): void {
    this.#clear.run(this.#names.owner('table', ...place).id)
  }

  list(name: string, host: string, owner: string): RawRow[] {
    return this.#list.all(this.#names.owner('table', name, host, owner).id).map(toRawRow)
  }

  get(name: string, host: string, owner: string, key: string): RawRow | undefined {
    const row = this.#get.get(this.#names.owner('table', name, host, owner).id, key)
    return row === undefined ? undefined : toRawRow(row)
  }

  /** The next owners after one, in order. */
  owners(name: string, host: string, after: string | undefined, max: number): string[] {
    const scope = this.#names.scope('table', name, host)
    // A blob is greater than any text and null compares with nothing, so the empty owner needs a bound below all texts.
    return this.#owners.all(scope, after ?? -1, max).map(row => String(row['name']))
  }
}

function toRawRow(row: Record<string, unknown>): RawRow {
  return { key: String(row['key']), version: Number(row['version']), value: String(row['value']) }
}
