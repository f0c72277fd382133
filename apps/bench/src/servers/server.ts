/** What a benchmark needs of a server, whoever made it. */

import type { Ground } from '../ground.ts'

/** A running server; disposing ends the process and removes its data. */
export interface BenchServer extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly port: number
}

/** Starts servers of one kind. Data and accounts are made once; each start gets a copy. */
export interface ServerKind {
  readonly name: string
  start(): Promise<BenchServer>
}

export interface InstallOptions {
  /** Folder for CPU profiles, where the server can write them. */
  readonly profile: string | undefined
}

/** Makes the accounts of a kind of server. */
export type Install = (ground: Ground, options: InstallOptions) => Promise<ServerKind>
