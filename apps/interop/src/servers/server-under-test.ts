/** What the tests ask of a server, whichever it is. */

/** First-level elements of bound streams, all told and those among them that the slow reader read. */
export interface HandoverShare {
  readonly elements: number
  readonly handedOver: number
}

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
  /** XEP-0206 over HTTPS; empty where there is none. */
  readonly boshUrl: string
  /** PEM of the authority which signed the server's certificate. */
  readonly caFile: string
  /** PEM of the server's own certificate and its key, for relays and fingerprints. */
  readonly certificateFile: string
  readonly keyFile: string
  /** Creates the account of a bare JID. */
  addAccount(jid: string, password: string): Promise<void>
  /**
   * Which share of this account's elements the server's fast reader handed over to the slow one; undefined where the server does
   * not know. Asked when the account's sessions are over; waits until the server has noticed that.
   */
  handoverShare(jid: string): Promise<HandoverShare | undefined>
  /** Everything the server logged so far, for failures. */
  log(): string
  stop(): Promise<void>
}
