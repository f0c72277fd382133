/** A server for the tests of clients: negotiates for real, then does what the test says, over links that can be cut anywhere. */

import { BareJid, type FullJid } from '@tercet/jid'
import { deriveScramKeys, type Credentials, type ScramKeys } from '@tercet/sasl'
import {
  bind,
  failed,
  FlushList,
  memoryPair,
  NS_SM,
  readH,
  receive,
  sasl,
  SentQueue,
  sm,
  starttls,
  Stream,
  TimerWheel,
  tlsRequired,
  type Bound,
  type NotResumed,
  type ReceiverFeature,
  type Resumed,
  type TlsContext,
  type Transport,
} from '@tercet/stream'
import { isStanza } from '@tercet/stanza'
import { escapeAttr, type Fragment, type StreamEvent } from '@tercet/xml'
import type { Client, ClientOptions } from './client.ts'
import { createClient } from './create-client.ts'
import { CuttingTransport, type Cut } from './cutting-transport.fixture.ts'
import type { Apis, NoPlugins, Plugins } from './plugin.ts'

/** The password of every account. */
export const PASSWORD = 'Where art thou?'

let derived: Promise<ScramKeys> | undefined

/** What a {@link Peer} does. */
export interface PeerOptions {
  readonly domain?: string
  /** Whether it has stream management, default true. */
  readonly manages?: boolean
  /** What it knows of a session whose link is lost: all of it (default), how much of it was handled, or nothing. */
  remembers?: 'session' | 'count' | 'nothing'
  readonly framing?: 'tcp' | 'websocket'
  /** For STARTTLS, which is then required. */
  readonly tls?: TlsContext
  /** Local part that an authenticated `juliet` gets. */
  readonly local?: string
  /** More stream features, as wire text. */
  readonly features?: string
}

/** One domain with one account whose sessions the test plays. */
export class Peer implements AsyncDisposable {
  readonly options: PeerOptions
  readonly domain: string
  readonly sessions: PeerSession[] = []
  /** Links that were opened. */
  readonly links: CuttingTransport[] = []
  /** How the next links are cut. */
  plan: Cut[] = []
  /** Refuses to connect while set. */
  down: Error | undefined
  /** All stanzas that were handled, over all sessions, in order. */
  readonly handled: Fragment[] = []
  /** Names and namespaces of what were no stanzas, nor of stream management. */
  readonly nonzas: string[] = []
  readonly bugs: unknown[] = []
  readonly #wheel = new TimerWheel()
  readonly #keys: ScramKeys
  readonly #clients: Client[] = []
  #woken: (() => void)[] = []

  private constructor(keys: ScramKeys, options: PeerOptions) {
    this.#keys = keys
    this.options = options
    this.domain = options.domain ?? 'a.test'
  }

  static async start(options: PeerOptions = {}): Promise<Peer> {
    derived ??= deriveScramKeys(PASSWORD, 'SHA-256', new Uint8Array(16), 4096)
    return new Peer(await derived, options)
  }

