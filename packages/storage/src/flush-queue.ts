/** What waits for a flush, how long it can, and what a flush takes along. */

import { collapseLazy } from './collapse.ts'
import type { Cause } from './flush-clock.ts'
import type { SpoolEntry } from './spool.ts'
import type { Haste, WorkUnit } from './work-unit.ts'
import { isLive, urgent, type Write } from './write.ts'

/** One flush: `writes[i]` are what is left to write of `units[i]`; `settled` are spool rows to delete, by id. */
export interface FlushJob {
  readonly units: readonly WorkUnit[]
  readonly writes: readonly (readonly Write[])[]
  readonly settled: ReadonlyMap<string, SpoolEntry>
  readonly rows: number
}

/** How flushes are paced; see `Unit.commit`. */
export interface Pace {
  readonly commitGapMs: number
  readonly commitRows: number
}

/** A job is cut after this many rows, so that one transaction and one message stay of bounded size. */
const maxJobRows = 4_096
/** Timers may be as much too early. */
const timerMs = 1

/** Committed units in the order of their commits, and spool entries whose rows are to go. */
export class FlushQueue {
  /** Settled spool entries whose rows are still to be deleted, by id. */
  settled = new Map<string, SpoolEntry>()
  readonly #pace: Pace
  readonly #done: (unit: WorkUnit) => void
  /** With some that are done already; their places go with the next flush. */
  #units: WorkUnit[] = []
  #urgentRows = 0
  /** Queued units with a live entry that is not settled, by that entry. */
  readonly #live = new Map<SpoolEntry, WorkUnit>()

  /** @param done hears of units that have nothing left to write */
  constructor(pace: Pace, done: (unit: WorkUnit) => void) {
    this.#pace = pace
    this.#done = done
  }

  get empty(): boolean {
    return this.#units.length === 0
  }

  /** Worth a flush of their own. */
  get manySettled(): boolean {
    return this.settled.size >= this.#pace.commitRows
  }

  *[Symbol.iterator](): Generator<WorkUnit> {
    for (const unit of this.#units) if (unit.state === 'queued') yield unit
  }

  /** False: the unit has nothing to write. */
  add(unit: WorkUnit): boolean {
    const { writes } = unit
    unit.urgentRows = countUrgent(writes)
    if (unit.urgentRows === 0 && writes.every(isDone)) return false
    unit.haste = hasteOf(writes)
    unit.state = 'queued'
    this.#units.push(unit)
    this.#urgentRows += unit.urgentRows
    for (const write of writes) if (isLive(write)) this.#live.set(write.entry, unit)
    return true
  }

  /** Marks entries as settled. */
  settle(entries: readonly SpoolEntry[]): void {
    for (const entry of entries) {
      if (entry.settled) continue
      entry.settled = true
      if (entry.stored) this.settled.set(entry.id, entry)
      else this.#spared(entry)
    }
  }

  /** An entry needs no row any more; a unit that has nothing else to write is done. */
  #spared(entry: SpoolEntry): void {
    const unit = this.#live.get(entry)
    if (unit === undefined) return
    this.#live.delete(entry)
    unit.urgentRows -= 1
    this.#urgentRows -= 1
    if (unit.urgentRows === 0 && unit.writes.every(isDone)) this.#done(unit)
  }

