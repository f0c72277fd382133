/** A few accounts that write to many other domains, some of which may be dead. */

import type { LoadClient } from '@tercet/testkit/load-client'
import type { BenchServer } from '../servers/server.ts'
import { logIn } from './clients.ts'
import type { Load } from './load.ts'
import { LIVING, type Remotes } from './remotes.ts'
import { until } from './wait.ts'

/** Accounts that it needs. */
export const writers = 10
/** Messages under way to each domain that is measured. */
const OUTSTANDING = 10
/** Domains that are reached at the same time. */
const WIDTH = 50
const BODY = 'All work and no play makes Jack a dull boy. '.repeat(4).slice(0, 150)

/** Logs the writers in. */
export async function prepareDomains(
  server: BenchServer,
  locals: readonly string[],
  remotes: Remotes,
  measured: number,
): Promise<DomainsLoad> {
  return new DomainsLoad(await logIn(server, locals.slice(0, writers)), remotes, measured)
}

/** Counts and times what arrives at the first `measured` of the living; all others get the same share of the messages. */
export class DomainsLoad implements Load {
  readonly latencies: number[] = []
  operations = 0
  /** Messages per second over all domains; undefined: as many as are delivered. */
  rate: number | undefined
  readonly #clients: readonly LoadClient[]
  readonly #measured: readonly Flow[]
  readonly #others: readonly Flow[]
  /** What each client will write at the end of this round of the event loop. */
  readonly #due: string[]
  #flushing = false
  #running = false
  #timer: NodeJS.Timeout | undefined
  #sent = 0
  #refusal: string | undefined

  constructor(clients: readonly LoadClient[], remotes: Remotes, measured: number) {
    const flows = [...remotes.living, ...remotes.dead].map(
      ({ domain }, index) => new Flow(domain, index % writers, index < measured),
    )
    this.#clients = clients
    this.#measured = flows.slice(0, measured)
    this.#others = flows.slice(measured)
    this.#due = clients.map(() => '')
    remotes.arrived = index => this.#arrived(flows[index]!)
    for (const client of clients) {
      client.onData = chunk => {
        // What was written to the dead may come back.
        const from = chunk.indexOf(LIVING)
        if (from >= 0) this.#refusal ??= chunk.toString('utf8', Math.max(0, from - 100), from + 400)
      }
      client.onClose = () => (this.#refusal ??= 'the server closed a stream under load')
    }
  }

  /** Writes once to some of the measured domains, a few at a time: afterwards there is a stream to each of them. */
  async reach(from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += WIDTH) {
      for (const flow of this.#measured.slice(at, Math.min(at + WIDTH, to))) this.#write(flow)
      await this.#settled(60_000)
    }
  }

  start(): void {
    this.#running = true
    this.latencies.length = 0
    if (this.rate === undefined)
      for (let round = 0; round < OUTSTANDING; round++) for (const flow of this.#measured) this.#send(flow)
    else this.#pace(this.rate)
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#timer)
    await this.#settled(30_000)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const client of this.#clients) {
      client.onClose = () => {}
      client.destroy()
    }
  }

  async #settled(ms: number): Promise<void> {
    const done = () => this.#measured.every(({ sent, received }) => sent === received)
    await until(() => this.#refusal !== undefined || done(), 'Every message to the living arrives', ms)
    if (this.#refusal !== undefined) throw new Error(`The load was refused: ${this.#refusal}`)
  }

  #pace(rate: number): void {
    const began = performance.now()
    const share = this.#measured.length / (this.#measured.length + this.#others.length)
    let sent = 0
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * rate * share) / 1000)
      for (; sent < due; sent++) this.#send(this.#measured[sent % this.#measured.length]!)
    }, 1)
  }

  /** To a measured one, and now and then to another: over time each gets as many. */
  #send(flow: Flow): void {
    this.#write(flow)
    const turn = this.#sent++ % this.#measured.length
    const { length } = this.#others
    const before = Math.floor((turn * length) / this.#measured.length)
    for (let index = before; index < Math.floor(((turn + 1) * length) / this.#measured.length); index++)
      this.#write(this.#others[index]!)
  }

  #write(flow: Flow): void {
    flow.sentAt[flow.sent++ % flow.sentAt.length] = performance.now()
    this.#due[flow.writer] = this.#due[flow.writer]! + flow.text
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    for (const [index, text] of this.#due.entries()) if (text !== '') this.#clients[index]!.send(text)
    this.#due.fill('')
  }

  #arrived(flow: Flow): void {
    const at = flow.sentAt[flow.received++ % flow.sentAt.length]!
    if (!flow.measured) return
    this.latencies.push(performance.now() - at)
    this.operations++
    if (this.#running && this.rate === undefined) this.#send(flow)
  }
}

/** Messages to one domain, by one writer: they arrive in order. */
class Flow {
  readonly writer: number
  readonly text: string
  readonly sentAt = new Float64Array(256)
  readonly measured: boolean
  sent = 0
  received = 0

  constructor(domain: string, writer: number, measured: boolean) {
    this.measured = measured
    this.writer = writer
    this.text = `<message to='somebody@${domain}' type='chat' id='m1'><body>${BODY}</body></message>`
  }
}
