/** The memory adapter: the port without a disk, for tests and for servers that may forget. */

import { Committer, type FlushResult } from './committer.ts'
import { StorageError, type StorageCondition } from './error.ts'
import type { FlushJob } from './flush-queue.ts'
import type { Log, LogEnd, LogEntry } from './log.ts'
import { MemoryDisk, changeEntries, changeRows, type KeptRow } from './memory-disk.ts'
import { selectPage } from './page.ts'
import type { Spool, SpoolEntry } from './spool.ts'
import type { Storage } from './storage.ts'
import type { Row, Table } from './table.ts'
import { compareText } from './text-order.ts'
import { appendWrite, isLogWrite, putWrite, spoolWrite, type TableWrite } from './write.ts'

export { MemoryDisk } from './memory-disk.ts'

/** How a memory store behaves; all members have defaults. */
export interface MemoryStorageOptions {
  /** Default 5. */
  readonly commitGapMs?: number
  /** Default 256. */
  readonly commitRows?: number
  /** Durable state, to open the same store again. Default: a new one. */
  readonly disk?: MemoryDisk
}

/** A store in memory, with switches for tests of what waits for commits. */
export interface MemoryStorage extends Storage {
  /** Makes every flush from now on fail with this condition, or work again. */
  failCommits(condition: StorageCondition | undefined): void
  /** Keeps flushes from becoming durable until `release()`. */
  hold(): void
  release(): void
}

/** Opens a store in memory. Its commits are paced as those of a disk are. */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  const { commitGapMs = 5, commitRows = 256, disk = new MemoryDisk() } = options
  let failing: StorageCondition | undefined
  let gate: PromiseWithResolvers<void> | undefined
  let isClosed = false

  const flush = async (job: FlushJob): Promise<() => FlushResult> => {
    await gate?.promise
    if (failing !== undefined) throw new StorageError(failing, 'Commits fail by order of a test')
    return () => {
      for (const entry of job.settled.values()) disk.unspool(entry)
      return job.writes.map(writes => (disk.apply(writes) ? undefined : conflict()))
    }
  }
  const committer = new Committer({ commitGapMs, commitRows, flush })
  const check = (): void => {
    if (isClosed) throw new StorageError('closed', 'The store is closed')
  }
  const release = (): void => {
    gate?.resolve()
    gate = undefined
  }
  const tables = new Map<string, Table<unknown>>()
  const logs = new Map<string, Log>()
  const close = async (): Promise<void> => {
    if (isClosed) return
    release()
    await committer.close()
    isClosed = true
  }
  return {
    // True because a table's name decides the type of its values, which modules state and nobody can check here.
    table: <T>(name: string) => kept(tables, name, () => memoryTable(name, disk, committer, check)) as Table<T>,
    log: name => kept(logs, name, () => memoryLog(name, disk, committer, check)),
    spool: memorySpool(disk, committer, check),
    unit: () => {
      check()
      return committer.unit()
    },
    newestMs: disk.newestMs,
    get backlog() {
      return committer.backlog
    },
    stats: () => committer.stats(),
    backup: () => Promise.reject(new StorageError('unsupported', 'A store in memory has no file form')),
    close,
    [Symbol.asyncDispose]: close,
    failCommits: condition => {
      failing = condition
    },
    hold: () => {
      gate ??= Promise.withResolvers()
    },
    release,
  }
}

function memoryTable(name: string, disk: MemoryDisk, committer: Committer, check: () => void): Table<unknown> {
  const visible = (host: string, owner: string): ReadonlyMap<string, KeptRow> => {
    check()
    const durable = disk.rows(name, host, owner)
    let rows: Map<string, KeptRow> | undefined
    for (const write of pendingWrites(committer)) {
      if (!isTableWrite(write) || write.name !== name || write.host !== host || write.owner !== owner) continue
      rows ??= new Map(durable)
      // A compare-and-set is judged when the unit has its turn, so until then it counts as any put.
      changeRows(rows, write.kind === 'put' ? { ...write, expect: undefined } : write)
    }
    return rows ?? durable
  }
  return {
    get: (host, owner, key) => {
      const row = visible(host, owner).get(key)
      return row === undefined ? undefined : toRow(key, row)
    },
    list: (host, owner) => [...visible(host, owner)].sort(byText).map(([key, row]) => toRow(key, row)),
    owners: async function* (host) {
      check()
      const owners = new Set(disk.owners(name, host).keys())
      for (const write of pendingWrites(committer)) {
        if (isTableWrite(write) && write.name === name && write.host === host) owners.add(write.owner)
      }
      for (const owner of [...owners].sort(compareText)) {
        // A turn for others, as a disk would give.
        await Promise.resolve()
        if (visible(host, owner).size > 0) yield owner
      }
    },
    put: (unit, host, owner, key, value, options) =>
      committer.own(unit).add(putWrite({ name, host, owner }, key, value, options)),
    delete: (unit, host, owner, key) => committer.own(unit).add({ kind: 'delete', name, host, owner, key }),
    clear: (unit, host, owner) => committer.own(unit).add({ kind: 'clear', name, host, owner }),
  }
}

