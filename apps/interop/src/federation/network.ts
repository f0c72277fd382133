/** A network namespace: a loopback interface that nobody else sees, on which packets may get lost. */

import { runToEnd, Peer, requireProgram } from '../processes.ts'
import { waitFor } from '../wait.ts'

/** What is done to packets that a {@link Flow} has. */
export type Fate = 'dropped' | 'reset'

/** Packets by where they come from and go to; iptables reads it. */
export type Flow = readonly string[]

/** What the server at `from` sends to the one at `to`, on streams that either of them opened. */
export function between(from: string, to: string, port: number): Flow[] {
  return [
    // Whoever connects does it from 127.0.0.1.
    ['--destination', to, '--protocol', 'tcp', '--dport', String(port)],
    ['--source', from, '--protocol', 'tcp', '--sport', String(port)],
  ]
}

/** The network of a world. It is gone, with all rules, when its last process is. */
export class Network implements AsyncDisposable {
  readonly #holder: Peer
  readonly #enter: readonly string[]

  private constructor(holder: Peer, asRoot: boolean) {
    this.#holder = holder
    const target = ['--target', String(holder.child.pid), '--net']
    this.#enter = asRoot ? target : [...target, '--user', '--preserve-credentials']
  }

  /** Makes one, for which it takes root or user namespaces. */
  static async open(): Promise<Network> {
    requireProgram('iptables', 'iptables')
    const asRoot = process.getuid?.() === 0
    const wait = ['/bin/sh', '-c', 'ip link set lo up && echo up && exec sleep infinity']
    const holder = new Peer('/usr/bin/unshare', [...(asRoot ? [] : ['--map-root-user']), '--net', ...wait])
    await waitFor('a network namespace', () => {
      if (holder.ended) throw new Error(`There is no network namespace to be had: ${holder.output}`)
      return holder.output.includes('up')
    })
    return new Network(holder, asRoot)
  }

  /** Starts a process in it. */
  start(command: string, args: readonly string[], options: ConstructorParameters<typeof Peer>[2] = {}): Peer {
    return new Peer('/usr/bin/nsenter', [...this.#enter, command, ...args], options)
  }

  /** Runs a short-lived command in it and returns what it printed. */
  run(command: string, args: readonly string[]): Promise<string> {
    return runToEnd('/usr/bin/nsenter', [...this.#enter, command, ...args])
  }

  /** Whether somebody listens on each of these ports. */
  async listens(address: string, ports: readonly number[]): Promise<boolean> {
    const sockets = await this.run(requireProgram('ss', 'iproute2'), [
      '--listening',
      '--tcp',
      '--numeric',
      '--no-header',
    ])
    return ports.every(port => sockets.includes(` ${address}:${port} `))
  }

  /** From now on these packets get lost, or end their connections. */
  async bar(flows: readonly Flow[], fate: Fate): Promise<void> {
    // A reset travels the same way and has to arrive.
    const target =
      fate === 'dropped'
        ? ['--jump', 'DROP']
        : ['--tcp-flags', 'RST', 'NONE', '--jump', 'REJECT', '--reject-with', 'tcp-reset']
    for (const flow of flows) await this.#iptables('--append', 'INPUT', ...flow, ...target)
  }

  /** All packets arrive again. */
  async clear(): Promise<void> {
    await this.#iptables('--flush', 'INPUT')
  }

  async #iptables(...args: readonly string[]): Promise<void> {
    await this.run(requireProgram('iptables', 'iptables'), ['--wait', ...args])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.stop()
  }
}
