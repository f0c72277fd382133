/** Streams whose connection was lost, until the server that opened them takes them up again on another one (XEP-0198 1.6.3 §5). */

import { StreamError } from '@tercet/stanza'
import { failed, NS_SM, randomId, readH, type SentQueue, type Timed } from '@tercet/stream'
import { escapeAttr, type Fragment } from '@tercet/xml'
import type { Arrived } from './arrived.ts'
import type { Entry } from './entry.ts'
import type { Gateway } from './gateway.ts'
import type { Lane } from './lane.ts'
import type { Link } from './link.ts'

/** Lost streams of one other server that are remembered: each pair of domains may have had its own. */
const LOST_PER_REMOTE = 16
/** Who has opened a stream is back by then, if it is there at all: our own stanzas wait for it, as it alone can take the stream up. */
const HOLD_MS = 2_000

/** How a stream is named when it is taken up again, and how long that works. */
export interface Resumption {
  readonly id: string
  readonly ms: number
}

/** The answer to `<enable/>`. */
export function enabledText(resumption: Resumption | undefined): string {
  if (!resumption) return `<enabled xmlns='${NS_SM}'/>`
  return `<enabled xmlns='${NS_SM}' id='${resumption.id}' resume='true' max='${Math.floor(resumption.ms / 1000)}'/>`
}

/** What is left of a stream: how far both sides were. The stanzas themselves wait in their lanes again. */
export class Lost implements Timed {
  readonly resumption: Resumption
  readonly bidi: boolean
  /** The pairs that the peer had proven. */
  readonly accepted: ReadonlySet<string>
  readonly arrived: Arrived
  /** Until then the peer is waited for. */
  readonly heldMs: number
  readonly untilMs: number
  /** We have opened it, so that it is ours to take up. */
  readonly isOurs: boolean
  /** Worth a new connection even if we have nothing to send: the peer may have, and it cannot come to us with it. */
  readonly wanted: boolean
  readonly #gateway: Gateway
  readonly #lanes: readonly Lane[]
  /** What we had sent; undefined: another stream carries it now, or the peer did not count it. */
  #sent: SentQueue<Entry> | undefined
  #over = false
  wheelSlot: number | undefined

  /** @param recent stanzas went either way just now */
  constructor(link: Link, resumption: Resumption, recent: boolean) {
    const { gateway, facts, lanes } = link
    const { now } = gateway.wheel
    this.isOurs = facts.direction === 'outgoing'
    this.resumption = resumption
    this.bidi = facts.bidi
    this.accepted = link.accepted
    this.arrived = link.arrived
    this.heldMs = this.isOurs ? 0 : now + Math.min(HOLD_MS, resumption.ms)
    this.untilMs = now + resumption.ms
    this.wanted = this.isOurs && facts.bidi && recent
    this.#gateway = gateway
    this.#lanes = [...lanes.values()]
    this.#sent = facts.bidi && !link.unconfirmed.managed ? undefined : link.unconfirmed.sent
    this.wheelSlot = undefined
  }

  /** It can still be taken up. */
  get lives(): boolean {
    return !this.#over && this.#gateway.wheel.now < this.untilMs
  }

  /** One of the domains that the peer had proven. */
  get remote(): string {
    const [pair = ''] = this.accepted
    return pair.slice(0, pair.indexOf(' '))
  }

  /** Its stanzas leave on another stream: what the peer says about this one does not concern them any more. */
  passed(): void {
    this.#sent = undefined
  }

  /** The peer has handled stanzas up to `h`: these are not sent again. @throws {StreamError} more than was sent (§6) */
  confirm(h: number): void {
    const confirmed = new Set<Entry>()
    this.#over = true
    this.#sent?.confirm(h, entry => confirmed.add(entry))
    this.passed()
    if (confirmed.size === 0) return
    for (const lane of this.#lanes) lane.destination.confirmed(lane.take(entry => confirmed.has(entry)))
  }

  due(): number {
    this.#gateway.resumptions.drop(this)
    return 0
  }
}

/** Streams that other servers have opened and may take up again: those that live, and those that were lost. */
export class Resumptions {
  readonly #gateway: Gateway
  readonly #known = new Map<string, Link | Lost>()
  readonly #lost = new Set<Lost>()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Lets the peer take up its stream, if its `<enable/>` asks for that; undefined: not this one. */
  offer(link: Link, enable: Fragment): Resumption | undefined {
    const { resumeMs } = this.#gateway.limits
    if (resumeMs === 0 || !/^(?:true|1)$/.test(enable.attr('resume') ?? '')) return undefined
    const resumption = { id: randomId(), ms: resumeMs }
    this.#known.set(resumption.id, link)
    return resumption
  }

