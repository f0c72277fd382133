/** Brings a database file to the newest schema; the version is SQLite's `user_version`. */

import type { DatabaseSync } from 'node:sqlite'
import { sql as first } from './migrations/001.ts'
import { step as second } from './migrations/002.ts'
import { Refused } from './refused.ts'

/** SQL, or what SQL cannot say. */
export type Step = string | ((db: DatabaseSync) => void)

/** Step `n` leads from schema `n` to `n + 1`. */
export const migrations: readonly Step[] = [first, second]

/**
 * Runs the missing steps in one transaction. A file that holds an older schema is first copied to `<file>.v<version>`.
 *
 * @throws {Refused} `newer-schema`
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly Step[] = migrations): void {
  const version = versionOf(db)
  if (version > steps.length) {
    throw new Refused(
      'newer-schema',
      `${file} has schema ${version} of a newer release; this one knows ${steps.length}: use the newer release or restore a backup`,
    )
  }
  if (version === steps.length) return
  if (version > 0) copyOnce(db, `${file}.v${version}`)
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const step of steps.slice(version)) {
      if (typeof step === 'string') db.exec(step)
      else step(db)
    }
    db.exec(`PRAGMA user_version = ${steps.length}`)
    db.exec('COMMIT')
  } catch (error) {
    try {
      db.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself, as it does on some errors.
    }
    throw error
  }
}

/** The schema version of an open file, 0 for a new one. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

function copyOnce(db: DatabaseSync, copy: string): void {
  try {
    db.prepare('VACUUM INTO ?').run(copy)
  } catch (error) {
    // A start that died after the copy left it there; it is as good as a new one, since nothing was migrated.
    if (!(error instanceof Error) || !error.message.includes('already exists')) throw error
  }
}
