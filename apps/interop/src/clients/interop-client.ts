/** What the behaviours ask of a client, whichever it is. */

import type { ServerUnderTest } from '../servers/server-under-test.ts'

/** The ways in: RFC 6120 §5, XEP-0368, RFC 7395. */
export type Door = 'starttls' | 'direct tls' | 'websocket'

export interface Login {
  readonly server: ServerUnderTest
  /** Bare JID. */
  readonly jid: string
  readonly password: string
  readonly resource: string
  /** Default: the client's first door. */
  readonly door?: Door
  /** The SASL mechanism, where the client lets us choose; default its own choice. */
  readonly mechanism?: 'PLAIN'
  /** The authority the client trusts; default the server's own. */
  readonly caFile?: string
}

/** A logged-in client that can write and read chat messages. */
export interface Talker extends AsyncDisposable {
  /** The full JID; the bare one of a client that does not let us choose its resource. */
  readonly jid: string
  /** What protected the stream, as far as the client tells. */
  readonly tls: string
  say(to: string, body: string): Promise<void>
  /** Waits until `body` from the bare JID `from` is there; says whether a delay stamp came along, if the client tells. */
  waitForMessage(from: string, body: string): Promise<{ readonly delayed: boolean | undefined }>
  /** Closes the stream and ends the client. */
  logout(): Promise<void>
}

/** A logged-in client with roster and presence. */
export interface Session extends Talker {
  /** Adds the contact to the roster and asks for its presence (RFC 6121 §3.1). */
  subscribe(contact: string): Promise<void>
  /** Waits for the contact's request and grants it. */
  approve(contact: string): Promise<void>
  /** Waits until the roster says so. */
  waitForSubscription(contact: string, subscription: 'both'): Promise<void>
  /** RFC 6121 §4.7.2: show and status. */
  setPresence(show: Show, status: string): Promise<void>
  waitForPresence(contact: string, show: Show | 'unavailable', status?: string): Promise<void>
}

export type Show = 'away' | 'chat' | 'dnd' | 'xa'

/** A client under test. `S` is what it can do once it is logged in. */
export interface InteropClient<S extends Talker = Session> {
  readonly name: string
  /** The ways in that this client knows, the usual one first. */
  readonly doors: readonly [Door, ...Door[]]
  /** Asks the installed program. @throws {Error} naming the Debian package when it is missing */
  version(): Promise<string>
  /** @throws {Error} when the login fails, with what the client said */
  login(login: Login): Promise<S>
}
