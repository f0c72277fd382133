/** Pings of the gateway's own that wait for their answers, which may come on any stream (XEP-0199 2.0.1). */

import type { Iq } from '@tercet/stanza'

interface Waiting {
  readonly from: string
  readonly to: string
  answered(isResult: boolean): void
}

/** By id. Whoever was asked is the only one who may answer. */
export class Pings {
  readonly #waiting = new Map<string, Waiting>()
  #count = 0

  /** Remembers a ping from our domain `from` to `to`; returns its id. */
  add(from: string, to: string, answered: (isResult: boolean) => void): string {
    const id = `s2s-${++this.#count}`
    this.#waiting.set(id, { from, to, answered })
    return id
  }

  remove(id: string): void {
    this.#waiting.delete(id)
  }

  /** True when an iq with these addresses is an answer that was waited for: a result, or the error of who knows no pings. */
  answered({ id, type }: Iq, from: string, to: string): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting?.to !== from || waiting.from !== to) return false
    this.#waiting.delete(id)
    waiting.answered(type === 'result')
    return true
  }
}
