/** Worker: entries of logs, in order of `seq` for each owner, found by id or time without an index of their own where these grow. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LogEntry, LogPage, LogQuery } from '@tercet/storage'
import { idsUnordered, timesUnordered, type Names, type Owner } from './names.ts'
import { Refused } from './refused.ts'

interface Position {
  readonly seq: number
  readonly id: string
  readonly at: number
}

const select = `
  SELECT e.id AS id, e.at AS at, p.name AS peer, b.text AS body
  FROM entry e CROSS JOIN peer p ON p.id = e.peer CROSS JOIN body b ON b.id = e.body
  WHERE e.owner = ?`
const span = 'AND e.seq >= ? AND e.seq < ? AND e.at >= ? AND e.at <= ?'
const chunk = 1_000

/** Reads and changes logs; writes happen inside the caller's transaction. */
export class Entries {
  readonly #names: Names
  readonly #last: StatementSync
  readonly #from: StatementSync
  readonly #indexed: StatementSync
  readonly #one: StatementSync
  readonly #count: StatementSync
  readonly #pages: Readonly<Record<'up' | 'down' | 'upPeer' | 'downPeer', StatementSync>>
  readonly #insert: StatementSync
  readonly #insertBody: StatementSync
  readonly #insertId: StatementSync
  readonly #insertIds: StatementSync
  readonly #flag: StatementSync
  readonly #delete: StatementSync
  readonly #deleteId: StatementSync
  readonly #unref: StatementSync
  readonly #deleteBody: StatementSync
  readonly #older: StatementSync
  readonly #bodyOf: StatementSync
  #lastBody = 0

