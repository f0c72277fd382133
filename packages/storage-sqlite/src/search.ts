/** Worker: full-text search (FTS5) for owners who search: nobody else pays for an index. Where SQLite has no FTS5 a search reads entries instead. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { found, searchable, wordsOf } from '@tercet/storage/adapter'
import { searched } from './names.ts'

/** The question that a search asks of each body where there is no index: `is_found(text, search)`. */
export const IS_FOUND = 'is_found'

/** Makes searching possible; undefined: without an index, since this SQLite has no FTS5. */
export function openSearch(db: DatabaseSync): Search | undefined {
  if (Number(db.prepare("SELECT sqlite_compileoption_used('ENABLE_FTS5') AS yes").get()?.['yes']) !== 1) {
    // COMPAT(Node 22.13, whose SQLite was built without it): what another Node has put into an index is not kept up here, so it is none any more.
    db.exec(
      `DELETE FROM searcher; DELETE FROM found; UPDATE owner SET flags = flags & ~${searched} WHERE flags & ${searched}`,
    )
    db.function(IS_FOUND, { deterministic: true }, (body, search) => Number(found(String(body), String(search))))
    return undefined
  }
  db.exec(`
    CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5 (
      owner, text, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
    )`)
  // What was left there is of a time before the index was given up.
  if (!db.prepare('SELECT 1 FROM found LIMIT 1').get()) db.exec("INSERT INTO word (word) VALUES ('delete-all')")
  return new Search(db)
}

/** An index of words by owner and place. */
export class Search {
  readonly #upto: StatementSync
  readonly #begin: StatementSync
  readonly #advance: StatementSync
  readonly #rest: StatementSync
  readonly #text: StatementSync
  readonly #addFound: StatementSync
  readonly #addWords: StatementSync
  readonly #removeFound: StatementSync
  readonly #removeWords: StatementSync

  constructor(db: DatabaseSync) {
    this.#upto = db.prepare('SELECT upto FROM searcher WHERE owner = ?')
    this.#begin = db.prepare('INSERT OR IGNORE INTO searcher (owner, upto) VALUES (?, -1)')
    this.#advance = db.prepare('UPDATE searcher SET upto = ? WHERE owner = ?')
    const texts =
      'SELECT e.place AS place, b.text AS body FROM entry e CROSS JOIN body b ON b.id = e.body WHERE e.owner = ?'
    this.#rest = db.prepare(`${texts} AND e.place > ? ORDER BY e.place LIMIT ?`)
    this.#text = db.prepare(`${texts} AND e.place = ?`)
    this.#addFound = db.prepare('INSERT INTO found (owner, place) VALUES (?, ?)')
    this.#addWords = db.prepare('INSERT INTO word (rowid, owner, text) VALUES (?, ?, ?)')
    this.#removeFound = db.prepare('DELETE FROM found WHERE owner = ? AND place = ? RETURNING id')
    this.#removeWords = db.prepare('DELETE FROM word WHERE rowid = ?')
  }

  /** Adds so many entries that are not in the index; true when all are. */
  catchUp(owner: number, max: number): boolean {
    this.#begin.run(owner)
    const limit = Math.min(max, 1_000_000_000)
    let upto = Number(this.#upto.get(owner)?.['upto'])
    let count = 0
    for (const row of this.#rest.all(owner, upto, limit)) {
      upto = Number(row['place'])
      this.#add(owner, upto, String(row['body']))
      count += 1
    }
    if (count > 0) this.#advance.run(upto, owner)
    return count < limit
  }

  /** An entry of an owner with an index was written: is the index past it already? */
  late(owner: number, place: number): void {
    if (place > Number(this.#upto.get(owner)?.['upto'] ?? -1)) return
    const row = this.#text.get(owner, place)
    if (row !== undefined) this.#add(owner, place, String(row['body']))
  }

  remove(owner: number, place: number): void {
    const row = this.#removeFound.get(owner, place)
    if (row !== undefined) this.#removeWords.run(Number(row['id']))
  }

  /** The question for FTS5; undefined: it has no words. The owner is a word too, so that other people's entries are not even looked at. */
  matching(owner: number, search: string): string | undefined {
    const words = wordsOf(search)
    if (words.length === 0) return undefined
    // Letters and digits alone: nothing in it means anything to FTS5.
    return `owner : "o${owner}" AND text : (${words.map(word => `"${word}"*`).join(' AND ')})`
  }

  #add(owner: number, place: number, body: string): void {
    const words = wordsOf(searchable(body))
    if (words.length === 0) return
    const { lastInsertRowid } = this.#addFound.run(owner, place)
    this.#addWords.run(lastInsertRowid, `o${owner}`, words.join(' '))
  }
}
