/** A session with a client that runs as a child process and speaks the JSON lines of drivers/protocol.ts. */

import { createInterface } from 'node:readline'
import type { Command, DriverEvent, DriverLogin, GajimCommand } from '../drivers/protocol.ts'
import { temporaryHome, type Home } from '../home.ts'
import { Peer } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { Login, Session, Show } from './interop-client.ts'

/** What a driver tells under this name. */
export type EventOf<K extends DriverEvent['event']> = Extract<DriverEvent, { event: K }>
type Order = Command | GajimCommand extends infer C ? (C extends unknown ? Omit<C, 'id'> : never) : never

/** A session which also knows when the server has dealt with everything sent so far. */
export interface DriverSession extends Session {
  /** One round trip to the server: stanzas of a stream are handled in order (RFC 6120 §10.1). */
  settle(): Promise<void>
  /** Knows also `available`: no show. */
  waitForPresence(contact: string, show: Show | 'available' | 'unavailable', status?: string): Promise<void>
  /** Everything told so far. */
  readonly events: readonly DriverEvent[]
  /** Gives an order that not every driver knows. */
  order(order: Order): Promise<void>
  /** The first event, past or to come, of which `match` gives something. */
  event<T>(what: string, match: (event: DriverEvent) => T | false): Promise<T>
}

/** How to start a driver; `caVariable` names the environment variable that makes the runtime trust `caFile`, `env` is added. */
export interface DriverProgram {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly caVariable?: string
  readonly env?: NodeJS.ProcessEnv
  /** Goes when the client goes. */
  readonly beside?: AsyncDisposable
}

/** Starts the driver and waits until it is logged in. */
export async function loginWithDriver(program: DriverProgram, login: Login, door: Required<Login>['door']) {
  const { server, jid, password, resource, caFile = server.caFile, mechanism = null } = login
  const home = temporaryHome(program.name)
  const ca = program.caVariable ? { [program.caVariable]: caFile } : {}
  const peer = new Peer(program.command, program.args, { env: { ...home.env, ...program.env, ...ca }, cwd: home.path })
  const session = new Driver(program, peer, home)
  const port = door === 'direct tls' ? server.c2sTlsPort : server.c2sPort
  const first: DriverLogin = {
    jid,
    password,
    resource,
    door,
    host: server.host,
    port,
    wsUrl: server.wsUrl,
    caFile,
    mechanism,
  }
  peer.child.stdin.write(`${JSON.stringify(first)}\n`)
  try {
    await session.ready()
    return session
  } catch (cause) {
    // Only once it has ended is everything here that the library printed about its failure.
    await session[Symbol.asyncDispose]()
    throw new Error(`${program.name}: ${String(cause)}\n${peer.output}`, { cause })
  }
}

class Driver implements DriverSession {
  readonly #name: string
  readonly #peer: Peer
  readonly #home: Home
  readonly #beside: AsyncDisposable | undefined
  readonly events: DriverEvent[] = []
  #lastId = 0
  #ready: EventOf<'ready'> | undefined

  constructor({ name, beside }: DriverProgram, peer: Peer, home: Home) {
    this.#name = name
    this.#beside = beside
    this.#peer = peer
    this.#home = home
    createInterface({ input: peer.child.stdout }).on('line', line => {
      // Libraries print too; events are the lines that are JSON objects, written by our own drivers.
      if (line.startsWith('{"event"')) this.events.push(JSON.parse(line) as DriverEvent)
    })
  }

  get jid(): string {
    return this.#ready?.jid ?? ''
  }

  get tls(): string {
    return this.#ready?.tls ?? 'unknown'
  }

  async ready(): Promise<void> {
    this.#ready = await this.event('login', event => {
      if (event.event === 'failed' || event.event === 'closed') throw new Error(`${this.#name}: ${event.reason}`)
      return event.event === 'ready' && event
    })
  }

  async subscribe(contact: string): Promise<void> {
    await this.order({ do: 'subscribe', jid: contact })
  }

  async approve(contact: string): Promise<void> {
    await this.event(`a request of ${contact}`, event => event.event === 'request' && bare(event.jid) === contact)
    await this.order({ do: 'approve', jid: contact })
  }

  async waitForSubscription(contact: string, subscription: string): Promise<void> {
    await this.event(
      `roster item ${contact} ${subscription}`,
      event => event.event === 'roster' && event.jid === contact && event.subscription === subscription,
    )
  }

  async setPresence(show: Show, status: string): Promise<void> {
    await this.order({ do: 'presence', show, status })
  }

  async waitForPresence(contact: string, show: string, status?: string): Promise<void> {
    await this.event(
      `presence of ${contact}: ${show} ${status ?? ''}`,
      event =>
        event.event === 'presence' &&
        bare(event.jid) === contact &&
        event.show === show &&
        (status === undefined || event.status === status),
    )
  }

  async say(to: string, body: string): Promise<void> {
    await this.order({ do: 'say', jid: to, body })
  }

  async waitForMessage(from: string, body: string): Promise<{ readonly delayed: boolean }> {
    const { delayed } = await this.event(
      `message of ${from}: ${body}`,
      event => event.event === 'message' && bare(event.jid) === from && event.body === body && event,
    )
    return { delayed }
  }

  async settle(): Promise<void> {
    await this.order({ do: 'settle' })
  }

  async logout(): Promise<void> {
    await this.order({ do: 'logout' })
    await this.event('closed stream', event => event.event === 'closed')
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.stop({ graceMs: 2_000 })
    await this.#beside?.[Symbol.asyncDispose]()
    this.#home[Symbol.dispose]()
  }

  async order(order: Order): Promise<void> {
    const id = ++this.#lastId
    this.#peer.child.stdin.write(`${JSON.stringify({ id, ...order })}\n`)
    await this.event(`${order.do} done`, event => {
      if (event.event === 'refused' && event.id === id) throw new Error(`${this.#name}: ${order.do}: ${event.reason}`)
      return event.event === 'done' && event.id === id
    })
  }

  /** Events are kept: one that came before we asked counts as well. */
  event<T>(what: string, match: (event: DriverEvent) => T | false): Promise<T> {
    return waitFor(
      `${this.#name}: ${what}`,
      () => {
        for (const event of this.events) {
          const found = match(event)
          if (found !== false) return found
        }
        if (this.#peer.ended) throw new Error(`${this.#name} ended while waiting for ${what}\n${this.#peer.output}`)
        return undefined
      },
      { everyMs: 10, evidence: () => this.#peer.output },
    )
  }
}

function bare(jid: string): string {
  const slash = jid.indexOf('/')
  return slash < 0 ? jid : jid.slice(0, slash)
}
