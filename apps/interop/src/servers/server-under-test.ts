/** What the tests ask of a server, whichever it is. */

/** A running server with one host, TLS on every door, and accounts made on demand. */
export interface ServerUnderTest extends AsyncDisposable {
  /** For the printed line: program and version. */
  readonly name: string
  /** The served XMPP domain; the certificate is for it. */
  readonly domain: string
  /** Where to connect to; a loopback name or address that the certificate covers too. */
  readonly host: string
  /** STARTTLS. */
  readonly c2sPort: number
  /** Direct TLS (XEP-0368). */
  readonly c2sTlsPort: number
  /** RFC 7395; `ws:` where the server leaves TLS to a proxy. */
  readonly wsUrl: string
  /** PEM of the authority which signed the server's certificate. */
  readonly caFile: string
  /** PEM of the server's own certificate and its key, for relays and fingerprints. */
  readonly certificateFile: string
  readonly keyFile: string
  /** Creates the account of a bare JID. */
  addAccount(jid: string, password: string): Promise<void>
  /**
   * The share (0 to 1) of this account's stanzas that the server's fast reader handed over to the slow one; undefined
   * where the server does not know. Asked when the account's sessions are over.
   */
  handoverShare(jid: string): Promise<number | undefined>
  /** Everything the server logged so far, for failures. */
  log(): string
  stop(): Promise<void>
}
