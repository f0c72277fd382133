/** One timer for all deadlines of a process: an idle session costs an array slot, not a timer. */

import { later } from './flush.ts'

/** However many items have their time at once, others have theirs after so long; what an item causes comes on top. */
const SLICE_MS = 1

/** Something with deadlines. */
export interface Timed {
  /**
   * Called when the time given to {@link TimerWheel.add} has come.
   *
   * @returns when to look again, in milliseconds of {@link TimerWheel.now}; 0 to be forgotten
   */
  due(nowMs: number): number
  /** The wheel's own note of where it has the item; declare it where there are many, so that all have one shape. */
  wheelSlot?: number | undefined
}

/**
 * Looks at its items once a second, each at its time. The clock is monotonic, so that a step of the wall clock fires nothing.
 * Deadlines that move forward cost nothing: the item says so when it is looked at.
 */
export class TimerWheel implements Disposable {
  /** Coarse monotonic milliseconds, as of the last tick. Never 0. */
  now = monotonic()
  readonly #slots = new Map<number, Set<Timed>>()
  readonly #tickMs: number
  readonly #onError: (error: unknown) => void
  readonly #timer: ReturnType<typeof setInterval>
  #next: number
  /** Taken from their slots, and not looked at yet. */
  readonly #late = new Set<Timed>()
  #goesOn = false

  /**
   * @param options.tickMs resolution, default 1,000
   * @param options.onError hears what an item threw; the item is forgotten
   */
  constructor(options: { tickMs?: number; onError?: (error: unknown) => void } = {}) {
    this.#tickMs = options.tickMs ?? 1000
    this.#onError = options.onError ?? (() => {})
    this.#next = this.#slot(this.now) + 1
    this.#timer = setInterval(() => {
      this.#advance(monotonic())
      this.#drain(SLICE_MS)
    }, this.#tickMs)
    // On Node a timer keeps the process alive, in browsers it is a number.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  /** Looks at `item` at the first tick after `atMs`, and not when it was to be looked at before. */
  add(item: Timed, atMs: number): void {
    this.remove(item)
    const slot = Math.max(this.#slot(atMs) + 1, this.#next)
    const items = this.#slots.get(slot)
    if (items) items.add(item)
    else this.#slots.set(slot, new Set([item]))
    item.wheelSlot = slot
  }

  /** Forgets `item`: what is over is not kept in memory until its time would have come. */
  remove(item: Timed): void {
    if (item.wheelSlot === undefined) {
      if (this.#late.size > 0) this.#late.delete(item)
      return
    }
    const items = this.#slots.get(item.wheelSlot)
    if (items?.delete(item) && items.size === 0) this.#slots.delete(item.wheelSlot)
    item.wheelSlot = undefined
  }

  /** Number of items that wait; for tests and metrics. */
  get size(): number {
    let size = this.#late.size
    for (const items of this.#slots.values()) size += items.size
    return size
  }

  /** Advances to `nowMs` at once, for tests. A process that was suspended catches up in one pass. */
  tick(nowMs: number): void {
    this.#advance(nowMs)
    this.#drain(Infinity)
  }

  #advance(nowMs: number): void {
    this.now = nowMs
    const last = this.#slot(nowMs)
    if (last - this.#next > this.#slots.size) {
      for (const slot of [...this.#slots.keys()].filter(slot => slot <= last).sort((a, b) => a - b)) this.#take(slot)
    } else {
      for (let slot = this.#next; slot <= last; slot++) this.#take(slot)
    }
    this.#next = Math.max(this.#next, last + 1)
  }

  #drain(sliceMs: number): void {
    const began = performance.now()
    for (const item of this.#late) {
      this.#late.delete(item)
      this.#look(item, this.now)
      if (performance.now() - began > sliceMs) break
    }
    if (this.#late.size === 0 || this.#goesOn) return
    this.#goesOn = true
    later(() => {
      this.#goesOn = false
      this.#drain(SLICE_MS)
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#slots.clear()
    this.#late.clear()
  }

  #slot(ms: number): number {
    return Math.floor(ms / this.#tickMs)
  }

  #take(slot: number): void {
    const items = this.#slots.get(slot)
    if (!items) return
    this.#slots.delete(slot)
    for (const item of items) {
      item.wheelSlot = undefined
      this.#late.add(item)
    }
  }

  #look(item: Timed, nowMs: number): void {
    try {
      const again = item.due(nowMs)
      if (again > 0) this.add(item, again)
    } catch (error) {
      this.#onError(error)
    }
  }
}

function monotonic(): number {
  return Math.floor(performance.now()) + 1
}
