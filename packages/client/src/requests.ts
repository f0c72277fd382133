/** Requests that wait for their answers, matched by id and sender (RFC 6120 §8.2.3). */

import { Jid, type BareJid } from '@tercet/jid'
import type { Iq } from '@tercet/stanza'

interface Pending {
  readonly to: Jid | undefined
  readonly settle: (answer: Iq | Error) => void
}

/** The open requests of one client. */
export class Requests {
  readonly #account: () => BareJid
  readonly #pending = new Map<string, Pending>()

  /** @param account gives our address, which binding may change */
  constructor(account: () => BareJid) {
    this.#account = account
  }

  /** The answer to the request `id` that goes to `to`. Rejects with the signal's reason, or what `fail` and `failAll` are given. */
  expect(id: string, to: Jid | undefined, signal: AbortSignal | undefined): Promise<Iq> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#pending.delete(id)
        // The reason is whatever the caller gave.
        reject(signal!.reason as Error)
      }
      const settle = (answer: Iq | Error): void => {
        this.#pending.delete(id)
        signal?.removeEventListener('abort', abort)
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      this.#pending.set(id, { to, settle })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /**
   * Takes a result or an error. One that comes from somebody else than was asked is nobody's answer: whoever guesses an id must not
   * answer in the name of our server.
   *
   * @returns whether it was awaited
   */
  answer(reply: Iq): boolean {
    const pending = this.#pending.get(reply.id)
    if (!pending || !this.#mayAnswer(reply.from, pending.to)) return false
    pending.settle(reply)
    return true
  }

  /** The request cannot be answered. */
  fail(id: string, error: Error): void {
    this.#pending.get(id)?.settle(error)
  }

  /** No request can be answered any more. */
  failAll(error: Error): void {
    for (const { settle } of [...this.#pending.values()]) settle(error)
  }

  #mayAnswer(from: Jid | undefined, to: Jid | undefined): boolean {
    if (Jid.equal(from, to)) return true
    // Our server answers for itself and for our account, and servers differ in which name they use for which.
    return this.#isServer(to) && this.#isServer(from)
  }

  #isServer(jid: Jid | undefined): boolean {
    if (jid === undefined) return true
    const { text, domain } = this.#account()
    return jid.text === text || jid.text === domain
  }
}
