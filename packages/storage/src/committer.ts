/** Group commit for adapters: units on their way to the disk, one flush at a time, and what becomes of each unit. */

import { StorageError } from './error.ts'
import { FlushClock, type Cause } from './flush-clock.ts'
import { FlushQueue, type FlushJob, type Pace } from './flush-queue.ts'
import { Latencies } from './latencies.ts'
import type { SpoolEntry } from './spool.ts'
import type { StorageStats } from './storage.ts'
import type { Unit } from './unit.ts'
import { WorkUnit } from './work-unit.ts'
import type { Write } from './write.ts'

/** For each unit of a job what refused it, or nothing. */
export type FlushResult = readonly (StorageError | undefined)[]

/** What an adapter gives to a committer. */
export interface CommitterOptions extends Pace {
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

/** See {@link Unit.commit} for the rules. */
export class Committer {
  /** False after a flush that failed, until another one or a probe has worked. */
  writable = true
  readonly #options: CommitterOptions
  /** Units with writes that are not committed, in the order of their first write. */
  readonly #open = new Set<WorkUnit>()
  readonly #queue: FlushQueue
  readonly #clock: FlushClock
  readonly #latencies = new Latencies()
  #flying: FlushJob | undefined
  #lastBeganMs = -Infinity
  #ranks = 0
  #commits = 0
  #rows = 0
  #backlog = 0
  /** With its writes and their entries: one of each is kept, see docs/architecture.md. */
  last: WorkUnit | undefined
  #closing = false
  #idle: (() => void) | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#queue = new FlushQueue(options, unit => this.#finish(unit, undefined))
    this.#clock = new FlushClock(cause => (cause === 'settled' ? this.#forget() : this.#begin(cause)))
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
      this.#open.add(unit)
    }
    this.#options.observer?.wrote(unit, write)
  }

  enqueue(unit: WorkUnit): void {
    this.#open.delete(unit)
    this.last = unit
    if (this.#closing) {
      this.#finish(unit, closed())
      return
    }
    unit.rank = this.#ranks += 1
    unit.committedAtMs = performance.now()
    if (!this.#queue.add(unit)) {
      this.#finish(unit, undefined)
      return
    }
    this.#backlog += unit.writes.length
    this.#schedule(this.#queue.dueMs(unit, this.#lastBeganMs))
    this.#waitLazily()
  }

  abandoned(unit: WorkUnit): void {
    this.#open.delete(unit)
    this.#options.observer?.finished(unit)
  }

  /** Marks entries as settled; see `Spool.settle`. */
  settle(entries: readonly SpoolEntry[]): void {
    this.#queue.settle(entries)
    this.#forgetSoon()
    this.#waitLazily()
  }

  /** True while the row of a spool entry may be on disk though nobody owes the entry any more. */
  isSettled(id: string): boolean {
    return this.#queue.settled.has(id) || (this.#flying?.settled.has(id) ?? false)
  }

  /** Some row is still to be deleted, or is being deleted. */
  get hasSettled(): boolean {
    return this.#queue.settled.size > 0 || (this.#flying?.settled.size ?? 0) > 0
  }

  /** Every unit whose writes are visible but not known to be durable, in the order in which they count. */
  *pending(): Generator<WorkUnit> {
    if (this.#flying !== undefined) yield* this.#flying.units
    yield* this.#queue
    yield* this.#open
  }

  /** Rows of units committed but not yet durable. */
  get backlog(): number {
    return this.#backlog
  }

  stats(): StorageStats {
    return {
      commits: this.#commits,
      rows: this.#rows,
      backlog: this.#backlog,
      commitP50Ms: this.#latencies.quantile(0.5),
      commitP99Ms: this.#latencies.quantile(0.99),
      writable: this.writable,
    }
  }

  /** Refuses new commits and resolves when nothing is queued any more. */
  async close(): Promise<void> {
    this.#closing = true
    for (const unit of this.#open) this.#finish(unit, closed())
    this.#open.clear()
    while (this.#flying !== undefined || !this.#queue.empty || this.#queue.settled.size > 0) {
      const failed = !this.writable
      if (this.#flying === undefined) this.#begin('lazy')
      if (this.#flying !== undefined) await new Promise<void>(resolve => (this.#idle = resolve))
      // The rows of settled entries stay when the disk refuses: the next start delivers duplicates, which is allowed.
      if (failed && !this.writable) this.#queue.settled.clear()
    }
    this.#clock.stop()
  }

  #schedule(atMs: number): void {
    if (this.#flying === undefined && atMs < Infinity) this.#clock.due(atMs)
  }

  #waitLazily(): void {
    if (!this.#queue.empty || this.#queue.settled.size > 0) this.#clock.lazily()
  }

  /** A disk that refuses is not asked as often as that. */
  #forgetSoon(): void {
    const { size } = this.#queue.settled
    if (size === 0 || !this.writable) return
    if (this.#queue.manySettled) this.#schedule(this.#lastBeganMs + this.#options.commitGapMs)
    else this.#clock.forget()
  }

  #forget(): void {
    if (this.#queue.settled.size === 0) return
    // What flies or was just begun is followed by this, or by another flush that takes them along.
    const sinceMs = performance.now() - this.#lastBeganMs
    if (this.#flying === undefined && sinceMs >= this.#options.commitGapMs) this.#begin('settled')
    else this.#forgetSoon()
  }

  #begin(cause: Cause): void {
    this.#clock.looked()
    if (this.#flying !== undefined) return
    const job = this.#queue.take(cause)
    if (job === undefined) {
      this.#schedule(this.#queue.nextDueMs(this.#lastBeganMs))
      return
    }
    this.#lastBeganMs = performance.now()
    if (this.#queue.empty) this.#clock.nothingLazy()
    this.#flying = job
    for (const unit of job.units) unit.state = 'flying'
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

  #landed(job: FlushJob, result: FlushResult, failure: StorageError | undefined): void {
    this.#flying = undefined
    if (failure === undefined) {
      this.#commits += 1
      this.#rows += job.rows
      this.writable = true
    } else {
      this.writable = false
      for (const [id, entry] of job.settled) this.#queue.settled.set(id, entry)
    }
    for (const entry of job.settled.values()) {
      entry.stored = failure !== undefined
      entry.forgotten?.()
    }
    const nowMs = performance.now()
    for (const [index, unit] of job.units.entries()) {
      const error = failure ?? result[index]
      if (error === undefined) this.#latencies.add(nowMs - unit.committedAtMs)
      else for (const write of unit.writes) if (write.kind === 'spool') write.entry.stored = false
      this.#finish(unit, error)
    }
    this.#schedule(this.#queue.nextDueMs(this.#lastBeganMs))
    this.#forgetSoon()
    this.#waitLazily()
    this.#idle?.()
  }

  #finish(unit: WorkUnit, error: StorageError | undefined): void {
    if (unit.state !== 'open') this.#backlog -= unit.writes.length
    unit.settle(error)
    this.#options.observer?.finished(unit)
  }
}

function closed(): StorageError {
  return new StorageError('closed', 'The store is closed')
}

function asStorageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  return new StorageError('failed', 'The store could not write', { cause })
}
