/** How often something may happen in an hour, for each of many: addresses, accounts. */

import type { Host } from '../host.ts'

const HOUR_MS = 3_600_000
/** Keys that are remembered; beyond that the oldest is forgotten. */
const MAX_KEYS = 10_000

/** Counts by key, in memory. */
export class HourlyLimit {
  readonly #host: Host
  readonly #perHour: number
  /** When each one was taken, in milliseconds of the wheel. */
  readonly #taken = new Map<string, number[]>()

  constructor(host: Host, perHour: number) {
    this.#host = host
    this.#perHour = perHour
  }

  /** Takes one of the key's; false when there is none left. What came to nothing is {@link giveBack given back}. */
  take(key: string): boolean {
    const { now } = this.#host.server.wheel
    const taken = (this.#taken.get(key) ?? []).filter(at => now - at < HOUR_MS)
    if (taken.length >= this.#perHour) return false
    this.#taken.delete(key)
    this.#taken.set(key, [...taken, now])
    const oldest = this.#taken.keys().next().value
    if (oldest !== undefined && this.#taken.size > MAX_KEYS) this.#taken.delete(oldest)
    return true
  }

  giveBack(key: string): void {
    this.#taken.get(key)?.pop()
  }
}
