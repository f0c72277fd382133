/** Group commit for adapters: the queue of committed units, when a flush starts, and what becomes of each unit. */

import { collapseLazy } from './collapse.ts'
import { StorageError } from './error.ts'
import { Latencies } from './latencies.ts'
import type { SpoolEntry } from './spool.ts'
import type { StorageStats } from './storage.ts'
import type { Unit } from './unit.ts'
import { WorkUnit } from './work-unit.ts'
import { urgent, type Write } from './write.ts'

/** One flush: `writes[i]` are what is left to write of `units[i]`; `settled` are spool rows to delete, by id. */
export interface FlushJob {
  readonly units: readonly WorkUnit[]
  readonly writes: readonly (readonly Write[])[]
  readonly settled: ReadonlyMap<string, SpoolEntry>
  readonly rows: number
}

/** For each unit of a job what refused it, or nothing. */
export type FlushResult = readonly (StorageError | undefined)[]

/** What an adapter gives to a committer. */
export interface CommitterOptions {
  readonly commitGapMs: number
  readonly commitRows: number
  /**
   * Writes a job and resolves when it is durable; a rejection refuses every unit of the job. The function it resolves to is
   * called in the same turn in which the units stop being pending.
   */
  readonly flush: (job: FlushJob) => Promise<() => FlushResult>
  readonly observer?: CommitObserver
}

/** Hears what happens to units, to keep an index of pending writes. */
export interface CommitObserver {
  wrote(unit: WorkUnit, write: Write): void
  finished(unit: WorkUnit): void
}

/** A job is cut after this many rows, so that one transaction and one message stay of bounded size. */
const maxJobRows = 4_096
const lazyMs = 1_000