  /** A client of this peer as `juliet`. */
  async client<P extends Plugins = NoPlugins>(options: Partial<ClientOptions<P>> = {}): Promise<Client & Apis<P>> {
    const client = await createClient<P>({
      jid: `juliet@${this.domain}/balcony`,
      password: PASSWORD,
      connect: () => this.connect(),
      allowPlaintext: true,
      reconnect: () => 0,
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  connect(): Promise<{ transport: Transport }> {
    if (this.down) return Promise.reject(this.down)
    const [near, far] = memoryPair({ framing: this.options.framing ?? 'tcp' })
    this.accept(far)
    return Promise.resolve({ transport: near })
  }

  /** Serves a connection. */
  accept(transport: Transport): void {
    const link = new CuttingTransport(transport, this.plan.shift())
    this.links.push(link)
    const stream = new Stream(
      link,
      { event: () => undefined, closed: () => undefined, failed: error => this.bugs.push(error) },
      {
        flushList: new FlushList(),
        wheel: this.#wheel,
        maxUnwritten: 1e8,
        closeMs: 1000,
        gone: () => undefined,
      },
    )
    const host = new PeerHost(this, this.#keys)
    void receive(stream, {
      host: to => (to === this.domain ? host : undefined),
      features: this.#features(),
      newId: () => `s${this.links.length}`,
      lang: 'en',
      failed: error => this.bugs.push(error),
    })
  }

  get session(): PeerSession {
    return this.sessions.at(-1)!
  }

  /** Cuts the link that is in use. */
  cut(): void {
    this.links.at(-1)!.cut()
  }

  /** Resolves when a condition holds that stanzas or sessions bring about. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>(resolve => this.#woken.push(resolve))
  }

  wake(): void {
    for (const wake of this.#woken.splice(0)) wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close()))
    this.#wheel[Symbol.dispose]()
  }

  #features(): ReceiverFeature<PeerHost>[] {
    const more: ReceiverFeature<PeerHost> = {
      name: 'more',
      advertise: ({ account }) => (account ? this.options.features : undefined),
      accepts: () => false,
      negotiate: () => 'continue',
    }
    return this.options.manages === false
      ? [starttls, tlsRequired, sasl, bind, more]
      : [starttls, tlsRequired, sasl, sm, bind, more]
  }
}

class PeerHost {
  readonly domain: string
  readonly tls: TlsContext | undefined
  readonly requireTls: boolean
  readonly mechanisms = { hashes: ['SHA-256'] as const }
  readonly maxFailures = 3
  readonly #peer: Peer
  readonly #keys: ScramKeys

  constructor(peer: Peer, keys: ScramKeys) {
    this.#peer = peer
    this.#keys = keys
    this.domain = peer.domain
    this.tls = peer.options.tls
    this.requireTls = this.tls !== undefined
  }

  credentials(): Credentials {
    return {
      scramKeys: username => (username === 'juliet' ? this.#keys : undefined),
      verifyPassword: () => false,
      fakeSaltSecret: new Uint8Array(16),
      iterations: 4096,
    }
  }

  identity(username: string): BareJid {
    return BareJid.of(this.#peer.options.local ?? username, this.domain)
  }

  admit(): boolean {
    return true
  }

  refused(): void {}

  bind({ stream }: { stream: Stream }, account: BareJid, wanted: FullJid | undefined): Bound {
    const jid = wanted ?? account.withResource(`r${this.#peer.sessions.length}`)
    const handler = new PeerSession(this.#peer, jid, stream)
    this.#peer.sessions.push(handler)
    this.#peer.wake()
    return { jid, handler }
  }

  resume({ stream }: { stream: Stream }, _account: BareJid, previd: string, h: number): Resumed | NotResumed {
    const { remembers = 'session' } = this.#peer.options
    const session = this.#peer.sessions.find(({ id }) => id === previd)
    if (!session || remembers === 'nothing') return { h: undefined }
    if (remembers === 'count') return { h: session.h }
    session.resume(stream, h)
    this.#peer.wake()
    return { handler: session }
  }
}

/** A session of the peer: handles every stanza at once, and counts. */
export class PeerSession {
  readonly jid: FullJid
  id = ''
  h = 0
  stream: Stream | undefined
  sent: SentQueue<never> | undefined
  /** Elements that the test answers; return true to keep the default away. */
  answers: ((element: Fragment) => boolean) | undefined
  /** Whether requests for acknowledgements are answered. */
  acknowledges = true
  /** Requests for acknowledgements. */
  asked = 0
  readonly #peer: Peer

  constructor(peer: Peer, jid: FullJid, stream: Stream) {
    this.#peer = peer
    this.jid = jid
    this.stream = stream
  }

  /** Sends a stanza, as wire text. */
  send(text: string): void {
    this.sent?.push(text, undefined)
    this.stream?.send(text)
  }

  /** Sends what is no stanza. */
  sendRaw(text: string): void {
    this.stream?.send(text)
  }

  resume(stream: Stream, h: number): void {
    this.stream?.destroy()
    this.stream = stream
    this.sent!.confirm(h, () => undefined)
    stream.send(`<resumed xmlns='${NS_SM}' previd='${this.id}' h='${this.h}'/>`)
    for (const { text } of this.sent!.unconfirmed()) stream.send(text)
  }

  event(event: StreamEvent): void {
    if (event.kind !== 'element') return
    const { element } = event
    if (element.ns === NS_SM) this.#nonza(element)
    else if (!isStanza(element)) this.#peer.nonzas.push(`${element.name} ${element.ns}`)
    else {
      this.h++
      this.#peer.handled.push(element)
      if (this.answers?.(element) !== true) this.#answer(element)
    }
    this.#peer.wake()
  }

  closed(): void {
    this.stream = undefined
    this.#peer.wake()
  }

  failed(error: unknown): void {
    this.#peer.bugs.push(error)
  }

  #nonza(element: Fragment): void {
    if (element.name === 'enable') {
      this.id = `sm${this.#peer.sessions.length}`
      this.h = 0
      this.sent = new SentQueue()
      this.sendRaw(`<enabled xmlns='${NS_SM}' id='${this.id}' resume='true' max='300'/>`)
    } else if (element.name === 'r') {
      this.asked++
      if (this.acknowledges) this.sendRaw(`<a xmlns='${NS_SM}' h='${this.h}'/>`)
    } else if (element.name === 'a') this.sent?.confirm(readH(element) ?? -1, () => undefined)
    else this.sendRaw(failed('unexpected-request'))
  }

  /** Pings are answered, from whom they went to. */
  #answer(element: Fragment): void {
    if (element.name !== 'iq' || element.attr('type') !== 'get') return
    const to = element.attr('to')
    const from = to === undefined ? '' : ` from='${escapeAttr(to)}'`
    this.send(`<iq type='result' id='${escapeAttr(element.attr('id')!)}'${from}/>`)
  }
}
