/** The components of a server: whom it knows by a secret, and what it exchanges with those that are connected (XEP-0114 1.6). */

import { silent, type Logger } from '@tercet/plugin'
import { StreamError, type Stanza } from '@tercet/stanza'
import { createIdSource, type Storage } from '@tercet/storage'
import { FlushList, Stream, TimerWheel, type StreamSurroundings, type Transport } from '@tercet/stream'
import type { ReaderOptions } from '@tercet/xml'
import { Component } from './component.ts'
import { Entry } from './entry.ts'
import { NS_ACCEPT } from './handshake.ts'
import { defaultComponentLimits, type ComponentLimits } from './limits.ts'
import { negotiate } from './negotiation.ts'
import type { Receiver, Work } from './ports.ts'

/** What components are given. */
export interface ComponentsOptions {
  /** Secrets by prepared domain. */
  readonly secrets: ReadonlyMap<string, string>
  /** A domain of the server, which asks components whether they are there. */
  readonly domain: string
  readonly receiver: Receiver
  /** Keeps what was taken for a component until it has confirmed it; without one it is kept nowhere. */
  readonly storage?: Storage
  readonly limits?: Partial<ComponentLimits>
  /** How stanzas are read, default `scan`. */
  readonly framing?: 'scan' | 'sax'
  readonly flushList?: FlushList
  /** Unique and growing ids for what is kept, default those of a source of its own. */
  readonly newId?: () => string
  readonly logger?: Logger
}

/** How a component is. */
export interface ComponentStatus {
  readonly domain: string
  readonly connected: boolean
  /** Stanzas that it has not confirmed. */
  readonly unconfirmed: number
}

/** Makes them. `start` loads what an earlier process left. */
export function createComponents(options: ComponentsOptions): Components {
  return new Components(options)
}

/** Connections of components are brought to `accept`, stanzas for them to `send`. */
export class Components implements AsyncDisposable {
  readonly domain: string
  readonly receiver: Receiver
  readonly storage: Storage | undefined
  readonly limits: ComponentLimits
  readonly flushList: FlushList
  readonly wheel: TimerWheel
  readonly logger: Logger
  readonly newId: () => string
  readonly #components = new Map<string, Component>()
  readonly #around: StreamSurroundings
  readonly #reader: ReaderOptions
  readonly #streams = new Set<Stream>()
  #unproven = 0
  #paused = false
  #over = false
  #empty: (() => void) | undefined
  #settled: (() => void) | undefined

  /** See {@link createComponents}. */
  constructor(options: ComponentsOptions) {
    this.domain = options.domain
    this.receiver = options.receiver
    this.storage = options.storage
    this.limits = { ...defaultComponentLimits, ...options.limits }
    this.flushList = options.flushList ?? new FlushList()
    this.logger = options.logger ?? silent
    this.newId = options.newId ?? createIdSource()
    this.wheel = new TimerWheel({ onError: error => this.logger.error({ err: error }, 'A timer failed') })
    for (const [domain, secret] of options.secrets) this.#components.set(domain, new Component(this, domain, secret))
    this.#around = {
      flushList: this.flushList,
      wheel: this.wheel,
      maxUnwritten: this.limits.unwrittenCharacters,
      gone: stream => this.#gone(stream),
    }
    this.#reader = {
      framing: options.framing ?? 'scan',
      limits: { maxBytes: this.limits.stanzaBytes, maxDepth: this.limits.depth },
    }
  }

  /** What an earlier process took waits for its component. */
  async start(): Promise<void> {
    const { storage } = this
    if (!storage) return
    for (const component of this.#components.values()) {
      const rows = await storage.spool.load(component.domain)
      component.restore(rows.map(row => new Entry(component.domain, row, undefined)))
    }
  }

  /** Whether a domain is one of a component, connected or not. */
  has(domain: string): boolean {
    return this.#components.has(domain)
  }

  /** The component of a prepared domain. */
  get(domain: string): Component | undefined {
    return this.#components.get(domain)
  }

  /**
   * Takes a stanza for the domain of a component; both addresses are set. Messages and subscriptions of those who rely on it are written
   * to disk with `work`, and are there until the component has answered a ping that came after them.
   *
   * @throws {StanzaError} `service-unavailable`: it is not connected · `resource-constraint`: it has too much unconfirmed
   */
  send(stanza: Stanza, work?: Work): void {
    const component = stanza.to && this.get(stanza.to.domain)
    if (!component) throw new TypeError('There is no such component')
    component.send(stanza, work)
  }

  /** Serves the connection of a component, from its stream header on. */
  accept(transport: Transport): void {
    if (this.#over || this.#paused || this.#unproven >= this.limits.unproven) {
      transport.destroy()
      return
    }
    const stream = new Stream(transport, undefined, this.#around, { contentNs: NS_ACCEPT, reader: this.#reader })
    this.#streams.add(stream)
    this.#unproven++
    const deadline = {
      due: () => (stream.fail(new StreamError('connection-timeout', { text: 'The handshake took too long' })), 0),
    }
    this.wheel.add(deadline, this.wheel.now + this.limits.loginMs)
    void negotiate(this, stream).finally(() => {
      this.#unproven--
      this.wheel.remove(deadline)
    })
  }

  #gone(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size === 0) this.#empty?.()
  }

  /** All that are known. */
  list(): ComponentStatus[] {
    return Array.from(this.#components.values(), ({ domain, isConnected, unconfirmed }) => ({
      domain,
      connected: isConnected,
      unconfirmed,
    }))
  }

  // The end

  /** From now on no stanza of components is taken, as the server behind is about to stop; what is for them still leaves. */
  pause(): void {
    this.#paused = true
  }

  /** See {@link pause}. */
  get paused(): boolean {
    return this.#paused
  }

  get closed(): boolean {
    return this.#over
  }

  /** Ends all streams in order; what was not confirmed stays on disk. The storage stays open. */
  async close(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.flushList.flush()
    await this.#confirmed()
    for (const stream of this.#streams) stream.fail(new StreamError('system-shutdown'))
    if (this.#streams.size > 0) await new Promise<void>(resolve => (this.#empty = resolve))
    this.wheel[Symbol.dispose]()
  }

  /** Resolves when those that are connected have confirmed what they were sent, or when that takes too long. */
  #confirmed(): Promise<void> {
    const late = AbortSignal.timeout(this.limits.closeMs)
    return new Promise(resolve => {
      this.#settled = () => {
        for (const { isConnected, unconfirmed } of this.#components.values()) if (isConnected && unconfirmed > 0) return
        resolve()
      }
      late.addEventListener('abort', () => resolve(), { once: true })
      this.#settled()
    })
  }

  /** A component has confirmed something, or is gone. */
  settled(): void {
    this.#settled?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
