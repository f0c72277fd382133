/** Scopes: what was opened or registered together is undone together. */

/** Undoes its entries in reverse order, once. An entry that fails does not keep the others from being undone. */
export class Scope implements AsyncDisposable {
  readonly #entries: (Disposable | AsyncDisposable | (() => unknown))[] = []
  readonly #abort = new AbortController()

  /** Aborted when the scope ends: hand it to everything that waits. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Holds `entry` until the scope ends and returns it. In an ended scope it is undone at once. */
  add<T extends Disposable | AsyncDisposable | (() => unknown)>(entry: T): T {
    if (this.signal.aborted) void undo(entry)
    else this.#entries.push(entry)
    return entry
  }

  /** @throws {AggregateError} entries that could not be undone */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    const errors: unknown[] = []
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      try {
        await undo(entry)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Parts of a scope could not be undone')
  }
}

async function undo(entry: Disposable | AsyncDisposable | (() => unknown)): Promise<void> {
  if (typeof entry === 'function') await entry()
  else if (Symbol.asyncDispose in entry) await entry[Symbol.asyncDispose]()
  else entry[Symbol.dispose]()
}
