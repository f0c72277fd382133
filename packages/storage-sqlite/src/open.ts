/** Opens a store in a folder: lock, worker, reader and the shapes of the port. */

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StorageError, type Log, type Storage, type Table } from '@tercet/storage'
import { Committer, type FlushJob, type FlushResult } from '@tercet/storage/adapter'
import { copyDatabase, syncPath } from './backup.ts'
import { sqliteLog } from './log.ts'
import { lockFolder } from './lock.ts'
import { packSettled, packUnit, type Packed } from './pack.ts'
import type { Parts } from './parts.ts'
import { Pending } from './pending.ts'
import type { Synchronous } from './protocol.ts'
import { Reader } from './reader.ts'
import { sqliteSpool } from './spool.ts'
import { sqliteTable } from './table.ts'
import { Writer } from './writer.ts'

/** The lines a store may write; the house's `Logger` fits. */
export interface StorageLogger {
  warn(facts: object, text: string): void
  info(facts: object, text: string): void
}

/** How a store is opened. */
export interface SqliteStorageOptions {
  /** Holds the database and its lock; made if missing, readable by its owner alone. */
  readonly folder: string
  /** Default 5; see `Unit.commit`. */
  readonly commitGapMs?: number
  /** Default 256; see `Unit.commit`. */
  readonly commitRows?: number
  /** Default `FULL`: a commit is on disk when it resolves. `OFF` is for tests: it survives a killed process, not a lost machine. */
  readonly synchronous?: Synchronous
  /** The database may not grow beyond this; commits then fail with `full`. Default: as far as the disk goes. */
  readonly maxBytes?: number
  readonly logger?: StorageLogger
}

/** A store and the worker behind it. */
export interface Opened {
  readonly storage: Storage
  readonly writer: Writer
}

const probeMs = 1_000

/**
 * Opens the store in `options.folder`, and makes it if there is none. Older schemas are migrated after a copy of the file.
 *
 * @throws {StorageError} `locked` by another process, named in the text · `newer-schema` · `full` · `failed`
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  return (await openStore(options)).storage
}

/** The same for tests, which may want to end the worker. */
export async function openStore(options: SqliteStorageOptions): Promise<Opened> {
  const folder = resolve(options.folder)
  const file = join(folder, 'tercet.db')
  const lock = lockFolder(folder)
  const isNew = !existsSync(file)
  const { synchronous = 'FULL', maxBytes } = options
  const recovery = new Recovery(options.logger)
  const writer = new Writer({ file, synchronous, maxBytes, died: cause => recovery.died(cause) })
  try {
    await writer.start()
    if (isNew) {
      // Names only. SQLite has synced the file itself, and closing another descriptor of it would drop the locks held on it.
      syncPath(folder)
      syncPath(dirname(folder))
    }
    return compose(options, file, writer, recovery, lock)
  } catch (error) {
    await writer.close().catch(() => {})
    lock[Symbol.dispose]()
    throw error
  }
}

function compose(
  options: SqliteStorageOptions,
  file: string,
  writer: Writer,
  recovery: Recovery,
  lock: Disposable,
): Opened {
  const { commitGapMs = 5, commitRows = 256, logger } = options
  const reader = new Reader(file)
  const pending = new Pending()
  pending.decided = write => reader.recent.forget(write)
  const flush = async (job: FlushJob): Promise<() => FlushResult> => {
    const packed: Packed = []
    for (const [index, unit] of job.units.entries()) packUnit(packed, unit.guarded, job.writes[index]!)
    if (job.settled.size > 0) {
      packUnit(packed, false, [])
      packSettled(packed, job.settled.values())
    }
    try {
      const result = await writer.flush(packed, job.units.length)
      return () => result
    } catch (error) {
      recovery.failed(error)
      throw error
    }
  }
  const committer = new Committer({ commitGapMs, commitRows, flush, observer: pending })
  recovery.watch(writer, committer)

  let closing: Promise<void> | undefined
  let isClosed = false
  const requireOpen = (): void => {
    if (isClosed) throw new StorageError('closed', 'The store is closed')
  }
  const finish = async (): Promise<void> => {
    await committer.close()
    isClosed = true
    recovery.stop()
    reader.close()
    try {
      await writer.close()
    } catch (error) {
      // Nothing is lost: what is committed is in the write-ahead log, which the next opening reads.
      logger?.warn({ error }, 'The database could not be closed in order')
    }
    lock[Symbol.dispose]()
  }
  const close = (): Promise<void> => (closing ??= finish())

  const parts: Parts = { committer, pending, reader, writer, requireOpen }
  const tables = new Map<string, Table<unknown>>()
  const logs = new Map<string, Log>()
  const storage: Storage = {
    // True because a table's name decides the type of its values, which modules state and nobody can check here.
    table: <T>(name: string) => kept(tables, name, () => sqliteTable(parts, name)) as Table<T>,
    log: name => kept(logs, name, () => sqliteLog(parts, name)),
    spool: sqliteSpool(parts),
    unit: () => {
      requireOpen()
      return committer.unit()
    },
    newestMs: reader.newestMs(),
    get backlog() {
      return committer.backlog
    },
    stats: () => committer.stats(),
    backup: async path => {
      requireOpen()
      await copyDatabase(file, resolve(path))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  return { storage, writer }
}

function kept<V>(map: Map<string, V>, name: string, make: () => V): V {
  let value = map.get(name)
  if (value === undefined) map.set(name, (value = make()))
  return value
}

/** After a failure: a new worker if the old one died, and probe writes until one works. */
class Recovery {
  readonly #logger: StorageLogger | undefined
  #writer: Writer | undefined
  #committer: Committer | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(logger: StorageLogger | undefined) {
    this.#logger = logger
  }

  watch(writer: Writer, committer: Committer): void {
    this.#writer = writer
    this.#committer = committer
  }

  died(cause: unknown): void {
    this.#logger?.warn({ error: cause }, 'The storage worker died and is started again')
    if (this.#committer !== undefined) this.#committer.writable = false
    void this.#probe()
  }

  failed(error: unknown): void {
    this.#logger?.warn({ error }, 'A commit failed; the store is read-only until a probe write works')
    this.#later()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #later(): void {
    if (this.#stopped || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#probe()
    }, probeMs)
    this.#timer.unref()
  }

  async #probe(): Promise<void> {
    const writer = this.#writer
    const committer = this.#committer
    if (writer === undefined || committer === undefined || this.#stopped) return
    try {
      await writer.start()
      await writer.ask({ kind: 'probe' })
    } catch {
      this.#later()
      return
    }
    if (!committer.writable) this.#logger?.info({}, 'The store is writable again')
    committer.writable = true
  }
}
