/** A negotiated stream with another server: which pairs it carries in which direction, and how long it lives (XEP-0198 1.6.3, XEP-0288 1.0.1). */

import { isStanza, StanzaError, StreamError } from '@tercet/stanza'
import {
  failed,
  NS_SM,
  readH,
  StreamEnded,
  type Flushable,
  type Stream,
  type StreamHandler,
  type Timed,
} from '@tercet/stream'
import type { Fragment, StreamEvent } from '@tercet/xml'
import { Arrived } from './arrived.ts'
import { NS_DIALBACK, pairKey } from './dialback.ts'
import { DialbackTalk } from './dialback-talk.ts'
import type { Entry } from './entry.ts'
import type { Gateway } from './gateway.ts'
import { Inbound } from './inbound.ts'
import type { Lane } from './lane.ts'
import type { Origin, Verdict } from './ports.ts'
import { enabledText, type Resumption } from './resumption.ts'
import { Unconfirmed } from './unconfirmed.ts'

/** Writes of a stream are so far apart: each of them wakes up the server there, which then handles what came together. */
const WRITE_GAPS = { hurriedMs: 5, patientMs: 10 }

/** Longer than a stream waits for the peer's closing tag. */
const CLOSING_MS = 10_000

/** What is known of a stream when it is handed over. */
export interface LinkFacts {
  /** Who opened it. */
  readonly direction: 'outgoing' | 'incoming'
  /** Stanzas may go both ways (XEP-0288). */
  readonly bidi: boolean
  /** Bytes of one stanza that the peer takes (XEP-0478); undefined: it did not say. */
  readonly maxBytes: number | undefined
  /** The peer knows errors of dialback, so that further pairs may be tried on the stream. */
  readonly dialbackErrors: boolean
  /** What the peer's certificate was worth for the domain that it is said to be. */
  readonly verdict: Verdict | undefined
  /** Language of stanzas that name none. */
  readonly lang: string
  /** Who proved what how; for people. */
  readonly proof: string
}

/** A stream of another server. */
export class Link implements StreamHandler, Flushable, Timed, Origin {
  readonly gateway: Gateway
  readonly stream: Stream
  readonly facts: LinkFacts
  /** Pairs whose stanzas are taken: the peer has proven the first domain of each. */
  readonly accepted = new Set<string>()
  /** Pairs that we send on this stream. */
  readonly lanes = new Map<string, Lane>()
  readonly dialback: DialbackTalk
  readonly promised = true
  readonly gone = false
  readonly session = undefined
  readonly unconfirmed: Unconfirmed
  readonly arrived: Arrived
  /** Set: on another connection it can be taken up again, by who opened it. */
  resumption: Resumption | undefined
  readonly #inbound: Inbound
  wheelSlot: number | undefined
  #queued = false
  #leaving = false
  #ending = false
  #over = false
  readonly #madeMs: number
  /** When a stanza last went either way. */
  #usedMs: number

  constructor(gateway: Gateway, stream: Stream, facts: LinkFacts) {
    this.gateway = gateway
    this.stream = stream
    this.facts = facts
    this.dialback = new DialbackTalk(this)
    this.unconfirmed = new Unconfirmed(this)
    this.arrived = new Arrived(this)
    this.resumption = undefined
    this.#inbound = new Inbound(this)
    this.#madeMs = this.#usedMs = gateway.wheel.now
    this.wheelSlot = undefined
    stream.pace(WRITE_GAPS)
    gateway.links.add(this)
    gateway.wheel.add(this, gateway.wheel.now + Math.min(gateway.limits.negotiationMs, gateway.limits.answerMs))
  }

  get streamId(): string {
    return this.stream.id
  }

  /** How the peer confirms; for people. */
  get confirmation(): 'stream management' | 'ping' {
    return this.unconfirmed.managed ? 'stream management' : 'ping'
  }

  /** Whether another stanza may leave. */
  get room(): boolean {
    return !this.#leaving && this.stream.open && !this.unconfirmed.full
  }

  /** Stanzas of this pair may go out here as well. */
  get carries(): boolean {
    return this.facts.direction === 'outgoing' || this.facts.bidi
  }

  // Out

  /** Sends a stanza and remembers it until the peer confirms it. */
  send(entry: Entry): void {
    const { maxBytes } = this.facts
    if (maxBytes !== undefined && entry.text.length * 3 > maxBytes && isLonger(entry.text, maxBytes)) {
      // XEP-0478 §4: not our policy, so no 'by'.
      const text = `${entry.destination} takes no more than ${maxBytes} bytes`
      this.lanes
        .get(pairKey(entry.from, entry.destination))
        ?.destination.refuse(entry, new StanzaError('policy-violation', { text }))
      return
    }
    entry.sent = true
    this.#usedMs = this.gateway.wheel.now
    // Before the stanza, so that the request for its confirmation leaves in the same write.
    if (!this.unconfirmed.asked) this.queue()
    this.unconfirmed.push(entry)
    // The sooner it is confirmed, the less is written to disk.
    if (entry.spooled) this.stream.hurry()
    this.stream.send(entry.text)
  }

  /** The peer has confirmed these. */
  confirmed(entries: readonly Entry[]): void {
    // Most streams carry one pair.
    if (this.lanes.size === 1) for (const { destination } of this.lanes.values()) destination.confirmed(entries)
    else for (const lane of this.lanes.values()) lane.destination.confirmed(entries.filter(entry => lane.has(entry)))
    this.pump()
    this.gateway.settled()
  }

  /** There is room again. */
  pump(): void {
    for (const lane of this.lanes.values()) lane.pump()
  }

