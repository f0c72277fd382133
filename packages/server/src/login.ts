/** Ports of logging in: who vouches for somebody without a password of ours. Adapters are the app's. */

import type { Awaitable, BearerOrigin } from '@tercet/sasl'

/** Whom a client's certificate names. */
export interface CertificateNames {
  /** Its XmppAddr entries as they are written (RFC 6120 §13.7.1.4). */
  readonly addresses: readonly string[]
  /** The bare address that local rules give to a certificate without any XmppAddr (XEP-0178 §2). */
  readonly mapped?: string | undefined
}

/** Reads certificates of clients. */
export interface ClientCertificates {
  /**
   * @param certificate DER of an end-entity certificate whose chain has verified in the handshake of this connection, or of the one that was resumed
   * @returns undefined: it is not to be used, for instance since it has expired
   */
  names(certificate: Uint8Array): CertificateNames | undefined
}

/** An authorization server as one host sees it (RFC 7628). */
export interface Bearer {
  /** Told to a client whose token did not do (RFC 7628 §3.2.2). */
  readonly refusal: { readonly scope?: string; readonly openidConfiguration?: string }
  /** Whether somebody who is vouched for gets an account by logging in. Otherwise it has to exist. */
  readonly createsAccounts: boolean
  /**
   * The localpart of whom the token proves, unprepared; undefined: it is not good here. Throws when nobody can tell now
   * (`temporary-auth-failure`).
   */
  verify(token: string, origin: BearerOrigin): Awaitable<string | undefined>
}

/** What a host accepts beside passwords. */
export interface Login {
  readonly anonymous: boolean
  readonly bearer: Bearer | undefined
  readonly certificates: ClientCertificates | undefined
}