  /** A stream is over. @returns what is left of it, if it can be taken up. @param usedMs when a stanza last went either way */
  over(link: Link, error: Error | undefined, usedMs: number): Lost | undefined {
    const { resumption, stream, facts, lanes, accepted } = link
    if (!resumption) return undefined
    const { wheel, limits, closed, paused } = this.#gateway
    const isLost = stream.lost && !(error instanceof StreamError) && !closed && !paused
    const lost = isLost ? new Lost(link, resumption, wheel.now - usedMs < limits.answerMs) : undefined
    // Of ours each pair would have to be proven again before.
    if (facts.direction === 'outgoing') return lanes.size === 1 && accepted.size <= 1 ? lost : undefined
    this.#known.delete(resumption.id)
    if (lost) this.#makeRoom(lost.remote)
    if (lost) this.#keep(lost)
    return lost
  }

  #makeRoom(remote: string): void {
    const ofSame = [...this.#lost].filter(lost => lost.remote === remote)
    const isFull = this.#lost.size >= this.#gateway.limits.lostStreams
    const [first] = ofSame.length >= LOST_PER_REMOTE ? ofSame : isFull ? this.#lost : []
    if (first) this.drop(first)
  }

  #keep(lost: Lost): void {
    this.#known.set(lost.resumption.id, lost)
    this.#lost.add(lost)
    this.#gateway.wheel.add(lost, lost.untilMs)
  }

  /** It cannot be taken up any more. */
  drop(lost: Lost): void {
    this.#known.delete(lost.resumption.id)
    this.#lost.delete(lost)
    this.#gateway.wheel.remove(lost)
  }

  /** The peer wants to go on with a stream that it had. A promise: nothing that follows is read before it resolves. */
  takeUp(link: Link, element: Fragment): void | Promise<void> {
    const { stream, accepted, arrived, unconfirmed } = link
    const previd = element.attr('previd')
    const h = readH(element)
    if (previd === undefined || h === undefined) return stream.send(failed('bad-request'))
    if (accepted.size === 0 || arrived.acknowledges || unconfirmed.sent.sent > 0)
      return stream.send(failed('unexpected-request'))
    const lost = this.#find(previd, link)
    if (!lost) return stream.send(failed('item-not-found'))
    // What has arrived and is not safe yet would come again: there is one number for both.
    const settled = lost.arrived.settled()
    return settled ? settled.then(() => this.#goOn(link, lost, h)) : this.#goOn(link, lost, h)
  }

  #goOn(link: Link, lost: Lost, h: number): void {
    const { resumption } = lost
    const { stream } = link
    // It has taken its time, or another connection was quicker.
    if (!this.#lost.has(lost)) return stream.send(failed('item-not-found'))
    if (!stream.open) return
    this.drop(lost)
    lost.confirm(h)
    const { received } = lost.arrived
    stream.send(`<resumed xmlns='${NS_SM}' previd='${escapeAttr(resumption.id)}' h='${received}'/>`)
    this.#known.set(resumption.id, link)
    link.goOn(resumption, received, h)
  }

  /** The peer has proven all that it had proven there. */
  #find(previd: string, link: Link): Lost | undefined {
    const known = this.#known.get(previd)
    if (!known || known === link || bidiOf(known) !== link.facts.bidi) return undefined
    for (const pair of known.accepted) if (!link.accepted.has(pair)) return undefined
    // A connection that is dead without our knowledge.
    if (!(known instanceof Lost)) known.drop()
    const lost = this.#known.get(previd)
    return lost instanceof Lost && lost.lives ? lost : undefined
  }
}

function bidiOf(known: Link | Lost): boolean {
  return 'facts' in known ? known.facts.bidi : known.bidi
}