/** See {@link Unit.commit} for the rules. */
export class Committer {
  /** Units with writes that are not committed, in the order of their first write. */
  readonly open = new Set<WorkUnit>()
  queue: WorkUnit[] = []
  flying: FlushJob | undefined
  /** Settled spool entries whose rows are still to be deleted, by id. */
  settled = new Map<string, SpoolEntry>()
  writable = true
  readonly #options: CommitterOptions
  readonly #latencies = new Latencies()
  #ranks = 0
  #commits = 0
  #rows = 0
  #queuedRows = 0
  #urgentRows = 0
  #lastBeganMs = -Infinity
  #soon = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #lazyTimer: ReturnType<typeof setTimeout> | undefined
  #closing = false
  #idle: (() => void) | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  unit(): WorkUnit {
    return new WorkUnit(this)
  }

  /** The unit as ours. @throws {TypeError} it comes from another store */
  own(unit: Unit): WorkUnit {
    if (unit instanceof WorkUnit) return unit
    throw new TypeError('The unit was begun by another store')
  }

  opened(unit: WorkUnit, write: Write): void {
    if (this.#closing) throw closed()
    if (unit.writes.length === 1) {
      unit.rank = this.#ranks += 1
      this.open.add(unit)
    }
    this.#options.observer?.wrote(unit, write)
  }

  enqueue(unit: WorkUnit): void {
    this.open.delete(unit)
    if (this.#closing) {
      this.#finish(unit, closed())
      return
    }
    unit.state = 'queued'
    unit.rank = this.#ranks += 1
    unit.committedAtMs = performance.now()
    this.queue.push(unit)
    this.#queuedRows += unit.writes.length
    let urgentRows = 0
    for (const write of unit.writes) if (urgent(write)) urgentRows += 1
    this.#urgentRows += urgentRows
    if (urgentRows > 0 || unit.writes.some(write => write.kind === 'spool')) this.#schedule()
    this.#waitLazily()
  }

  abandoned(unit: WorkUnit): void {
    this.open.delete(unit)
    this.#options.observer?.finished(unit)
  }

  /** Marks entries as settled; see `Spool.settle`. */
  settle(entries: readonly SpoolEntry[]): void {
    for (const entry of entries) {
      if (entry.settled) continue
      entry.settled = true
      if (entry.stored) this.settled.set(entry.id, entry)
    }
    this.#waitLazily()
  }

  /** True while the row of a spool entry may be on disk though nobody owes the entry any more. */
  isSettled(id: string): boolean {
    return this.settled.has(id) || (this.flying?.settled.has(id) ?? false)
  }

  /** Some row is still to be deleted, or is being deleted. */
  get hasSettled(): boolean {
    return this.settled.size > 0 || (this.flying?.settled.size ?? 0) > 0
  }

  /** Every unit whose writes are visible but not known to be durable, in the order in which they count. */
  *pending(): Generator<WorkUnit> {
    if (this.flying !== undefined) yield* this.flying.units
    yield* this.queue
    yield* this.open
  }

  /** Rows of units committed but not yet durable. */
  get backlog(): number {
    return this.#queuedRows
  }

  stats(): StorageStats {
    return {
      commits: this.#commits,
      rows: this.#rows,
      backlog: this.#queuedRows,
      commitP50Ms: this.#latencies.quantile(0.5),
      commitP99Ms: this.#latencies.quantile(0.99),
      writable: this.writable,
    }
  }

  /** Refuses new commits and resolves when nothing is queued any more. */
  async close(): Promise<void> {
    this.#closing = true
    for (const unit of this.open) this.#finish(unit, closed())
    this.open.clear()
    while (this.flying !== undefined || this.queue.length > 0 || this.settled.size > 0) {
      const failed = !this.writable
      if (this.flying === undefined) this.#begin(true)
      if (this.flying !== undefined) await new Promise<void>(resolve => (this.#idle = resolve))
      // The rows of settled entries stay when the disk refuses: the next start delivers duplicates, which is allowed.
      if (failed && !this.writable) this.settled.clear()
    }
    clearTimeout(this.#timer)
    clearTimeout(this.#lazyTimer)
  }

  #schedule(): void {
    if (this.flying !== undefined || this.#soon) return
    const waitMs = this.#lastBeganMs + this.#options.commitGapMs - performance.now()
    if (waitMs > 0 && this.#urgentRows < this.#options.commitRows) {
      this.#timer ??= setTimeout(() => this.#begin(false), waitMs)
      return
    }
    this.#soon = true
    queueMicrotask(() => this.#begin(false))
  }

  #waitLazily(): void {
    if (this.#lazyTimer !== undefined || (this.queue.length === 0 && this.settled.size === 0)) return
    this.#lazyTimer = setTimeout(() => {
      this.#lazyTimer = undefined
      this.#begin(true)
      // Something was in flight, so nothing was taken.
      this.#waitLazily()
    }, lazyMs)
  }

  #begin(lazyToo: boolean): void {
    this.#soon = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.flying !== undefined) return
    const job = this.#take(lazyToo)
    if (job === undefined) return
    this.#lastBeganMs = performance.now()
    if (this.queue.length === 0) {
      clearTimeout(this.#lazyTimer)
      this.#lazyTimer = undefined
    }
    this.flying = job
    for (const unit of job.units) unit.state = 'flying'
    for (const writes of job.writes) for (const write of writes) if (write.kind === 'spool') write.entry.stored = true
    void this.#fly(job)
  }

  async #fly(job: FlushJob): Promise<void> {
    let result: FlushResult = []
    let failure: StorageError | undefined
    try {
      const land = await this.#options.flush(job)
      result = land()
    } catch (cause) {
      failure = asStorageError(cause)
    }
    this.#landed(job, result, failure)
  }

  /** The next job, or nothing if no write is urgent. Units that have nothing left to write are done here. */
  #take(lazyToo: boolean): FlushJob | undefined {
    const units: WorkUnit[] = []
    const writes: (readonly Write[])[] = []
    const rest: WorkUnit[] = []
    const empty: WorkUnit[] = []
    let rows = 0
    let urgentRows = 0
    for (const unit of this.queue) {
      if (rows >= maxJobRows) {
        rest.push(unit)
        continue
      }
      const left = unit.writes.some(isSettled) ? unit.writes.filter(write => !isSettled(write)) : unit.writes
      if (left.every(goesAlong)) {
        empty.push(unit)
        continue
      }
      for (const write of left) if (urgent(write)) urgentRows += 1
      units.push(unit)
      writes.push(left)
      rows += left.length
    }
    const go = urgentRows > 0 || (lazyToo && (rows > 0 || this.settled.size > 0))
    this.queue = go ? rest : [...units, ...rest]
    this.#urgentRows = 0
    if (go) for (const unit of rest) for (const write of unit.writes) if (urgent(write)) this.#urgentRows += 1
    for (const unit of empty) {
      this.#queuedRows -= unit.writes.length
      this.#finish(unit, undefined)
    }
    if (!go) return undefined
    const { settled } = this
    this.settled = new Map()
    const collapsed = collapseLazy(units, writes)
    const left = collapsed.reduce((sum, list) => sum + list.length, 0)
    return { units, writes: collapsed, settled, rows: left + settled.size }
  }

  #landed(job: FlushJob, result: FlushResult, failure: StorageError | undefined): void {
    this.flying = undefined
    if (failure === undefined) {
      this.#commits += 1
      this.#rows += job.rows
      this.writable = true
    } else {
      this.writable = false
      for (const [id, entry] of job.settled) this.settled.set(id, entry)
    }
    const nowMs = performance.now()
    for (const [index, unit] of job.units.entries()) {
      const error = failure ?? result[index]
      if (error === undefined) this.#latencies.add(nowMs - unit.committedAtMs)
      else for (const write of unit.writes) if (write.kind === 'spool') write.entry.stored = false
      this.#queuedRows -= unit.writes.length
      this.#finish(unit, error)
    }
    if (this.queue.length > 0) this.#schedule()
    this.#waitLazily()
    this.#idle?.()
  }

  #finish(unit: WorkUnit, error: StorageError | undefined): void {
    unit.settle(error)
    this.#options.observer?.finished(unit)
  }
}

function isSettled(write: Write): boolean {
  return write.kind === 'spool' && write.entry.settled
}

function goesAlong(write: Write): boolean {
  return write.kind === 'put' && write.along
}

function closed(): StorageError {
  return new StorageError('closed', 'The store is closed')
}

function asStorageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  return new StorageError('failed', 'The store could not write', { cause })
}
