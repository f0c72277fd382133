/** Counts what strangers do by some key, in bounded memory; counts leak away with time. */

/** What is known of one key. */
export interface LeakyCount {
  /** As many are allowed. */
  readonly max: number
  /** As of {@link atMs}. */
  count: number
  atMs: number
  /** Not decided yet; whoever looks at a limit adds these. */
  underWay: number
  /** One is called when one that was under way is decided. */
  waiting: (() => void)[] | undefined
}

/** Counts by key: the least recently used is forgotten first, but never one that something is under way for. */
export class LeakyCounts {
  readonly #counts = new Map<string, LeakyCount>()
  readonly #max: number
  readonly #leakMs: number
  readonly #maxKeys: number

  /**
   * @param max of each count, for {@link isFull}
   * @param leakMs one is forgotten after so long
   * @param maxKeys that are remembered
   */
  constructor(max: number, leakMs: number, maxKeys: number) {
    this.#max = max
    this.#leakMs = leakMs
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#counts.size
  }

  /** The count of `key` as of now, and the most recently used one. */
  of(key: string, nowMs: number): LeakyCount {
    let count = this.#counts.get(key)
    if (count) {
      count.count = Math.max(0, count.count - (nowMs - count.atMs) / this.#leakMs)
      count.atMs = nowMs
      this.#counts.delete(key)
    } else {
      count = { max: this.#max, count: 0, atMs: nowMs, underWay: 0, waiting: undefined }
    }
    this.#counts.set(key, count)
    if (this.#counts.size > this.#maxKeys) this.#forget()
    return count
  }

  /** The oldest that nothing is under way for; what is met on the way there counts as used, so that it is not met again soon. */
  #forget(): void {
    for (let tries = 0; tries < 8; tries++) {
      const [oldest] = this.#counts
      if (!oldest) return
      const [key, count] = oldest
      this.#counts.delete(key)
      if (count.underWay === 0 && !count.waiting) return
      this.#counts.set(key, count)
    }
  }
}

/** If all that is under way comes to be counted, no more is allowed. */
export function isFull({ count, underWay, max }: LeakyCount): boolean {
  return count + underWay >= max
}
