// Both ends of a mechanism as the stream sees them (RFC 4422), and what the server's end asks about accounts.
import type { Awaitable } from './awaitable.ts'
import type { ChannelBinding } from './channel-binding.ts'
import type { ScramHash } from './crypto.ts'
import type { SaslCondition } from './error.ts'
import type { ScramKeys } from './scram-keys.ts'

/**
 * What the server side asks about accounts; implemented over its store. Names and passwords come prepared (RFC 8265).
 *
 * A method that proves something may throw a {@link SaslError} to choose the condition (`credentials-expired`). Any other
 * error becomes `temporary-auth-failure` with the error as the step's `cause`. `scramKeys` and `token` are asked before
 * anything is proven, so that an account is disabled is not theirs to tell: turn the success into a failure then. A
 * mechanism whose optional method is missing does not exist.
 */
export interface Credentials {
  /** The keys of an account for a hash; `undefined` for an unknown user and for one without keys of that hash. */
  scramKeys(username: string, hash: ScramHash): Awaitable<ScramKeys | undefined>
  /** Secret of at least 16 bytes for the salts of unknown users, the same over restarts and nodes (SCR-07). */
  readonly fakeSaltSecret: Uint8Array
  /** The iteration count that unknown users show: that of most accounts. */
  readonly iterations: number
  /** For PLAIN; takes as long for an unknown user as for a wrong password (see `verifyPasswordAgainst`). */
  verifyPassword?(username: string, password: string): Awaitable<boolean>
  /** For OAUTHBEARER: the user whom the token proves. `origin` is where the client says it connected (RFC 7628 §3.2). */
  bearer?(token: string, authzid: string | undefined, origin: BearerOrigin): Awaitable<string | undefined>
  /** For HT-*: the tokens this client of the user may show, the newest first, at most a few (XEP-0484 §4.3). */
  token?(username: string, mechanism: string): Awaitable<readonly FastToken[]>
  /** For EXTERNAL: the user whom the certificate proves; see `certificateIdentity`. */
  external?(authzid: string | undefined): Awaitable<string | undefined>
  /** For ANONYMOUS: a new name that nobody has. */
  anonymous?(): Awaitable<string>
}

/** Where a bearer token's client says it connected. */
export interface BearerOrigin {
  readonly host: string | undefined
  readonly port: string | undefined
}

/** A token of XEP-0484 as the server holds it; the object that fitted comes back in the success step. */
export interface FastToken {
  /** What `fastTokenKey` makes of the token: its bytes, or a hash of them. */
  readonly key: Uint8Array
  /** Also true for one that was rotated or invalidated, as long as it is remembered: `credentials-expired`. */
  readonly expired: boolean
}

/** The connection and the offer that one authentication on the server happens in. */
export interface ServerContext {
  readonly credentials: Credentials
  /** The bindings the connection can do; empty when there are none. */
  readonly channelBindings: readonly ChannelBinding[]
  /** Whether the profile in use (SASL or SASL2) offered any `-PLUS` mechanism. */
  readonly plusOffered: boolean
  /** What the profile in use offered; no other mechanism exists but the HT-*, which are offered elsewhere. */
  readonly offeredMechanisms: readonly string[]
  /** The types in `<sasl-channel-binding/>`; left out when it was not sent (XEP-0440). */
  readonly offeredBindingTypes?: readonly string[] | undefined
  /** Whether SCRAM says what was offered (`h` of XEP-0474 and `t` of XEP-0515); default true. */
  readonly downgradeProtection?: boolean
  /** TLS version as in `tlsVersionCode`, for `t`; left out without TLS or when another program ends it. */
  readonly tlsVersion?: string | undefined
  /** What a client is told after a token that did not do (RFC 7628 §3.2.2). */
  readonly oauth?: { readonly scope?: string; readonly openidConfiguration?: string } | undefined
  /**
   * Whether a proven user may act as `authzid`, which holds no slash. The user's own bare address, however it is
   * written, must be allowed; on a server's stream the proven domain (SASL-06).
   */
  allowAuthzid(username: string, authzid: string): Awaitable<boolean>
}

/** How an exchange goes on after a message of the client. */
export type ServerStep =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  | {
      readonly kind: 'success'
      /** Whom the credentials prove, prepared. */
      readonly username: string
      /** As whom the client acts, allowed by `allowAuthzid`; as `username` itself when undefined. */
      readonly authzid: string | undefined
      /** Additional data for `<success/>`; `undefined` when the mechanism has none (not the same as empty). */
      readonly data: Uint8Array | undefined
      /** The token that was shown, for HT-*. */
      readonly token?: FastToken
    }
  | {
      readonly kind: 'failure'
      readonly condition: SaslCondition
      readonly text?: string
      /** What went wrong on our side, for the log; never for the peer. */
      readonly cause?: unknown
    }

/** One authentication seen from the server. Droppable at any time; after a success or failure it is spent. */
export interface ServerMechanism {
  readonly name: string
  /**
   * Takes a message of the client. Never throws and never rejects: what goes wrong is a failure step.
   *
   * @param data `undefined` only for a missing initial response (`<auth/>` without text); an empty one is `=`
   */
  respond(data: Uint8Array | undefined): Awaitable<ServerStep>
}

/** One authentication seen from the client. Every method throws or rejects with a {@link SaslError}. */
export interface ClientMechanism {
  readonly name: string
  /** The initial response; `undefined` when the mechanism has none, empty when it is to be sent as `=`. */
  initial(): Awaitable<Uint8Array | undefined>
  /** Answers a challenge. */
  challenge(data: Uint8Array): Awaitable<Uint8Array>
  /** Takes the data of `<success/>`; throws when the server has not proven itself, whatever it says (SCR-05). */
  success(data: Uint8Array | undefined): Awaitable<void>
}

/** Who the client is and what it can show for it; each member makes its mechanisms possible. */
export interface ClientCredentials {
  /** Localpart of the address; not needed for ANONYMOUS and EXTERNAL. */
  readonly username?: string
  /** To act as another: a bare address. */
  readonly authzid?: string | undefined
  /** For SCRAM and PLAIN. */
  readonly password?: string | undefined
  /** Keep one per account and password, `{}` at first: it spares the PBKDF2 of later logins. */
  readonly scramCache?: ScramCache | undefined
  /** For OAUTHBEARER; `host` and `port` are where the client connected to. */
  readonly bearer?: { readonly token: string; readonly host?: string; readonly port?: number } | undefined
  /** For HT-*: a token and the mechanism it was issued for (XEP-0484 §3.4). */
  readonly token?: { readonly mechanism: string; readonly token: string } | undefined
  /** Whether a certificate was shown in the TLS handshake, for EXTERNAL. */
  readonly external?: boolean
  /** Whether to come without a name, for ANONYMOUS. */
  readonly anonymous?: boolean
}

/** Remembers the keys of the last successful SCRAM login; treat it like the password. */
export interface ScramCache {
  entry?: ScramCacheEntry | undefined
}

/** Keys derived from a password with one salt and count. */
export interface ScramCacheEntry {
  readonly username: string
  readonly hash: ScramHash
  readonly salt: Uint8Array
  readonly iterations: number
  readonly clientKey: Uint8Array
  readonly serverKey: Uint8Array
}
