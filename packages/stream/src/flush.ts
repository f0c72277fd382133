/** Gathers what one turn of the loop writes, so that each transport gets it in one write. */

/** Something with text to write. */
export interface Flushable {
  flush(): void
}

// Node has it; it runs after the input that is already there, which gathers more than a microtask does.
declare const setImmediate: ((run: () => void) => unknown) | undefined
/** Runs something when the input that is there has been handled. */
export const later: (run: () => void) => unknown = typeof setImmediate === 'function' ? setImmediate : throughChannel()

/** What browsers have instead: a message to oneself, which lets others have the loop, and no page in the background waits a second for. */
function throughChannel(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel()
  const runs: (() => void)[] = []
  port1.onmessage = () => runs.shift()?.()
  return run => {
    runs.push(run)
    port2.postMessage(0)
  }
}

/**
 * Streams with unwritten text. Inside `enter`/`leave` (one chunk of input) they are flushed at the end of it; what is written
 * outside (timers, storage, other nodes) is flushed once per tick.
 */
export class FlushList {
  #pending: Flushable[] = []
  #depth = 0
  #scheduled = false
  readonly #run = (): void => {
    this.#scheduled = false
    this.flush()
  }

  add(item: Flushable): void {
    this.#pending.push(item)
    if (this.#depth > 0 || this.#scheduled) return
    this.#scheduled = true
    later(this.#run)
  }

  enter(): void {
    this.#depth++
  }

  leave(): void {
    if (--this.#depth === 0 && this.#pending.length > 0) this.flush()
  }

  flush(): void {
    while (this.#pending.length > 0) {
      const pending = this.#pending
      this.#pending = []
      for (const item of pending) item.flush()
    }
  }
}
