/** Who is where: the sessions of each account, on which node. */

import type { Awaitable } from './cluster.ts'

/** A session as other nodes see it. Texts are prepared. */
export interface Place {
  /** Bare JID. */
  readonly account: string
  readonly resource: string
  readonly node: string
  /** Undefined: bound, but not available (RFC 6121 §4.2). */
  readonly priority: number | undefined
}

/** Sessions by account. A node's entries end with the node. */
export interface Directory {
  /** Adds the session, or replaces what is known of it. */
  put(place: Place): Awaitable<void>
  remove(account: string, resource: string): Awaitable<void>
  /** In the order in which the sessions were added. */
  find(account: string): Awaitable<readonly Place[]>
}