  /** Confirmations are told and asked for with the next flush. */
  queue(): void {
    if (this.#queued) return
    this.#queued = true
    this.gateway.flushList.add(this)
  }

  flush(): void {
    this.#queued = false
    this.arrived.acknowledgeIfOwed()
    this.unconfirmed.askIfWanted()
  }

  // In

  event(event: StreamEvent): void | Promise<void> {
    if (event.kind === 'element') return this.#element(event.element)
    if (event.kind === 'close') return this.#left()
    throw new StreamError('not-well-formed', { text: 'A stream header is not expected here' })
  }

  /** The peer closes in order, and hears how far we got. */
  #left(): void {
    this.#leaving = true
    this.arrived.acknowledge()
    this.unconfirmed.left()
  }

  #element(element: Fragment): void | Promise<void> {
    if (isStanza(element)) {
      this.#usedMs = this.gateway.wheel.now
      return this.#inbound.stanza(element)
    }
    if (element.ns === NS_DIALBACK) return this.dialback.element(element)
    if (element.ns === NS_SM) return this.#management(element)
    throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }

  // Stream management

  #management(element: Fragment): void | Promise<void> {
    switch (element.name) {
      case 'r':
        return this.arrived.requested()
      case 'a': {
        const h = readH(element)
        if (h === undefined) throw new StreamError('bad-format', { text: 'h is not a number' })
        if (this.unconfirmed.managed) this.unconfirmed.confirm(h)
        return
      }
      case 'enable':
        return this.#enable(element)
      case 'resume':
        return this.gateway.resumptions.takeUp(this, element)
      default:
        throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
    }
  }

  #enable(element: Fragment): void {
    if (this.arrived.acknowledges)
      throw new StreamError('policy-violation', { text: 'Stream management is enabled already' })
    if (this.accepted.size === 0) return this.stream.send(failed('unexpected-request'))
    this.arrived.start()
    // With one direction there is nothing of ours to be confirmed; with both, what was sent before is not counted.
    if (this.facts.bidi) this.unconfirmed.startManaged()
    this.resumption = this.gateway.resumptions.offer(this, element)
    this.stream.send(enabledText(this.resumption))
    this.gateway.offerAll(this)
  }

  /** Both directions count from here. */
  startManaged(resumption: Resumption | undefined): void {
    this.arrived.start()
    this.unconfirmed.startManaged()
    this.resumption = resumption
  }

  /** It goes on where another connection was lost: so much has arrived, and so much the peer has handled. */
  goOn(resumption: Resumption, received: number, h: number): void {
    this.resumption = resumption
    this.arrived.goOn(received)
    if (this.carries) this.unconfirmed.goOn(h)
    if (this.facts.direction === 'incoming') this.gateway.offerAll(this)
  }

  // The end

  /** The connection is dead, whatever it looks like. */
  drop(): void {
    this.stream.destroy()
    this.closed(undefined)
  }

  /** It was made for a pair that has another stream meanwhile. */
  leaveUnused(): void {
    if (this.lanes.size === 0 && this.accepted.size === 0) this.stream.close()
  }

  closed(error: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    const { gateway, stream } = this
    gateway.logger.debug(
      {
        stream: stream.id,
        pairs: [...this.lanes.keys(), ...this.accepted],
        reason: error?.message,
        confirmation: this.confirmation,
        confirmed: this.unconfirmed.confirmed,
        unconfirmed: this.unconfirmed.size,
      },
      'A stream of another server is over',
    )
    gateway.links.delete(this)
    gateway.settled()
    gateway.wheel.remove(this)
    this.dialback.over(error)
    const lost = gateway.resumptions.over(this, error, this.#usedMs)
    const lived = { livedMs: gateway.wheel.now - this.#madeMs, orderly: error === undefined && !lost, lost }
    const entries = this.unconfirmed.end()
    for (const lane of this.lanes.values())
      lane.destination.detach(
        lane,
        entries.filter(entry => lane.has(entry)),
        lived,
      )
  }

  failed(error: unknown): void {
    this.gateway.logger.error({ err: error, stream: this.streamId }, 'A stream of another server failed')
  }

  /** Looks after the stream: nothing proven in time, no confirmation, no use. */
  due(nowMs: number): number {
    const { negotiationMs, answerMs, idleMs } = this.gateway.limits
    const { stream, unconfirmed } = this
    if (!stream.open) {
      // It may have ended while it was handed over, so that nobody told.
      if (this.#ending) this.closed(undefined)
      else this.#ending = true
      return this.#over ? 0 : nowMs + CLOSING_MS
    }
    if (this.accepted.size === 0 && this.lanes.size === 0) {
      if (nowMs - this.#madeMs < negotiationMs) return this.#madeMs + negotiationMs
      // One that only verified keys has done its work.
      if (this.dialback.hasVerified) stream.close()
      else stream.fail(new StreamError('connection-timeout', { text: 'Nothing was proven in time' }))
      return 0
    }
    if (unconfirmed.answerMs !== undefined && nowMs >= unconfirmed.answerMs && !unconfirmed.believed()) {
      // A connection that carries nothing any more: an error would end what can be taken up on another one.
      if (this.resumption) stream.destroy(new StreamEnded('Nothing was confirmed in time'))
      else stream.fail(new StreamError('connection-timeout', { text: 'Nothing was confirmed in time' }))
      return 0
    }
    const used = Math.max(this.#usedMs, this.#madeMs)
    if (nowMs - used >= idleMs && unconfirmed.owed === 0 && this.arrived.open === 0) {
      stream.close()
      return 0
    }
    return unconfirmed.answerMs ?? Math.min(nowMs + answerMs, used + idleMs)
  }
}

const encoder = new TextEncoder()

function isLonger(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || encoder.encode(text).length > maxBytes
}
