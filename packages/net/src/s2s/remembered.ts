/** What domains have said of themselves, for as long as it holds. */

/** However long a domain would have us believe it: keys change in an emergency (RFC 7711 §6). */
export const MAX_AGE_MS = 24 * 3_600_000

/** Finds out; `ms`: how long it holds. */
export type Look<T> = () => Promise<{ readonly value: T | undefined; readonly ms: number }>

/** A domain that says nothing is not asked again for so long. */
export const absent = { value: undefined, ms: 5 * 60_000 }

/** Values by domain; the oldest goes when there are too many. */
export class Remembered<T> {
  readonly #known = new Map<string, { readonly value: T | undefined; readonly untilMs: number }>()
  readonly #maxDomains: number

  constructor(maxDomains = 1000) {
    this.#maxDomains = maxDomains
  }

  /** What is known of a domain, or is found out now. */
  async of(domain: string, look: Look<T>): Promise<T | undefined> {
    const known = this.#known.get(domain)
    if (known && known.untilMs >= Date.now()) return known.value
    const { value, ms } = await look()
    this.#known.delete(domain)
    this.#known.set(domain, { value, untilMs: Date.now() + ms })
    if (this.#known.size > this.#maxDomains) this.#known.delete(this.#known.keys().next().value!) // not empty: one was just added
    return value
  }
}