  constructor(db: DatabaseSync, names: Names) {
    this.#names = names
    this.#last = db.prepare('SELECT seq, id, at FROM entry WHERE owner = ? ORDER BY seq DESC LIMIT 1')
    this.#from = db.prepare('SELECT seq, id, at FROM entry WHERE owner = ? AND seq >= ? ORDER BY seq LIMIT 1')
    this.#indexed = db.prepare('SELECT seq FROM entry_id WHERE owner = ? AND id = ? ORDER BY seq LIMIT 1')
    this.#one = db.prepare(`${select} AND e.seq = ?`)
    this.#count = db.prepare('SELECT count(*) AS n FROM entry WHERE owner = ?')
    this.#pages = {
      up: db.prepare(`${select} ${span} ORDER BY e.seq LIMIT ?`),
      down: db.prepare(`${select} ${span} ORDER BY e.seq DESC LIMIT ?`),
      upPeer: db.prepare(`${select} ${span} AND e.peer = ? ORDER BY e.seq LIMIT ?`),
      downPeer: db.prepare(`${select} ${span} AND e.peer = ? ORDER BY e.seq DESC LIMIT ?`),
    }
    this.#insert = db.prepare('INSERT INTO entry (owner, seq, at, peer, body, id) VALUES (?, ?, ?, ?, ?, ?)')
    this.#insertBody = db.prepare('INSERT INTO body (refs, text) VALUES (?, ?)')
    this.#insertId = db.prepare('INSERT INTO entry_id (owner, id, seq) VALUES (?, ?, ?)')
    this.#insertIds = db.prepare(
      'INSERT INTO entry_id (owner, id, seq) SELECT owner, id, seq FROM entry WHERE owner = ?',
    )
    this.#flag = db.prepare('UPDATE owner SET flags = ? WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM entry WHERE owner = ? AND seq = ?')
    this.#deleteId = db.prepare('DELETE FROM entry_id WHERE owner = ? AND id = ? AND seq = ?')
    this.#unref = db.prepare('UPDATE body SET refs = refs - 1 WHERE id = ? RETURNING refs')
    this.#deleteBody = db.prepare('DELETE FROM body WHERE id = ?')
    this.#older = db.prepare(
      'SELECT seq, id, body FROM entry WHERE owner = ? AND seq >= ? AND at < ? ORDER BY seq LIMIT ?',
    )
    this.#bodyOf = db.prepare('SELECT body FROM entry WHERE owner = ? AND seq = ?')
  }

  /** Appends; `refs` of 0 means that the body is that of the append before. */
  append(
    place: readonly [string, string, string],
    entry: readonly [string, number, string],
    refs: number,
    body: string | null,
  ): void {
    const owner = this.#names.owner('log', ...place)
    const [id, at, peer] = entry
    this.#names.changes(...place)
    const last = this.#lastOf(owner)
    if (last !== undefined) {
      let flags = owner.flags
      if (id <= last.id && (flags & idsUnordered) === 0) {
        this.#insertIds.run(owner.id)
        flags |= idsUnordered
      }
      if (at < last.at) flags |= timesUnordered
      if (flags !== owner.flags) this.#flag.run((owner.flags = flags), owner.id)
    }
    if (refs > 0) this.#lastBody = Number(this.#insertBody.run(refs, body).lastInsertRowid)
    const seq = (last?.seq ?? 0) + 1
    this.#insert.run(owner.id, seq, at, this.#names.peer(peer), this.#lastBody, id)
    if ((owner.flags & idsUnordered) !== 0) this.#insertId.run(owner.id, id, seq)
    owner.last = { seq, id, at }
    owner.lastKnown = true
  }

  remove(place: readonly [string, string, string], id: string): void {
    const owner = this.#names.owner('log', ...place)
    const seq = this.#find(owner, id)
    const row = seq === undefined ? undefined : this.#bodyOf.get(owner.id, seq)
    if (seq === undefined || row === undefined) return
    this.#names.changes(...place)
    this.#drop(owner, seq, id, Number(row['body']))
  }

  /** Removes entries older than a time, or all. */
  purge(place: readonly [string, string, string], olderThanMs: number | null): void {
    const owner = this.#names.owner('log', ...place)
    this.#names.changes(...place)
    let seq = 0
    for (;;) {
      const rows = this.#older.all(owner.id, seq, olderThanMs ?? Infinity, chunk)
      for (const row of rows) {
        seq = Number(row['seq']) + 1
        this.#drop(owner, seq - 1, String(row['id']), Number(row['body']))
      }
      if (rows.length < chunk) break
    }
    // An empty log is in order again.
    if (this.#lastOf(owner) === undefined && owner.flags !== 0) this.#flag.run((owner.flags = 0), owner.id)
  }

  page(name: string, host: string, ownerName: string, query: LogQuery): LogPage {
    const owner = this.#names.owner('log', name, host, ownerName)
    let from = query.after === undefined ? 0 : this.#require(owner, query.after) + 1
    let to = query.before === undefined ? Number.MAX_SAFE_INTEGER : this.#require(owner, query.before)
    const startMs = query.startMs ?? -Infinity
    const endMs = query.endMs ?? Infinity
    if ((owner.flags & timesUnordered) === 0) {
      if (startMs > -Infinity)
        from = Math.max(
          from,
          this.#firstWhere(owner, position => position.at >= startMs),
        )
      if (endMs < Infinity)
        to = Math.min(
          to,
          this.#firstWhere(owner, position => position.at > endMs),
        )
    }
    if (from >= to) return { entries: [], complete: true }
    const max = Math.max(0, Math.min(query.max, 1_000_000))
    const down = query.last === true
    const bounds = [owner.id, from, to, startMs, endMs] as const
    const rows =
      query.peer === undefined
        ? this.#pages[down ? 'down' : 'up'].all(...bounds, max + 1)
        : this.#pages[down ? 'downPeer' : 'upPeer'].all(...bounds, this.#names.peer(query.peer), max + 1)
    const entries = rows.slice(0, max).map(toEntry)
    if (down) entries.reverse()
    return { entries, complete: rows.length <= max }
  }

  get(name: string, host: string, ownerName: string, id: string): LogEntry | undefined {
    const owner = this.#names.owner('log', name, host, ownerName)
    const seq = this.#find(owner, id)
    const row = seq === undefined ? undefined : this.#one.get(owner.id, seq)
    return row === undefined ? undefined : toEntry(row)
  }

  count(name: string, host: string, ownerName: string): number {
    return Number(this.#count.get(this.#names.owner('log', name, host, ownerName).id)?.['n'])
  }

  #drop(owner: Owner, seq: number, id: string, body: number): void {
    this.#delete.run(owner.id, seq)
    if ((owner.flags & idsUnordered) !== 0) this.#deleteId.run(owner.id, id, seq)
    if (Number(this.#unref.get(body)?.['refs']) <= 0) this.#deleteBody.run(body)
    owner.lastKnown = false
  }

  #lastOf(owner: Owner): Position | undefined {
    if (!owner.lastKnown) {
      owner.last = toPosition(this.#last.get(owner.id))
      owner.lastKnown = true
    }
    return owner.last
  }

  #require(owner: Owner, id: string): number {
    const seq = this.#find(owner, id)
    if (seq === undefined) throw new Refused('unknown-id', 'No entry has this id')
    return seq
  }

  #find(owner: Owner, id: string): number | undefined {
    if ((owner.flags & idsUnordered) !== 0) {
      const row = this.#indexed.get(owner.id, id)
      return row === undefined ? undefined : Number(row['seq'])
    }
    const seq = this.#firstWhere(owner, position => position.id >= id)
    const found = toPosition(this.#from.get(owner.id, seq))
    return found?.id === id ? found.seq : undefined
  }

  /** The lowest `seq` from which on `test` holds, by bisection: some twenty probes for a million entries. */
  #firstWhere(owner: Owner, test: (position: Position) => boolean): number {
    let low = 0
    let high = (this.#lastOf(owner)?.seq ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const position = toPosition(this.#from.get(owner.id, middle))
      if (position === undefined || test(position)) high = middle
      else low = position.seq + 1
    }
    return low
  }
}

type SqlRow = Record<string, unknown>

function toEntry(row: SqlRow): LogEntry {
  return { id: String(row['id']), at: Number(row['at']), peer: String(row['peer']), body: String(row['body']) }
}

function toPosition(row: SqlRow | undefined): Position | undefined {
  return row === undefined ? undefined : { seq: Number(row['seq']), id: String(row['id']), at: Number(row['at']) }
}
