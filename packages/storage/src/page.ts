/** A page of a list of entries: the meaning of a LogQuery, for adapters that hold entries in memory. */

import { StorageError } from './error.ts'
import type { LogEntry, LogPage, LogQuery } from './log.ts'
import { found } from './search.ts'

/** @throws {StorageError} `unknown-id` when `after` or `before` names no entry */
export function selectPage(entries: readonly LogEntry[], query: LogQuery): LogPage {
  const from = query.after === undefined ? 0 : positionOf(entries, query.after) + 1
  const to = query.before === undefined ? entries.length : positionOf(entries, query.before)
  const selection = entries.slice(from, Math.max(from, to)).filter(entry => matches(entry, query))
  const max = Math.max(0, query.max)
  const start = query.last === true ? Math.max(0, selection.length - max) : 0
  return { entries: selection.slice(start, start + max), complete: selection.length <= max }
}

function positionOf(entries: readonly LogEntry[], id: string): number {
  const position = entries.findIndex(entry => entry.id === id)
  if (position < 0) throw new StorageError('unknown-id', 'No entry has this id')
  return position
}

function matches(entry: LogEntry, { peer, resource, startMs, endMs, search }: LogQuery): boolean {
  if (peer !== undefined && entry.peer !== peer) return false
  if (resource !== undefined && (entry.resource ?? '') !== resource) return false
  if (startMs !== undefined && entry.at < startMs) return false
  if (endMs !== undefined && entry.at > endMs) return false
  return search === undefined || found(entry.body, search)
}
