/** One coarse timer for many things that may take equally long: no timer object for each of them. */

/** Calls `expire` for every member that was not deleted within `delayMs`, up to a quarter late. */
export class Deadlines<T> {
  readonly #delayMs: number
  readonly #expire: (member: T) => void
  // The delay is the same for all, so the order of insertion is the order of expiry.
  readonly #members = new Map<T, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(delayMs: number, expire: (member: T) => void) {
    this.#delayMs = delayMs
    this.#expire = expire
  }

  get size(): number {
    return this.#members.size
  }

  add(member: T): void {
    this.#members.set(member, performance.now() + this.#delayMs)
    // What it watches keeps the process alive, the timer need not.
    this.#timer ??= setInterval(() => this.#sweep(), Math.max(1, this.#delayMs / 4)).unref()
  }

  delete(member: T): void {
    this.#members.delete(member)
    if (this.#members.size === 0) this.#rest()
  }

  #sweep(): void {
    const now = performance.now()
    for (const [member, deadline] of this.#members) {
      if (deadline > now) return
      this.#members.delete(member)
      this.#expire(member)
    }
    this.#rest()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
