/** The life of a server's process: started until its door opens, killed, started again over the same data. */

import type { Peer } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { Network } from './network.ts'

/** How a program is started, and which doors open when it is ready. */
export interface Program {
  readonly name: string
  readonly network: Network
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly address: string
  readonly ports: readonly number[]
  /** More than it prints: its log file. */
  readonly log?: () => string
}

/** A program that runs, or did. */
export class Launched {
  readonly #program: Program
  #peer: Peer | undefined
  #before = ''

  constructor(program: Program) {
    this.#program = program
  }

  get pid(): number {
    return this.#peer?.child.pid ?? 0
  }

  log(): string {
    return this.#before + (this.#peer?.output ?? '') + (this.#program.log?.() ?? '')
  }

  async start(): Promise<void> {
    const { name, network, command, args, env, cwd, address, ports } = this.#program
    const peer = network.start(command, args, { env, cwd })
    this.#peer = peer
    await waitFor(
      `${name} accepts connections`,
      () => {
        if (peer.ended) throw new Error(`${name} ended at once\n${this.log()}`)
        return network.listens(address, ports)
      },
      { timeoutMs: 30_000, evidence: () => this.log() },
    )
  }

  /** Ends it by this signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#peer?.stop({ signal, graceMs: 10_000 })
    this.#before += this.#peer?.output ?? ''
    this.#peer = undefined
  }
}
