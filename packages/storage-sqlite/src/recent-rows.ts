/** Rows that were read a moment ago: a login reads some of them three times, and who comes back again reads those of the last time. */

import type { TableWrite } from '@tercet/storage/adapter'
import type { RawRow } from './protocol.ts'

/** Answers that are remembered, most of which are that there is nothing. */
const MAX_ANSWERS = 5_000
/** Characters of the rows of one answer; longer ones are not worth their memory. */
const MAX_CHARACTERS = 2_000

/** Answers of the disk to questions about tables. Only what a unit writes can change them, and they are forgotten when it has. */
export class RecentRows {
  readonly #answers = new Map<string, readonly RawRow[]>()

  /** All rows of an owner, or that of `key`. @param read asks the disk */
  get(place: Place, key: string | undefined, read: () => readonly RawRow[]): readonly RawRow[] {
    const question = questionOf(place, key)
    const known = this.#answers.get(question)
    if (known !== undefined) return known
    const rows = read()
    if (rows.reduce((sum, { value }) => sum + value.length, 0) > MAX_CHARACTERS) return rows
    if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear()
    this.#answers.set(question, rows)
    return rows
  }

  /** A write is on disk, or never will be. */
  forget(write: TableWrite): void {
    if (write.kind === 'clear') {
      this.#answers.clear()
      return
    }
    this.#answers.delete(questionOf(write, undefined))
    this.#answers.delete(questionOf(write, write.key))
  }
}

/** Whose rows. */
interface Place {
  readonly name: string
  readonly host: string
  readonly owner: string
}

/** Neither of the three contains U+0000. */
function questionOf({ name, host, owner }: Place, key: string | undefined): string {
  const place = `${name}\0${host}\0${owner}`
  return key === undefined ? place : `${place}\0${key}`
}
