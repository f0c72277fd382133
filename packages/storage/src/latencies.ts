/** Durations of the last 1,000 commits and their quantiles. */

const kept = 1_000

/** A ring of durations. */
export class Latencies {
  readonly #ring = new Float64Array(kept)
  #count = 0

  add(ms: number): void {
    this.#ring[this.#count % kept] = ms
    this.#count += 1
  }

  /** The duration that `share` (0 to 1) of the kept ones do not exceed; 0 when there are none. */
  quantile(share: number): number {
    const sorted = this.#ring.slice(0, Math.min(this.#count, kept)).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }
}
