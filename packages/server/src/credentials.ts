/** The credentials of a host as SASL asks for them, with bounds on guessing. */

import { fakeScramKeys, verifyPasswordAgainst, type Credentials, type ScramHash } from '@tercet/sasl'
import type { Host } from './host.ts'
import { RememberedPasswords } from './remembered-passwords.ts'

/** Failed attempts from one address within the window before it is refused. */
const MAX_FAILURES = 20
/** From the third failure on an answer waits this long. */
const DELAY_MS = 1000
const WINDOW_MS = 600_000
/** Addresses that are remembered; beyond that the oldest is forgotten. */
const MAX_ADDRESSES = 10_000
/** The hash that PLAIN is checked with. */
const PLAIN_HASH: ScramHash = 'SHA-256'

/** Makes the credentials of `host`. */
export function hostCredentials(host: Host): Credentials {
  const { accounts, fakeSaltSecret } = host
  const remembered = new RememberedPasswords()
  return {
    scramKeys: (username, hash) => accounts.keys(username, hash),
    fakeSaltSecret,
    iterations: accounts.iterations,
    async verifyPassword(username, password) {
      const keys = await accounts.keys(username, PLAIN_HASH)
      if (keys && remembered.has(username, password, keys.storedKey)) return true
      const checked =
        keys ?? (await fakeScramKeys(username, PLAIN_HASH, { secret: fakeSaltSecret, iterations: accounts.iterations }))
      const good = await verifyPasswordAgainst(checked, PLAIN_HASH, password)
      if (good && keys) remembered.add(username, password, keys.storedKey)
      return good && keys !== undefined
    },
  }
}

interface Failures {
  count: number
  untilMs: number
}

/** Remembers who failed to log in: delays the answers, then refuses. By address, so that nobody can lock an account of somebody else. */
export class LoginGuard {
  readonly #host: Host
  readonly #failures = new Map<string, Failures>()

  constructor(host: Host) {
    this.#host = host
  }

  /** False: this address failed too often lately. */
  admits(address: string): boolean {
    const failed = this.#failures.get(address)
    if (!failed) return true
    if (failed.untilMs > this.#host.server.wheel.now) return failed.count < MAX_FAILURES
    this.#failures.delete(address)
    return true
  }

  /** An attempt failed; the answer waits for the result. */
  failed(address: string): void | Promise<void> {
    const { wheel } = this.#host.server
    const failed = this.#failures.get(address) ?? { count: 0, untilMs: 0 }
    failed.count++
    failed.untilMs = wheel.now + WINDOW_MS
    this.#failures.delete(address)
    this.#failures.set(address, failed)
    const oldest = this.#failures.keys().next().value
    if (oldest !== undefined && this.#failures.size > MAX_ADDRESSES) this.#failures.delete(oldest)
    if (failed.count < 3) return
    return new Promise(resolve => {
      wheel.add({ due: () => (resolve(), 0) }, wheel.now + DELAY_MS)
    })
  }
}
