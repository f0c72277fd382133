/** Worker: entries of logs, by owner and the place of their ids: one index, keyset paging, bodies that several entries share. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LogEntry, LogPage, LogQuery } from '@tercet/storage'
import { idAt, placeOf, readId, type IdParts } from '@tercet/storage/adapter'
import { behindIds, searched, type Names, type Owner } from './names.ts'
import { Refused } from './refused.ts'
import { IS_FOUND, openSearch, type Search } from './search.ts'

/** Who owns a log: its name, host, owner. */
export type Place = readonly [name: string, host: string, owner: string]

const columns = `
  e.place AS place, e.behind AS behind, e.resource AS resource, t.text AS epoch, p.name AS peer, b.text AS body`
const texts =
  'CROSS JOIN epoch t ON t.id = e.epoch CROSS JOIN peer p ON p.id = e.peer CROSS JOIN body b ON b.id = e.body'
const span = 'e.owner = ? AND e.place >= ? AND e.place < ?'
/** Places are 2,048 to the millisecond; see `placeOf`. */
const at = '(e.place / 2048 - e.behind)'
const chunk = 1_000

/** Reads and changes logs; writes happen inside the caller's transaction. */
export class Entries {
  /** Undefined: there is no index, and a search reads what it searches. */
  readonly search: Search | undefined
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #pages = new Map<string, StatementSync>()
  readonly #one: StatementSync
  readonly #count: StatementSync
  readonly #insert: StatementSync
  readonly #insertBody: StatementSync
  readonly #rebody: StatementSync
  readonly #flag: StatementSync
  readonly #delete: StatementSync
  readonly #unref: StatementSync
  readonly #deleteBody: StatementSync
  readonly #older: StatementSync
  readonly #newestRow: StatementSync
  #lastBody = 0
  #newestMs = -1
  #markedMs = -1

