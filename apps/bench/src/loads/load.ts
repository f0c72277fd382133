/** A load on a server that can be switched on and off, and the scenario that describes it. */

import type { BenchServer } from '../servers/server.ts'

/** Connections that are ready; disposing closes them. */
export interface Load extends Disposable {
  /** Operations so far. */
  readonly operations: number
  /** Milliseconds of the operations since the last {@link start}, where the load measures them. */
  readonly latencies?: readonly number[]
  /** How often a client waits for the server in one operation, where the load counts it. */
  readonly turns?: number
  /** @param unpaced as fast as it goes, where the load has a rate; default false */
  start(unpaced?: boolean): void
  /** Resolves when nothing is under way any more. @throws {Error} something was lost */
  stop(): Promise<void>
}

interface Described {
  readonly name: string
  readonly title: string
  /** Accounts that it needs. */
  readonly accounts: number
  /** What our server may use at most, in the scenario's unit. */
  readonly target: number
}

/** CPU time of the server for each operation, in µs. */
export interface CpuScenario extends Described {
  readonly kind: 'cpu'
  /** Whether messages are archived for both sides, default false. */
  readonly archive?: boolean
  /** Whether it needs a second server of another domain, whose CPU time counts, too; default false. */
  readonly federated?: boolean
  /** Whether operations come at a fixed rate, so that too few would come to warm up; default false. */
  readonly steady?: boolean
  /** What one operation is. */
  readonly operation: string
  prepare(server: BenchServer, locals: readonly string[]): Promise<Load>
}

/** Memory of the server for each idle session, in KiB: the slope between a quarter of the accounts and all of them. */
export interface MemoryScenario extends Described {
  readonly kind: 'memory'
  readonly tls: boolean
}

export type Scenario = CpuScenario | MemoryScenario
