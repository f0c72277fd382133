/** What the federation tests ask of a server, whichever it is. */

import type { DomainStatus } from '@tercet/s2s'
import type { Identity } from './certificates.ts'
import type { Addresses, NameServer } from './dns.ts'
import type { Kind, ServerName } from './kinds.ts'
import type { Network } from './network.ts'

/** What a server is told about the world at its start. */
export interface World {
  readonly network: Network
  readonly folder: string
  readonly caFile: string
  readonly addresses: Addresses
  readonly dns: NameServer
  readonly identities: Readonly<Record<ServerName, Readonly<Record<Kind, Identity>>>>
}

/** A server with one domain for each {@link Kind}. */
export interface FederatedServer extends AsyncDisposable {
  readonly name: ServerName
  /** Program and version, for printed lines. */
  readonly version: string
  /** Clients of a domain log in here with STARTTLS, port 5222. */
  address(kind: Kind): string
  addAccount(jid: string, password: string): Promise<void>
  /** Everything that it logged so far; what it says of this kind's domains where it has a log for each. */
  log(kind?: Kind): string
  /** The processes that serve, for signals. */
  readonly pids: readonly number[]
  /** How it makes sure that another server has what it was sent. */
  readonly confirmation: string
  /** As many stanzas may be under way to another server; undefined: it does not tell. */
  readonly windowStanzas?: number
  /** What a server of ours says of its streams and queues; undefined: it is somebody else's. */
  streams?(kind: Kind): Promise<readonly DomainStatus[]>
  /** SIGKILL, or this signal, and gone when this resolves. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts again over the same data after {@link kill}. */
  start(): Promise<void>
  stop(): Promise<void>
}