  constructor(db: DatabaseSync, names: Names) {
    this.#db = db
    this.#names = names
    this.search = openSearch(db)
    this.#one = db.prepare(
      `SELECT ${columns}, e.body AS bodyId FROM entry e ${texts} WHERE e.owner = ? AND e.place = ? AND t.text = ?`,
    )
    this.#count = db.prepare('SELECT count(*) AS n FROM entry WHERE owner = ?')
    this.#insert = db.prepare(
      'INSERT INTO entry (owner, place, epoch, behind, peer, body, resource) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#insertBody = db.prepare('INSERT INTO body (refs, text) VALUES (?, ?)')
    this.#rebody = db.prepare('UPDATE entry SET body = ? WHERE owner = ? AND place = ?')
    this.#flag = db.prepare('UPDATE owner SET flags = ? WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM entry WHERE owner = ? AND place = ?')
    this.#unref = db.prepare('UPDATE body SET refs = refs - 1 WHERE id = ? RETURNING refs')
    this.#deleteBody = db.prepare('DELETE FROM body WHERE id = ?')
    this.#older = db.prepare(
      `SELECT e.place AS place, e.body AS body FROM entry e WHERE ${span} AND ${at} < ? ORDER BY e.place LIMIT ?`,
    )
    this.#newestRow = db.prepare('UPDATE newest SET ms = ? WHERE id = 1 AND ms < ?')
  }

  /** Appends; `refs` of 0 means that the body is that of the append before. */
  append(
    place: Place,
    [id, atMs, peer, resource]: readonly [string, number, string, string],
    refs: number,
    body: string | null,
  ): void {
    const owner = this.#names.owner('log', ...place)
    const parts = require(id)
    const behind = parts.ms - atMs
    if (behind > 0) this.mark(place, owner, behindIds)
    if (refs > 0) this.#lastBody = Number(this.#insertBody.run(refs, body).lastInsertRowid)
    this.#insert.run(
      owner.id,
      parts.place,
      this.#names.epoch(parts.epoch),
      behind,
      this.#names.peer(peer),
      this.#lastBody,
      resource,
    )
    this.sawId(parts.ms)
    if (owner.flags & searched) this.search?.late(owner.id, parts.place)
  }

  /** An id was used; the newest one of all is remembered with the commit. */
  sawId(ms: number): void {
    if (ms > this.#newestMs) this.#newestMs = ms
  }

  /** Writes what the transaction has to remember besides its entries. */
  committing(): void {
    if (this.#newestMs > this.#markedMs) this.#newestRow.run(this.#newestMs, this.#newestMs)
  }

  committed(): void {
    this.#markedMs = this.#newestMs
  }

  rolledBack(): void {
    this.#newestMs = this.#markedMs
  }

  replace(place: Place, id: string, body: string): void {
    const owner = this.#names.owner('log', ...place)
    const row = this.#row(owner, id)
    if (row === undefined) return
    const number = Number(row['place'])
    const added = this.#insertBody.run(1, body).lastInsertRowid
    this.#rebody.run(added, owner.id, number)
    this.#release(Number(row['bodyId']))
    if (owner.flags & searched) {
      this.search?.remove(owner.id, number)
      this.search?.late(owner.id, number)
    }
  }

  remove(place: Place, id: string): void {
    const owner = this.#names.owner('log', ...place)
    const row = this.#row(owner, id)
    if (row !== undefined) this.drop(owner, Number(row['place']), Number(row['bodyId']))
  }

  /** Removes entries older than a time, or all. */
  purge(place: Place, olderThanMs: number | null): void {
    const owner = this.#names.owner('log', ...place)
    const to = (owner.flags & behindIds) === 0 ? placeOf(olderThanMs ?? Infinity) : Infinity
    for (let from = 0; ;) {
      const rows = this.#older.all(owner.id, from, to, olderThanMs ?? Infinity, chunk)
      for (const row of rows) {
        from = Number(row['place']) + 1
        this.drop(owner, from - 1, Number(row['body']))
      }
      if (rows.length < chunk) return
    }
  }

  page(name: string, host: string, ownerName: string, query: LogQuery): LogPage {
    const owner = this.#names.owner('log', name, host, ownerName)
    const { startMs = -Infinity, endMs = Infinity, peer, resource, search } = query
    // An entry may be older than its id says, never later.
    let from = placeOf(startMs)
    let to = (owner.flags & behindIds) === 0 ? placeOf(endMs + 1) : Infinity
    if (query.after !== undefined) from = Math.max(from, this.#require(owner, query.after) + 1)
    if (query.before !== undefined) to = Math.min(to, this.#require(owner, query.before))
    if (from >= to) return NOTHING
    const max = Math.max(0, Math.min(query.max, 1_000_000))
    const values: (string | number)[] = [owner.id, from, to, startMs, endMs]
    let where = `${span} AND ${at} >= ? AND ${at} <= ?`
    let tables = 'entry e'
    if (search !== undefined && !this.search) {
      where += ` AND ${IS_FOUND}(b.text, ?)`
      values.push(search)
    } else if (search !== undefined) {
      const match = this.search?.matching(owner.id, search)
      if (match === undefined) return NOTHING
      this.searches(name, host, ownerName, Infinity)
      tables = `word CROSS JOIN found f ON f.id = word.rowid CROSS JOIN entry e ON e.owner = f.owner AND e.place = f.place`
      where = `word MATCH ? AND ${where}`
      values.unshift(match)
    }
    if (peer !== undefined) {
      where += ' AND e.peer = ?'
      values.push(this.#names.peer(peer))
    }
    if (resource !== undefined) {
      where += ' AND e.resource = ?'
      values.push(resource)
    }
    const down = query.last === true
    const sql = `SELECT ${columns} FROM ${tables} ${texts} WHERE ${where} ORDER BY e.place ${down ? 'DESC' : ''} LIMIT ?`
    const rows = this.#prepared(sql).all(...values, max + 1)
    const entries = rows.slice(0, max).map(toEntry)
    if (down) entries.reverse()
    return { entries, complete: rows.length <= max }
  }

  /** Makes an owner searchable, some entries at a time; true when all are. */
  searches(name: string, host: string, ownerName: string, max: number): boolean {
    if (!this.search) return true
    const place = [name, host, ownerName] as const
    const owner = this.#names.owner('log', ...place)
    this.mark(place, owner, searched)
    return this.search.catchUp(owner.id, max)
  }

  get(name: string, host: string, ownerName: string, id: string): LogEntry | undefined {
    const row = this.#row(this.#names.owner('log', name, host, ownerName), id)
    return row === undefined ? undefined : toEntry(row)
  }

  count(name: string, host: string, ownerName: string): number {
    return Number(this.#count.get(this.#names.owner('log', name, host, ownerName).id)?.['n'])
  }

  /** Removes an entry, and its body if nobody else shows it. */
  drop(owner: Owner, place: number, body: number): void {
    this.#delete.run(owner.id, place)
    this.#release(body)
    if (owner.flags & searched) this.search?.remove(owner.id, place)
  }

  mark(place: Place, owner: Owner, flag: number): void {
    if (owner.flags & flag) return
    this.#names.changes(...place)
    this.#flag.run((owner.flags |= flag), owner.id)
  }

  #release(body: number): void {
    if (Number(this.#unref.get(body)?.['refs']) <= 0) this.#deleteBody.run(body)
  }

  #row(owner: Owner, id: string): SqlRow | undefined {
    const parts = readId(id)
    return parts && this.#one.get(owner.id, parts.place, parts.epoch)
  }

  #require(owner: Owner, id: string): number {
    const row = this.#row(owner, id)
    if (row === undefined) throw new Refused('unknown-id', 'No entry has this id')
    return Number(row['place'])
  }

  /** There are as many as combinations of filters; values are always bound. */
  #prepared(sql: string): StatementSync {
    let statement = this.#pages.get(sql)
    if (statement === undefined) this.#pages.set(sql, (statement = this.#db.prepare(sql)))
    return statement
  }
}

type SqlRow = Record<string, unknown>

const NOTHING: LogPage = { entries: [], complete: true }

function toEntry(row: SqlRow): LogEntry {
  const id = idAt(Number(row['place']), String(row['epoch']))
  const resource = String(row['resource'])
  const entry = {
    id,
    at: Math.floor(Number(row['place']) / placeOf(1)) - Number(row['behind']),
    peer: String(row['peer']),
    body: String(row['body']),
  }
  return resource === '' ? entry : { ...entry, resource }
}

function require(id: string): IdParts {
  const parts = readId(id)
  if (parts === undefined) throw new Refused('failed', 'The id is not of a source of ids')
  return parts
}