  /** When a unit that has just been added is due, with the last flush begun at `beganMs`. */
  dueMs({ haste, urgentRows, committedAtMs }: WorkUnit, beganMs: number): number {
    const { commitGapMs, commitRows } = this.#pace
    if (urgentRows === 0) return Infinity
    if (this.#urgentRows >= commitRows) return 0
    if (haste === 'log') return beganMs + 2 * commitGapMs
    return Math.max(beganMs + commitGapMs, haste === 'live' ? committedAtMs + 2 * commitGapMs : 0)
  }

  /** When the first of all units is due. */
  nextDueMs(beganMs: number): number {
    let nextMs = Infinity
    for (const unit of this) {
      nextMs = Math.min(nextMs, this.dueMs(unit, beganMs))
      // No other is due before that.
      if (nextMs <= beganMs + this.#pace.commitGapMs) break
    }
    return nextMs
  }

  /**
   * How many units go with a flush, always the first ones, since units become durable in order: up to the last that cannot wait, or that has
   * waited for a gap if another one has for two. Who was sent the younger ones may yet confirm them.
   */
  #ripe(): number {
    const { commitGapMs } = this.#pace
    const nowMs = performance.now() + timerMs
    let ripe = 0
    let due = false
    let old = 0
    for (const [index, { state, urgentRows, haste, committedAtMs }] of this.#units.entries()) {
      if (state !== 'queued' || urgentRows === 0) continue
      if (haste !== 'live') ripe = index + 1
      else if (nowMs - committedAtMs >= commitGapMs) {
        old = index + 1
        due ||= nowMs - committedAtMs >= 2 * commitGapMs
      }
    }
    return due || ripe > 0 ? Math.max(ripe, old) : 0
  }

  /** The next job, or nothing if there is no cause for one. Units that have nothing left to write are done here. */
  take(cause: Cause): FlushJob | undefined {
    const units: WorkUnit[] = []
    const writes: (readonly Write[])[] = []
    const rest: WorkUnit[] = []
    const empty: WorkUnit[] = []
    const all = cause === 'lazy' || this.#urgentRows >= this.#pace.commitRows
    const ripe = all ? this.#units.length : this.#ripe()
    let rows = 0
    let urgentRows = 0
    for (const [index, unit] of this.#units.entries()) {
      if (unit.state === 'done') continue
      if (index >= ripe || rows >= maxJobRows) {
        rest.push(unit)
        continue
      }
      const left = unit.writes.some(isSettled) ? unit.writes.filter(write => !isSettled(write)) : unit.writes
      if (left.every(goesAlong)) {
        empty.push(unit)
        continue
      }
      unit.urgentRows = countUrgent(left)
      urgentRows += unit.urgentRows
      units.push(unit)
      writes.push(left)
      rows += left.length
    }
    const forgets = this.manySettled || (cause !== 'due' && this.settled.size > 0)
    const go = urgentRows > 0 || (cause === 'lazy' && rows > 0) || forgets
    this.#units = go ? rest : [...units, ...rest]
    this.#urgentRows = 0
    for (const unit of rest) this.#urgentRows += unit.urgentRows
    for (const unit of empty) this.#done(unit)
    return go ? this.#job(units, writes) : undefined
  }

  #job(units: readonly WorkUnit[], writes: readonly (readonly Write[])[]): FlushJob {
    const { settled } = this
    this.settled = new Map()
    for (const list of writes)
      for (const write of list) {
        if (write.kind !== 'spool') continue
        write.entry.stored = true
        this.#live.delete(write.entry)
      }
    const collapsed = collapseLazy(units, writes)
    const left = collapsed.reduce((sum, list) => sum + list.length, 0)
    return { units, writes: collapsed, settled, rows: left + settled.size }
  }
}

function hasteOf(writes: readonly Write[]): Haste {
  let appends = false
  let live = true
  for (const write of writes) {
    if (!urgent(write)) continue
    if (write.kind === 'append') appends = true
    else if (write.kind !== 'spool') return 'none'
    if (!isLive(write)) live = false
  }
  return appends ? 'log' : live ? 'live' : 'none'
}

function countUrgent(writes: readonly Write[]): number {
  let count = 0
  for (const write of writes) if (urgent(write)) count += 1
  return count
}

function isSettled(write: Write): boolean {
  return write.kind === 'spool' && write.entry.settled
}

function goesAlong(write: Write): boolean {
  return write.kind === 'put' && write.along
}

function isDone(write: Write): boolean {
  return isSettled(write) || goesAlong(write)
}