function memoryLog(name: string, disk: MemoryDisk, committer: Committer, check: () => void): Log {
  const visible = (host: string, owner: string): readonly LogEntry[] => {
    check()
    let entries = disk.entries(name, host, owner)
    for (const write of pendingWrites(committer)) {
      if (!isLogWrite(write) || write.name !== name || write.host !== host || write.owner !== owner) continue
      entries = changeEntries(entries, write)
    }
    return entries
  }
  return {
    append: (unit, host, owner, entry) => committer.own(unit).add(appendWrite({ name, host, owner }, entry)),
    page: (host, owner, query) => later(() => selectPage(visible(host, owner), query)),
    ends: (host, owner) => {
      const entries = visible(host, owner)
      const [oldest, newest] = [entries[0], entries.at(-1)]
      return oldest && newest && [endOf(oldest), endOf(newest)]
    },
    get: (host, owner, id) => later(() => visible(host, owner).find(entry => entry.id === id)),
    count: (host, owner) => later(() => visible(host, owner).length),
    replace: (unit, host, owner, id, body) => committer.own(unit).add({ kind: 'replace', name, host, owner, id, body }),
    delete: (unit, host, owner, id) => committer.own(unit).add({ kind: 'remove', name, host, owner, id }),
    clear: (unit, host, owner, olderThanMs) =>
      committer.own(unit).add({ kind: 'purge', name, host, owner, olderThanMs }),
    trim: (host, retention) =>
      later(() => {
        check()
        return disk.trim(name, host, retention)
      }),
    weigh: (host, weighing) =>
      later(() => {
        check()
        return disk.weigh(name, host, weighing)
      }),
  }
}

function endOf({ id, at }: LogEntry): LogEnd {
  return { id, at }
}

function memorySpool(disk: MemoryDisk, committer: Committer, check: () => void): Spool {
  const visible = (destination: string): SpoolEntry[] => {
    check()
    const entries = new Map<string, SpoolEntry>()
    for (const [id, entry] of disk.spool.get(destination) ?? []) {
      if (!committer.isSettled(id)) entries.set(id, { ...entry, settled: false, stored: true })
    }
    for (const write of pendingWrites(committer)) {
      if (write.kind !== 'spool' || write.entry.destination !== destination) continue
      if (!write.entry.settled) entries.set(write.entry.id, write.entry)
    }
    return [...entries].sort(byText).map(([, entry]) => entry)
  }
  return {
    put: (unit, entry, live = false) => committer.own(unit).add(spoolWrite(entry, live)),
    settle: entries => {
      check()
      committer.settle(entries)
    },
    load: visible,
    count: destination => visible(destination).length,
    destinations: () =>
      later(() => {
        check()
        const all = new Set(disk.spool.keys())
        for (const write of pendingWrites(committer)) if (write.kind === 'spool') all.add(write.entry.destination)
        return [...all].sort(compareText).filter(destination => visible(destination).length > 0)
      }),
  }
}

/** The state is read now; the caller gets it, or the error, in a promise. */
function later<T>(read: () => T): Promise<T> {
  return new Promise(resolve => resolve(read()))
}

function* pendingWrites(committer: Committer) {
  for (const unit of committer.pending()) yield* unit.writes
}

function isTableWrite(write: { kind: string }): write is TableWrite {
  return write.kind === 'put' || write.kind === 'delete' || write.kind === 'clear'
}

function toRow(key: string, { json, version }: KeptRow): Row<unknown> {
  return { key, value: JSON.parse(json) as unknown, version }
}

function byText([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareText(a, b)
}

function conflict(): StorageError {
  return new StorageError('conflict', 'A row has another version than the unit expected')
}

function kept<V>(map: Map<string, V>, name: string, make: () => V): V {
  let value = map.get(name)
  if (value === undefined) map.set(name, (value = make()))
  return value
}
