/** The gateway to other servers: one queue for each remote domain, streams both ways, and what both ask of each other. */

import { silent, type Logger } from '@tercet/plugin'
import { StanzaError, StreamError, type Stanza } from '@tercet/stanza'
import { createIdSource, type Storage } from '@tercet/storage'
import {
  FlushList,
  randomId,
  Stream,
  TimerWheel,
  type StreamSurroundings,
  type TlsInfo,
  type Transport,
} from '@tercet/stream'
import type { ReaderOptions } from '@tercet/xml'
import { Destination } from './destination.ts'
import type { Entry } from './entry.ts'
import { DialbackKeys, NS_DIALBACK, pairKey } from './dialback.ts'
import type { GatewayOptions } from './gateway-options.ts'
import { receiveStream } from './incoming.ts'
import { defaultGatewayLimits, type GatewayLimits } from './limits.ts'
import type { Link } from './link.ts'
import { openLink } from './outgoing.ts'
import type { Step } from './outgoing-stream.ts'
import { Pings } from './pings.ts'
import { notAllowed, Policy } from './policy.ts'
import type { Dialer, Receiver, TlsPort, Verdict, Verifier, Work } from './ports.ts'
import { Rates } from './rates.ts'
import { Resumptions, type Lost } from './resumption.ts'
import { restore } from './restore.ts'
import { statusOf, type DomainStatus } from './status.ts'
import { tryToReach } from './trial.ts'
import { Verifications } from './verifications.ts'

/** Makes a gateway. `start` sends what an earlier process left. */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options)
}

/** A running gateway. Stanzas for other domains go to `send`, connections of other servers to `accept`. */
export class Gateway implements AsyncDisposable {
  readonly dialer: Dialer
  readonly verifier: Verifier
  readonly receiver: Receiver
  readonly tls: TlsPort | undefined
  readonly storage: Storage | undefined
  readonly policy: Policy
  readonly limits: GatewayLimits
  readonly bidi: boolean
  readonly keys: DialbackKeys
  readonly flushList: FlushList
  readonly wheel: TimerWheel
  readonly logger: Logger
  readonly newId: () => string
  readonly pings = new Pings()
  readonly rates: Rates
  readonly verifications = new Verifications(this)
  readonly resumptions = new Resumptions(this)
  /** Streams that were negotiated. */
  readonly links = new Set<Link>()
  readonly #destinations = new Map<string, Destination>()
  readonly #isLocal: (domain: string) => boolean
  readonly #around: StreamSurroundings
  readonly #reader: ReaderOptions
  /** Streams of others that have not proven anything. */
  readonly #unproven = new Set<Stream>()
  readonly #streams = new Set<Stream>()
  /** One of each is kept: see docs/architecture.md. */
  last: Entry | undefined
  #over = false
  #paused = false
  #empty: (() => void) | undefined
  #settled: (() => void) | undefined

