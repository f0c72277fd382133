/** The meter port: counters and gauges by name, for whoever exports them. */

/** Only grows. */
export interface Counter {
  add(amount?: number): void
  readonly value: number
}

/** Hands out instruments. The same name gives the same instrument. */
export interface Meter {
  counter(name: string, help: string): Counter
  /** Calls `read` whenever the gauge is looked at. */
  gauge(name: string, help: string, read: () => number): void
}

/** A meter that keeps its figures in memory. */
export class MemoryMeter implements Meter {
  readonly #counters = new Map<string, { help: string; value: number; add(amount?: number): void }>()
  readonly #gauges = new Map<string, { help: string; read: () => number }>()

  counter(name: string, help: string): Counter {
    let counter = this.#counters.get(name)
    if (!counter) {
      counter = {
        help,
        value: 0,
        add(amount = 1) {
          this.value += amount
        },
      }
      this.#counters.set(name, counter)
    }
    return counter
  }

  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { help, read })
  }

  /** All figures now. */
  *figures(): Iterable<{ name: string; help: string; kind: 'counter' | 'gauge'; value: number }> {
    for (const [name, { help, value }] of this.#counters) yield { name, help, kind: 'counter', value }
    for (const [name, { help, read }] of this.#gauges) yield { name, help, kind: 'gauge', value: read() }
  }
}
