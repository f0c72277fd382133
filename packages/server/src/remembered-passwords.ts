/** Spares PLAIN its PBKDF2: the last good password of an account, as a hash under a key that lives as long as the process. */

import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

const REMEMBER_MS = 600_000
const MAX_ACCOUNTS = 10_000

interface Remembered {
  readonly mac: Buffer
  readonly untilMs: number
}

/** Passwords that were right, for ten minutes. A changed password forgets the old one, since its StoredKey is part of what is hashed. */
export class RememberedPasswords {
  readonly #key = createSecretKey(randomBytes(32))
  readonly #accounts = new Map<string, Remembered>()

  has(username: string, password: string, storedKey: Uint8Array): boolean {
    const remembered = this.#accounts.get(username)
    if (!remembered) return false
    if (remembered.untilMs < performance.now()) {
      this.#accounts.delete(username)
      return false
    }
    return timingSafeEqual(remembered.mac, this.#mac(password, storedKey))
  }

  add(username: string, password: string, storedKey: Uint8Array): void {
    this.#accounts.delete(username)
    this.#accounts.set(username, { mac: this.#mac(password, storedKey), untilMs: performance.now() + REMEMBER_MS })
    const oldest = this.#accounts.keys().next().value
    if (oldest !== undefined && this.#accounts.size > MAX_ACCOUNTS) this.#accounts.delete(oldest)
  }

  #mac(password: string, storedKey: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(storedKey).update(password).digest()
  }
}
