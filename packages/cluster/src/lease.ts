/** Leases: which node owns the queue of an account, a room or a remote domain. */

import type { Awaitable } from './cluster.ts'

/** The right to act for a key until it is given back or lost. */
export interface Lease {
  readonly key: string
  /** Grows with each holder of the key: storage refuses the writes of an earlier one. */
  readonly fence: number
  /** Aborted when the lease is lost without having been released. */
  readonly signal: AbortSignal
}

/** Grants leases. */
export interface Leases {
  /** Undefined: another node holds it. Asking again for what this node holds gives the same lease. */
  acquire(key: string): Awaitable<Lease | undefined>
  release(lease: Lease): Awaitable<void>
  /** The node that holds the key. */
  holder(key: string): Awaitable<string | undefined>
}
