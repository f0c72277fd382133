/** How much each remote domain may send: what comes above waits, since its streams are not read meanwhile. */

import type { TimerWheel } from '@tercet/stream'
import type { Policy } from './policy.ts'

interface Bucket {
  tokens: number
  atMs: number
}

/** Above this many domains, those that were quiet are forgotten. */
const SWEEP_AT = 10_000

/** Buckets of one second's worth each, by domain. */
export class Rates {
  readonly #policy: Policy
  readonly #wheel: TimerWheel
  readonly #buckets = new Map<string, Bucket>()

  constructor(policy: Policy, wheel: TimerWheel) {
    this.#policy = policy
    this.#wheel = wheel
  }

  /** Counts one stanza of `domain`; a promise tells when the next one may be read. */
  take(domain: string): void | Promise<void> {
    const nowMs = this.#wheel.now
    const bucket = this.#buckets.get(domain) ?? this.#add(domain, nowMs)
    const rate = this.#policy.rule(domain).stanzasPerSecond
    if (nowMs > bucket.atMs) {
      bucket.tokens = Math.min(rate, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * rate)
      bucket.atMs = nowMs
    }
    if (--bucket.tokens >= 0) return
    return new Promise(resolve =>
      this.#wheel.add({ due: () => (resolve(), 0) }, nowMs + (-bucket.tokens / rate) * 1000),
    )
  }

  #add(domain: string, nowMs: number): Bucket {
    if (this.#buckets.size >= SWEEP_AT)
      for (const [other, { atMs }] of this.#buckets) if (nowMs - atMs > 2000) this.#buckets.delete(other)
    const bucket = { tokens: this.#policy.rule(domain).stanzasPerSecond, atMs: nowMs }
    this.#buckets.set(domain, bucket)
    return bucket
  }
}
