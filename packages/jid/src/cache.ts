// A bounded map for values that recur: two generations, so that neither a hit nor an eviction has to sort anything.

/** Keeps at most two times `generationSize` values; those not asked for during a whole generation go. */
export class GenerationCache<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  readonly #generationSize: number

  constructor(generationSize: number) {
    this.#generationSize = generationSize
  }

  /** The value of `key`; one lookup for what was asked for lately. */
  get(key: string): V | undefined {
    const value = this.#young.get(key)
    if (value !== undefined) return value
    const aged = this.#old.get(key)
    if (aged !== undefined) this.set(key, aged)
    return aged
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
