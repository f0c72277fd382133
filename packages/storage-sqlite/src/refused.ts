/** Failures inside the worker, and how SQLite's codes become conditions of the port. */

import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StorageCondition } from '@tercet/storage'
import type { Refusal } from './protocol.ts'

/** Thrown in the worker; crosses to the main thread as a `Refusal` and becomes a `StorageError` there. */
export class Refused extends Error {
  readonly condition: StorageCondition

  constructor(condition: StorageCondition, text: string) {
    super(text)
    this.condition = condition
  }
}

const sqliteBusy = 5
const sqliteReadonly = 8
const sqliteIoError = 10
const sqliteFull = 13
const sqliteCannotOpen = 14

/** True when the disk or the file refused, so that any other unit would fail too. */
export function isDiskFailure(error: unknown): boolean {
  const code = primaryCode(error)
  return [sqliteBusy, sqliteReadonly, sqliteIoError, sqliteFull, sqliteCannotOpen].includes(code)
}

/** The error as it crosses to the main thread. */
export function refusalOf(error: unknown, file: string): Refusal {
  if (error instanceof Refused) return { condition: error.condition, text: error.message }
  const text = error instanceof Error ? error.message : String(error)
  const code = primaryCode(error)
  const full = code === sqliteFull || (code === sqliteIoError && isFull(file))
  return { condition: full ? 'full' : 'failed', text: full ? `No space is left for ${file}: ${text}` : text }
}

function primaryCode(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 0
  return error.errcode & 0xff
}

/** A full disk shows as an I/O error where SQLite grows a file by other means than writing. */
function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < 1_048_576
  } catch {
    return false
  }
}
