/** Answers that were proved by their hash: shared by all who claim the same, and kept, so that a restart asks nobody again. */

import type { Host } from '../../host.ts'

/** What somebody can do: names of features (XEP-0030). */
export type Features = ReadonlySet<string>

interface KnownRow {
  readonly features: readonly string[]
}

/** Proved answers of one host, the least recently needed of which are forgotten. */
export class KnownCaps {
  readonly #host: Host
  readonly #max: number
  readonly #entries = new Map<string, Features>()

  constructor(host: Host, max: number) {
    this.#host = host
    this.#max = max
  }

  /** Reads what earlier runs have learnt. Who comes sooner is asked. */
  async load(): Promise<void> {
    for (const { key, value } of await this.#table.list(this.#host.domain, '')) {
      if (this.#entries.size >= this.#max) return
      if (!this.#entries.has(key)) this.#entries.set(key, new Set(value.features))
    }
  }

  get(key: string): Features | undefined {
    const features = this.#entries.get(key)
    if (!features) return undefined
    // To the end: what is needed is forgotten last.
    this.#entries.delete(key)
    this.#entries.set(key, features)
    return features
  }

  /** Keeps an answer whose hash was checked; it is written when there is something else to write. */
  add(key: string, features: Features): void {
    this.#entries.set(key, features)
    // A unit of its own: what can be asked again holds up nobody, and no stop of the server.
    const unit = this.#host.server.storage.unit()
    const { domain } = this.#host
    this.#table.put(unit, domain, '', key, { features: [...features] }, { lazy: true })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break
      this.#entries.delete(oldest)
      this.#table.delete(unit, domain, '', oldest)
    }
    unit.commit().catch((err: unknown) => this.#host.logger.warn({ err }, 'Capabilities could not be stored'))
  }

  get size(): number {
    return this.#entries.size
  }

  get #table() {
    return this.#host.table<KnownRow>('capabilities')
  }
}
