/** When flushes begin. */

/** Why a flush begins: something cannot wait any more, or rows of settled entries, or everything that is there. */
export type Cause = 'due' | 'settled' | 'lazy'

const LAZY_MS = 1_000
/** How long a row outlives its entry where nothing else is written: a crash before that gives the peer what it has confirmed. */
const SETTLED_MS = 50

/** The timers of a committer; each is set once, and again when its time has come. */
export class FlushClock {
  readonly #begin: (cause: Cause) => void
  #soon = false
  #due: ReturnType<typeof setTimeout> | undefined
  #dueAtMs = 0
  #lazy: ReturnType<typeof setTimeout> | undefined
  #settled: ReturnType<typeof setTimeout> | undefined

  constructor(begin: (cause: Cause) => void) {
    this.#begin = begin
  }

  /** Something is due at `atMs`, or at the end of the running turn if that is over. */
  due(atMs: number): void {
    if (this.#soon || (this.#due !== undefined && this.#dueAtMs <= atMs)) return
    const waitMs = atMs - performance.now()
    if (waitMs > 0) {
      clearTimeout(this.#due)
      this.#dueAtMs = atMs
      this.#due = setTimeout(() => this.#begin('due'), Math.ceil(waitMs))
      return
    }
    this.#soon = true
    queueMicrotask(() => this.#begin('due'))
  }

  /** Whatever was due is looked at now. */
  looked(): void {
    this.#soon = false
    clearTimeout(this.#due)
    this.#due = undefined
  }

  /** Something is written within a second, with or without others. */
  lazily(): void {
    this.#lazy ??= setTimeout(() => {
      this.#lazy = undefined
      this.#begin('lazy')
    }, LAZY_MS)
  }

  nothingLazy(): void {
    clearTimeout(this.#lazy)
    this.#lazy = undefined
  }

  /** Rows of settled entries are to go. */
  forget(): void {
    this.#settled ??= setTimeout(() => {
      this.#settled = undefined
      this.#begin('settled')
    }, SETTLED_MS)
  }

  stop(): void {
    clearTimeout(this.#due)
    clearTimeout(this.#lazy)
    clearTimeout(this.#settled)
  }
}
