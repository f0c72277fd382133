/** The cluster port: what a server asks of the other nodes, and what every adapter promises. */

import type { Bus } from './bus.ts'
import type { Directory } from './directory.ts'
import type { Leases } from './lease.ts'

/** A value that is here already, or will be. With one node it always is. */
export type Awaitable<T> = T | Promise<T>

/** One node's view of the cluster. */
export interface Cluster extends AsyncDisposable {
  /** This node, unique among those alive, and new at each start: what an earlier life of it left behind is void. */
  readonly node: string
  readonly directory: Directory
  readonly bus: Bus
  readonly leases: Leases
}
