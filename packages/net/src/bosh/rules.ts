/** What a client of BOSH has to keep to: the sequence of keys (XEP-0124 §15) and how often it may ask (§11, §12). */
import { createHash } from 'node:crypto'
import type { BoshCondition, BoshRequest } from './body.ts'
import type { BoshTerms } from './terms.ts'

/** The rules for one session, as far as they depend on what came before. */
export class Rules {
  readonly #terms: BoshTerms
  readonly #first: BoshRequest
  /** What the hash of the next key has to be. */
  #key: string | undefined
  /** When the last request came, if it was empty and was answered with nothing so far. */
  #lastEmptyMs = -Infinity

  constructor(terms: BoshTerms, first: BoshRequest) {
    this.#terms = terms
    this.#first = first
    this.#key = first.newKey?.toLowerCase()
  }

  /** What is wrong with the next request. @param isWaiting whether another one is held */
  broken(request: BoshRequest, isWaiting: boolean): BoshCondition | undefined {
    if (request === this.#first) return undefined
    return this.#wrongKey(request) ?? this.#tooOften(request, isWaiting) ?? this.#tooLong(request)
  }

  /** A request was answered with payload. */
  answered(): void {
    this.#lastEmptyMs = -Infinity
  }

  /** Each key is the hash of the one after it, so nobody who has seen one can make the next. */
  #wrongKey({ key, newKey }: BoshRequest): BoshCondition | undefined {
    if (this.#key === undefined) return undefined
    if (key === undefined || createHash('sha1').update(key).digest('hex') !== this.#key) return 'item-not-found'
    this.#key = (newKey ?? key).toLowerCase()
    return undefined
  }

  /** Empty requests in quick succession, of a client that polls or that waits for an answer already. */
  #tooOften(request: BoshRequest, isWaiting: boolean): BoshCondition | undefined {
    const { hold, wait, polling } = this.#terms
    const { payloads, terminates, restarts, pause } = request
    const now = performance.now()
    const last = this.#lastEmptyMs
    const isEmpty = payloads.length === 0 && !terminates && !restarts && pause === undefined
    this.#lastEmptyMs = isEmpty ? now : -Infinity
    const counts = isEmpty && (isWaiting || hold === 0 || wait === 0)
    return counts && now - last < polling * 1000 ? 'policy-violation' : undefined
  }

  #tooLong({ pause }: BoshRequest): BoshCondition | undefined {
    return pause !== undefined && pause > this.#terms.maxPause ? 'policy-violation' : undefined
  }
}
