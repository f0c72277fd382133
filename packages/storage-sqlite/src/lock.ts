/** One process for each folder: an exclusive lock that the kernel drops when its holder dies, and the pid for the message. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '@tercet/storage'

/** Locks in force: a connection that nobody refers to is collected, and its lock with it. */
const held = new Set<DatabaseSync>()

/**
 * Takes the folder, and makes it if it is missing. The lock is SQLite's own on an empty database, so a stale one cannot exist; the file with the pid is only
 * for people.
 *
 * @throws {StorageError} `locked`, naming the process that holds it · `failed`
 */
export function lockFolder(folder: string): Disposable {
  const pidFile = join(folder, 'lock.pid')
  const db = openLock(folder)
  try {
    // No journal file: nothing is ever written here.
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    throw new StorageError('locked', `${folder} is in use by process ${holder(pidFile)}: stop that one first`, {
      cause,
    })
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch {
    // A full disk: the lock holds all the same.
  }
  held.add(db)
  return {
    [Symbol.dispose]: () => {
      held.delete(db)
      rmSync(pidFile, { force: true })
      db.close()
    },
  }
}

function openLock(folder: string): DatabaseSync {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return new DatabaseSync(join(folder, 'lock.db'))
  } catch (cause) {
    throw new StorageError('failed', `${folder} cannot be used as a folder for the store`, { cause })
  }
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || '(unknown)'
  } catch {
    return '(unknown)'
  }
}
