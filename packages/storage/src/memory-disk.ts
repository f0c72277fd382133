/** What a memory store keeps between openings: the durable state, and how a write changes it. */

import { readId } from './id.ts'
import type { LogEntry, Retention, Trimmed, Weighed, Weighing } from './log.ts'
import type { SpoolEntry } from './spool.ts'
import { compareText } from './text-order.ts'
import { isLogWrite, type LogWrite, type TableWrite, type Write } from './write.ts'

const HOUR_MS = 3_600_000
const encoder = new TextEncoder()

/** A row as it is kept. */
export interface KeptRow {
  readonly json: string
  readonly version: number
}

/** Durable state of memory stores; hand the same one to two openings to try a restart. */
export class MemoryDisk {
  readonly tables = new Map<string, Map<string, Map<string, KeptRow>>>()
  readonly logs = new Map<string, Map<string, LogEntry[]>>()
  readonly spool = new Map<string, Map<string, SpoolEntry>>()

  /** The newest milliseconds of any id. */
  newestMs = -1

  sawId(id: string): void {
    this.newestMs = Math.max(this.newestMs, readId(id)?.ms ?? -1)
  }

  /** One step of retention; owners are in the order of their names. */
  trim(name: string, host: string, retention: Retention): Trimmed {
    const { olderThanMs = -1, keep = Infinity, keepBytes = Infinity, max, from = '' } = retention
    const owners = childOf(this.logs, space(name, host))
    let removed = 0
    for (const owner of [...owners.keys()].sort(compareText)) {
      if (compareText(owner, from) < 0) continue
      const entries = owners.get(owner) ?? []
      const young = entries.findIndex(({ id }) => (readId(id)?.ms ?? 0) >= olderThanMs)
      const old = Math.max(young < 0 ? entries.length : young, entries.length - keep, heavy(entries, keepBytes))
      const going = Math.min(old, max - removed)
      if (going > 0) owners.set(owner, entries.slice(going))
      removed += going
      if (removed >= max) return { removed, next: owner }
    }
    return { removed, next: undefined }
  }

  /** One step of weighing; `from` is a number of entries. */
  weigh(name: string, host: string, { max, from = '0' }: Weighing): Weighed {
    const all = [...childOf(this.logs, space(name, host)).values()].flat()
    const end = Number(from) + max
    const hours = new Map<number, number>()
    for (const { id, body } of all.slice(Number(from), end)) {
      const ms = readId(id)?.ms ?? 0
      const startMs = ms - (ms % HOUR_MS)
      hours.set(startMs, (hours.get(startMs) ?? 0) + octets(body))
    }
    return { hours: [...hours], next: end < all.length ? String(end) : undefined }
  }

  owners(name: string, host: string): Map<string, Map<string, KeptRow>> {
    return childOf(this.tables, space(name, host))
  }

  rows(name: string, host: string, owner: string): ReadonlyMap<string, KeptRow> {
    return this.tables.get(space(name, host))?.get(owner) ?? noRows
  }

  entries(name: string, host: string, owner: string): readonly LogEntry[] {
    return this.logs.get(space(name, host))?.get(owner) ?? []
  }

  /** Applies the writes of a unit as one; false, and nothing changed, if a compare-and-set fails. */
  apply(writes: readonly Write[]): boolean {
    const undo: (() => void)[] = []
    for (const write of writes) {
      if (write.kind === 'spool') {
        childOf(this.spool, write.entry.destination).set(write.entry.id, { ...write.entry })
        this.sawId(write.entry.id)
        undo.push(() => this.unspool(write.entry))
      } else if (isLogWrite(write)) this.#applyToLog(write, undo)
      else if (!this.#applyToTable(write, undo)) {
        for (const step of undo.reverse()) step()
        return false
      }
    }
    return true
  }

  unspool(entry: SpoolEntry): void {
    const entries = this.spool.get(entry.destination)
    entries?.delete(entry.id)
    if (entries?.size === 0) this.spool.delete(entry.destination)
  }

  #applyToTable(write: TableWrite, undo: (() => void)[]): boolean {
    const owners = this.owners(write.name, write.host)
    if (write.kind === 'clear') {
      const cleared = owners.get(write.owner)
      if (cleared !== undefined) undo.push(() => owners.set(write.owner, cleared))
      owners.delete(write.owner)
      return true
    }
    const rows = childOf(owners, write.owner)
    const before = rows.get(write.key)
    const done = changeRows(rows, write)
    undo.push(() => {
      if (before !== undefined) childOf(owners, write.owner).set(write.key, before)
      else if (rows.delete(write.key) && rows.size === 0) owners.delete(write.owner)
    })
    if (rows.size === 0) owners.delete(write.owner)
    return done
  }

  #applyToLog(write: LogWrite, undo: (() => void)[]): void {
    const owners = childOf(this.logs, space(write.name, write.host))
    const before = owners.get(write.owner) ?? []
    const last = before.at(-1)
    if (write.kind === 'append') this.sawId(write.entry.id)
    if (write.kind === 'append' && (last === undefined || last.id < write.entry.id)) {
      // In place, since an archive may be long and readers copy what they take.
      before.push(write.entry)
      owners.set(write.owner, before)
      undo.push(() => void before.pop())
      return
    }
    undo.push(() => owners.set(write.owner, before))
    owners.set(write.owner, changeEntries(before, write))
  }
}

/** Applies a write to the rows of its owner; false if its compare-and-set fails. */
export function changeRows(rows: Map<string, KeptRow>, write: TableWrite): boolean {
  if (write.kind === 'clear') rows.clear()
  else if (write.kind === 'delete') rows.delete(write.key)
  else {
    const version = rows.get(write.key)?.version ?? 0
    if (write.expect !== undefined && write.expect !== version) return false
    rows.set(write.key, { json: write.json, version: version + write.steps })
  }
  return true
}

/** The entries after a write. */
export function changeEntries(entries: readonly LogEntry[], write: LogWrite): LogEntry[] {
  if (write.kind === 'append') {
    const { entry } = write
    const place = entries.findLastIndex(other => other.id < entry.id) + 1
    return entries.toSpliced(place, 0, entry)
  }
  if (write.kind === 'replace')
    return entries.map(entry => (entry.id === write.id ? { ...entry, body: write.body } : entry))
  if (write.kind === 'remove') return entries.filter(entry => entry.id !== write.id)
  const { olderThanMs } = write
  return olderThanMs === undefined ? [] : entries.filter(entry => entry.at >= olderThanMs)
}

const noRows: ReadonlyMap<string, KeptRow> = new Map()

function space(name: string, host: string): string {
  return `${name}\0${host}`
}

function childOf<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let child = map.get(key)
  if (child === undefined) map.set(key, (child = new Map<string, V>()))
  return child
}

/** How many of the oldest entries go, for the others to have no more than so many octets. */
function heavy(entries: readonly LogEntry[], keepBytes: number): number {
  let bytes = 0
  for (let index = entries.length - 1; index >= 0; index--) {
    bytes += octets(entries[index]!.body)
    if (bytes > keepBytes) return index + 1
  }
  return 0
}

function octets(text: string): number {
  return encoder.encode(text).length
}
