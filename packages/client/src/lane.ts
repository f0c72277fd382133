/** Work in order: what was put in first is done first, at once where nothing waits. */

/** One lane of jobs. */
export class Lane {
  #tail: Promise<void> | undefined
  #length = 0

  /** Jobs that are not done. */
  get length(): number {
    return this.#length
  }

  /** Pending until all jobs that are in it are done; undefined when there is none. */
  get idle(): Promise<void> | undefined {
    return this.#tail
  }

  /** Runs `job` behind the ones that wait; synchronously if there is none. Throws or rejects as it does. */
  run<T>(job: () => T | Promise<T>): T | Promise<T> {
    if (this.#tail) return this.#append(this.#tail.then(job))
    const result = job()
    return result instanceof Promise ? this.#append(result) : result
  }

  #append<T>(result: Promise<T>): Promise<T> {
    this.#length++
    const settled = (): void => {
      this.#length--
      if (this.#tail === tail) this.#tail = undefined
    }
    const tail: Promise<void> = result.then(settled, settled)
    this.#tail = tail
    return result
  }
}
