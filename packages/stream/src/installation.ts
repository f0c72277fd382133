/** One installation of a client, and where it keeps what spares it the password (XEP-0388 §2.3, XEP-0484). */

import type { Awaitable } from '@tercet/sasl'

/** A token for the next login. Treat it like a password. */
export interface StoredToken {
  /** The only mechanism that takes it. */
  readonly mechanism: string
  readonly token: string
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** Where the token of one account is kept between logins. */
export interface TokenStore {
  load(): Awaitable<StoredToken | undefined>
  /** `undefined`: there is none any more. */
  save(token: StoredToken | undefined): Awaitable<void>
}

/** What an installation says of itself, to its own server alone. */
export interface Installation {
  /** A UUID of version 4, made once and kept. */
  readonly id: string
  readonly software?: string | undefined
  readonly device?: string | undefined
  /** Without it there are no tokens. */
  readonly tokens?: TokenStore | undefined
}

/** Keeps a token as long as the process lasts. */
export function memoryTokens(): TokenStore {
  let kept: StoredToken | undefined
  return { load: () => kept, save: token => void (kept = token) }
}
