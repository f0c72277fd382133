/** What a benchmark needs of a server, whoever made it. */

import type { Ground } from '../ground.ts'
import type { Side } from './federation.ts'

/** A running server; disposing ends the process and removes its data. */
export interface BenchServer extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly port: number
  /** The server of `FAR_DOMAIN`, in federation with this one; it ends with it. */
  readonly far?: BenchServer
}

/** What a server does besides. */
export interface StartOptions {
  /** Whether messages are archived for both sides, default false. */
  readonly archive?: boolean
  /** Whether a second server of the same kind serves another domain, default false. */
  readonly federated?: boolean
  /** Which domain it serves among which others, that somebody else takes care of; default: `DOMAIN`, alone. */
  readonly side?: Side
}

/** Starts servers of one kind. Data and accounts are made once; each start gets a copy. */
export interface ServerKind {
  readonly name: string
  start(options?: StartOptions): Promise<BenchServer>
}

export interface InstallOptions {
  /** Folder for CPU profiles, where the server can write them. */
  readonly profile: string | undefined
}

/** Makes the accounts of a kind of server. */
export type Install = (ground: Ground, options: InstallOptions) => Promise<ServerKind>