  /** See {@link createGateway}. */
  constructor(options: GatewayOptions) {
    this.#isLocal = domain => options.isLocal(domain)
    this.dialer = options.dialer
    this.verifier = options.verifier
    this.receiver = options.receiver
    this.tls = options.tls
    this.storage = options.storage
    this.policy = new Policy(options.policy)
    this.limits = { ...defaultGatewayLimits, ...options.limits }
    this.bidi = options.bidi ?? true
    this.keys = new DialbackKeys(options.secret ?? randomId())
    this.flushList = options.flushList ?? new FlushList()
    this.logger = options.logger ?? silent
    this.newId = options.newId ?? createIdSource()
    this.wheel = new TimerWheel({ onError: error => this.logger.error({ err: error }, 'A timer failed') })
    this.rates = new Rates(this.policy, this.wheel)
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

  /** Sends again what an earlier process has taken and nobody has confirmed. */
  async start(): Promise<void> {
    if (this.storage) await restore(this, this.storage)
  }

  /** False for what never leaves. */
  isLocal(domain: string): boolean {
    return this.#isLocal(domain)
  }

  get closed(): boolean {
    return this.#over
  }

  // Out

  /**
   * Takes a stanza for another domain; both addresses are set. Messages and subscriptions are written to disk with `work`, unless the other
   * server confirms them first. All stanzas of a domain pair leave in the order in which they were taken (RFC 6120 §10.1).
   *
   * @throws {StanzaError} it is not taken: the domain is not to be talked to, is known to be unreachable, or has too much waiting
   */
  send(stanza: Stanza, work?: Work): void {
    const { to, from } = stanza
    if (!to || !from) throw new TypeError('A stanza for another server has both addresses')
    // RFC 6120 §10.5: not even if it is served by something that is down.
    if (this.isLocal(to.domain)) throw new StanzaError('service-unavailable')
    const known = this.#destinations.get(to.domain)
    if (!known) {
      if (this.#over) throw new StanzaError('remote-server-timeout', { text: 'The server stops' })
      if (!this.policy.allows(to.domain)) return refuseUnless(stanza.kind === 'presence', notAllowed(to.domain))
      if (this.#destinations.size >= this.limits.domains)
        throw new StanzaError('resource-constraint', { text: 'This server talks to too many others' })
    }
    ;(known ?? this.destination(to.domain)).send(stanza, from.domain, work)
  }

  /** The queue of a remote domain. */
  destination(domain: string): Destination {
    let destination = this.#destinations.get(domain)
    if (!destination) this.#destinations.set(domain, (destination = new Destination(this, domain)))
    return destination
  }

  /** A destination that has nothing and waits for nothing. */
  forget(destination: Destination): void {
    if (this.#destinations.get(destination.domain) === destination) this.#destinations.delete(destination.domain)
  }

  /** A stream for a pair: the lost one again, an open one on which the pair is proven as well, or a new one. */
  async connect(from: string, to: string, signal: AbortSignal, lost?: Lost): Promise<Link> {
    for (const link of lost ? [] : this.linksTo(to)) {
      if (!link.stream.open || !link.carries || !link.facts.dialbackErrors) continue
      if (link.lanes.size >= this.limits.pairsPerStream) continue
      // One that does not answer is left alone; the pair gets a stream of its own.
      const answer = await link.dialback.claim({ from, to }).catch(() => 'invalid' as const)
      if (answer === 'valid') {
        if (link.facts.bidi) link.accepted.add(pairKey(to, from))
        return link
      }
    }
    return openLink(this, { from, to, signal: this.within(signal), lost })
  }

  /** Streams that carry pairs to `domain`. */
  *linksTo(domain: string): Iterable<Link> {
    for (const { link } of this.#destinations.get(domain)?.lanes.values() ?? []) if (link) yield link
  }

  /** As long as a negotiation may take. */
  within(signal?: AbortSignal): AbortSignal {
    const late = AbortSignal.timeout(this.limits.negotiationMs)
    return signal ? AbortSignal.any([late, signal]) : late
  }

  // In

  /** Serves the connection of another server, from its stream header on. */
  accept(transport: Transport): void {
    if (this.#over || this.#paused || this.#unproven.size >= this.limits.unproven) {
      transport.destroy()
      return
    }
    const stream = this.stream(transport)
    this.#unproven.add(stream)
    const deadline = {
      due: () => (stream.fail(new StreamError('connection-timeout', { text: 'Nothing was proven in time' })), 0),
    }
    this.wheel.add(deadline, this.wheel.now + this.limits.negotiationMs)
    void receiveStream(this, stream).finally(() => this.wheel.remove(deadline))
  }

  /** A peer has proven that it is `remote`: its stanzas for our domain `local` are taken. */
  proven(link: Link, remote: string, local: string): void {
    const { stream, facts } = link
    this.#unproven.delete(stream)
    link.accepted.add(pairKey(remote, local))
    this.logger.info(
      {
        stream: stream.id,
        domain: remote,
        to: local,
        proof: facts.verdict?.valid ? facts.verdict.by : 'dialback',
        bidi: facts.bidi,
      },
      'Another server connected',
    )
  }

  /** A peer that was proven takes stanzas on its own stream, if both directions are open; else it is worth an attempt, as it is there. */
  offer(link: Link, remote: string, local: string): void {
    if (this.#over) return
    if (!link.carries) return this.#destinations.get(remote)?.awake()
    const destination = this.destination(remote)
    const lane = destination.lane(local)
    // Whoever has lost a stream says first whether it takes that up; we may be doing so.
    if (!lane.link && !lane.resuming && (!lane.held || link.arrived.acknowledges)) destination.attach(lane, link)
  }

  /** An open stream of the other server on which it takes stanzas of a pair; undefined: there is none. */
  carrier(local: string, remote: string): Link | undefined {
    const pair = pairKey(remote, local)
    for (const link of this.links) if (link.carries && link.stream.open && link.accepted.has(pair)) return link
    return undefined
  }

  /** {@link offer}s all pairs that a peer has proven on its stream. */
  offerAll(link: Link): void {
    for (const pair of link.accepted) {
      const [remote = '', local = ''] = pair.split(' ')
      this.offer(link, remote, local)
    }
  }

  /** What a certificate is worth for a domain. @param delegate see {@link Dialled} */
  async verdict(
    tls: TlsInfo,
    domain: string,
    signal: AbortSignal = this.within(),
    delegate?: string,
  ): Promise<Verdict> {
    return this.verifier.verify(tls, domain, { signal, delegate })
  }

  // Streams

  /** A stream between servers, not started. */
  stream(transport: Transport): Stream {
    const stream = new Stream(transport, undefined, this.#around, {
      contentNs: 'jabber:server',
      namespaces: DIALBACK_PREFIX,
      reader: this.#reader,
    })
    this.#streams.add(stream)
    return stream
  }

  #gone(stream: Stream): void {
    this.#streams.delete(stream)
    this.#unproven.delete(stream)
    if (this.#streams.size === 0) this.#empty?.()
  }

  // For operators

  /** Tries to reach `to` in the name of `from`, telling each step, without touching any queue. @throws what the attempt failed of */
  test(from: string, to: string, trace: (step: Step) => void): Promise<void> {
    return tryToReach(this, { from, to }, trace)
  }

  /** Remote domains that have a stream, a queue or a failure. */
  list(): DomainStatus[] {
    return statusOf(this.#destinations.values(), this.links)
  }

  /** Sums over all of them. */
  figures(): { readonly domains: number; readonly streams: number; readonly queued: number } {
    let queued = 0
    for (const { count } of this.#destinations.values()) queued += count
    return { domains: this.#destinations.size, streams: this.links.size, queued }
  }

  /** From now on no stanza of others is taken, as the server behind is about to stop; ours still leave. */
  pause(): void {
    this.#paused = true
  }

  /** See {@link pause}. */
  get paused(): boolean {
    return this.#paused
  }

  /** Ends all streams in order; what was not confirmed stays on disk. The storage stays open. */
  async close(): Promise<void> {
    if (this.#over) return
    this.#over = true
    for (const destination of this.#destinations.values()) destination.stop()
    for (const { unconfirmed } of this.links) unconfirmed.ask()
    this.flushList.flush()
    await this.#confirmed()
    for (const stream of this.#streams) stream.fail(new StreamError('system-shutdown'))
    if (this.#streams.size > 0) await new Promise<void>(resolve => (this.#empty = resolve))
    for (const destination of this.#destinations.values()) await destination.secured
    this.wheel[Symbol.dispose]()
  }

  /** Resolves when nothing that was sent is unconfirmed, or when that takes too long. */
  #confirmed(): Promise<void> {
    const late = AbortSignal.timeout(this.limits.closeMs)
    return new Promise(resolve => {
      this.#settled = () => {
        for (const { unconfirmed } of this.links) if (unconfirmed.owed > 0) return
        resolve()
      }
      late.addEventListener('abort', () => resolve(), { once: true })
      this.#settled()
    })
  }

  /** A stream has heard a confirmation, or is over. */
  settled(): void {
    this.#settled?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const DIALBACK_PREFIX: readonly string[] = ['db', NS_DIALBACK]

function refuseUnless(silently: boolean, error: StanzaError): void {
  if (!silently) throw error
}
