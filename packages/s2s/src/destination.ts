/** One remote domain: its queues, its pauses after failures, and what becomes of stanzas that cannot be delivered (RFC 6120 §10.4.3). */

import { isAnswerable, isKept, isSubscriptionType, StanzaError, writeStanza, type Stanza } from '@tercet/stanza'
import type { Timed } from '@tercet/stream'
import { Entry } from './entry.ts'
import { bounceError, failureOf, type Failure } from './failure.ts'
import type { Gateway } from './gateway.ts'
import { Lane } from './lane.ts'
import type { Link } from './link.ts'
import type { Work } from './ports.ts'
import type { Lost } from './resumption.ts'

/** A stream that lived shorter than this counts as a failed attempt. */
const STABLE_MS = 10_000
/** Presence and requests that a lost stream left unconfirmed are sent again within this time; after it they are of no use. */
const FRESH_MS = 60_000

/** How a stream ended. */
export interface StreamEnd {
  readonly livedMs: number
  readonly orderly: boolean
  /** It may be taken up again. */
  readonly lost: Lost | undefined
}

/** A remote domain that has a queue, a stream, or a failure to be remembered. */
export class Destination implements Timed {
  readonly gateway: Gateway
  readonly domain: string
  /** By our domain. */
  readonly lanes = new Map<string, Lane>()
  /** Stanzas that are waiting or unconfirmed, and their characters. */
  count = 0
  characters = 0
  /** Attempts that failed since the last one that did not. */
  failures = 0
  /** Before this time nothing is tried. */
  retryMs = 0
  failure: Failure | undefined
  /** It has answered a ping: what it does not answer has not arrived. */
  answers = false
  /** How often it did not answer one in time. */
  unanswered = 0
  wheelSlot: number | undefined
  /** A stream was lost soon after it was made, and the next one made without a pause. */
  #hurried = false

  constructor(gateway: Gateway, domain: string) {
    this.gateway = gateway
    this.domain = domain
    this.failure = undefined
    this.wheelSlot = undefined
  }

  /**
   * Takes a stanza for this domain.
   *
   * @throws {StanzaError} `resource-constraint`: too much waits already · what the last attempt failed of, as long as another is not due
   */
  send(stanza: Stanza, from: string, work: Work | undefined): void {
    const { gateway } = this
    const { limits, wheel } = gateway
    const { failure } = this
    if (failure?.final && this.retryMs > wheel.now) {
      if (isAnswerable(stanza)) throw bounceError(this.domain, failure)
      return
    }
    if (this.count >= limits.queueStanzas || this.characters > limits.queueCharacters) {
      if (isAnswerable(stanza))
        throw new StanzaError('resource-constraint', { text: `Too many stanzas wait for ${this.domain}` })
      return
    }
    const lane = this.lane(from)
    const text = writeStanza(stanza)
    const kept = isKept(stanza) && gateway.storage !== undefined
    const barrier = work && stanza.kind === 'presence' && isSubscriptionType(stanza.type) ? work : undefined
    const entry = new Entry(
      this.domain,
      from,
      wheel.now,
      text,
      kept ? { id: gateway.newId(), at: Date.now() } : undefined,
      barrier,
    )
    gateway.last = entry
    this.count++
    this.characters += text.length
    // A stanza that nobody was promised, on a stream that lives, needs no row (docs/architecture.md, "Acknowledged means durable").
    const stored = kept && (work === undefined || work.promised || barrier !== undefined || !lane.link)
    entry.spooled = stored
    if (stored && work) {
      gateway.storage.spool.put(work.unit, entry, lane.link !== undefined && barrier === undefined)
      work.whenDecided(() => this.#stored(entry, work))
    }
    lane.push(entry)
    if (stored && !work) this.secure([entry])
    if (!lane.link) this.want(lane)
  }

  /** Takes what an earlier process left. */
  restore(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.count++
      this.characters += entry.text.length
      this.lane(entry.from).push(entry)
    }
    for (const lane of this.lanes.values()) this.want(lane)
  }

  lane(from: string): Lane {
    let lane = this.lanes.get(from)
    if (!lane) this.lanes.set(from, (lane = new Lane(this, from)))
    return lane
  }

  // What the disk says

  #stored(entry: Entry, work: Work): void {
    if (work.state === 'durable' || entry.gone) return
    if (!entry.sent) {
      this.#bounce([entry], unstored())
      return
    }
    // The other server has it, or will soon: its word is as good as a disk.
    work.linger()
    entry.unsaved = work
  }

  /** Makes sure that stanzas which only memory knows survive. */
  secure(entries: readonly Entry[]): void {
    const { storage } = this.gateway
    const missing = entries.filter(entry => entry.owed && !entry.stored && !entry.gone)
    if (!storage || missing.length === 0) return
    const unit = storage.unit()
    for (const entry of missing) {
      entry.spooled = true
      storage.spool.put(unit, entry)
    }
    this.secured = unit.commit().then(
      () => missing.forEach(saved),
      (error: unknown) => {
        this.gateway.logger.error({ err: error, domain: this.domain }, 'Stanzas for another server could not be stored')
        this.#bounce(
          missing.filter(entry => !entry.gone && !entry.sent && entry.unsaved),
          unstored(),
        )
      },
    )
  }

  /** Resolves when what was secured last is on disk, or never will be. */
  secured: Promise<void> | undefined

  // What becomes of stanzas

  /** The other server has taken these. */
  confirmed(entries: readonly Entry[]): void {
    for (const entry of entries) this.#forget(entry)
    this.#settle(entries)
  }

  /** It is not to be sent any more. */
  drop(entry: Entry): void {
    this.#forget(entry)
    this.#settle([entry])
  }

  #forget(entry: Entry): void {
    if (entry.gone) return
    entry.gone = true
    this.count--
    this.characters -= entry.text.length
  }

  #settle(entries: readonly Entry[]): void {
    const owed = entries.filter(entry => entry.owed)
    if (owed.length > 0) this.gateway.storage?.spool.settle(owed)
    for (const entry of entries) {
      entry.settled = true
      saved(entry)
    }
  }

  /** Tells senders that their stanzas could not be delivered. They are settled when that was taken: told twice is better than never. */
  #bounce(entries: readonly Entry[], error: StanzaError): void {
    for (const entry of entries) {
      this.#forget(entry)
      entry.sent = false
      const stanza = entry.stanza()
      if (!isAnswerable(stanza)) this.#settle([entry])
      else this.gateway.receiver.refuse(stanza, error).whenOver(() => this.#settle([entry]))
    }
  }

  /** Refuses one that its stream cannot take. */
  refuse(entry: Entry, error: StanzaError): void {
    this.#bounce([entry], error)
  }

  /** Refuses all that waits. */
  bounceAll(error: StanzaError): void {
    for (const lane of this.lanes.values())
      this.#bounce(
        lane.take(() => true),
        error,
      )
  }

  // Streams

  /** A lane has stanzas and no stream. */
  want(lane: Lane): void {
    const { gateway } = this
    if (lane.link || lane.connecting || !lane.wants || gateway.closed) return
    if (Math.max(this.retryMs, lane.heldMs) <= gateway.wheel.now) void this.#connect(lane)
    this.#watch()
  }

  /** The other server has just connected to us: the pause after failures is over. */
  awake(): void {
    if (this.retryMs <= this.gateway.wheel.now) return
    this.failures = 0
    this.retryMs = 0
    for (const lane of this.lanes.values()) this.want(lane)
  }

  async #connect(lane: Lane): Promise<void> {
    const attempt = new AbortController()
    lane.connecting = attempt
    try {
      const lost = lane.lost?.isOurs && lane.lost.lives ? lane.lost : undefined
      const link = await this.gateway.connect(lane.from, this.domain, attempt.signal, lost)
      lane.connecting = undefined
      if (lane.link || attempt.signal.aborted) link.leaveUnused()
      else this.attach(lane, link)
    } catch (error) {
      lane.connecting = undefined
      if (!lane.link && !attempt.signal.aborted) this.#failed(lane, failureOf(error))
    }
  }

  /** A stream carries a pair from now on. An attempt under way is let go on: its stream may be what the other server has chosen. */
  attach(lane: Lane, link: Link): void {
    lane.lost?.passed()
    lane.lost = undefined
    lane.link = link
    link.lanes.set(lane.from + ' ' + this.domain, lane)
    this.failure = undefined
    lane.pump()
    this.#watch()
  }

  /** The stream of a pair is gone; `unconfirmed` is what it had of it, in order. */
  detach(lane: Lane, unconfirmed: readonly Entry[], { livedMs, orderly, lost }: StreamEnd): void {
    const { wheel } = this.gateway
    lane.link = undefined
    lane.lost = lost
    const again: Entry[] = []
    for (const entry of unconfirmed) {
      entry.sent = false
      if (entry.owed || (!orderly && wheel.now - entry.queuedMs < FRESH_MS)) again.push(entry)
      else this.drop(entry)
    }
    lane.unshift(again)
    this.secure([...lane.queued()])
    // What was lost is taken up at once, if that was not so the last time.
    const hurries = lost !== undefined && !this.#hurried
    this.#hurried = livedMs < STABLE_MS && hurries
    if (livedMs >= STABLE_MS) this.failures = 0
    else if (!orderly && !hurries) this.#pause()
    this.want(lane)
    this.#watch()
  }

  #failed(lane: Lane, failure: Failure): void {
    const { logger } = this.gateway
    const link = this.gateway.carrier(lane.from, this.domain)
    if (link) {
      this.attach(lane, link)
      return
    }
    this.failure = failure
    this.#pause()
    logger.info(
      { domain: this.domain, from: lane.from, reason: failure.reason, attempts: this.failures, waiting: this.count },
      'Another server cannot be reached',
    )
    const error = bounceError(this.domain, failure)
    // Who asked something does not wait as long as a message may.
    this.#bounce(
      lane.take(entry => failure.final || entry.request),
      error,
    )
    this.#watch()
  }

  /** The next attempt is later, each time more so, and never at the same moment as everybody else's. */
  #pause(): void {
    const { limits, wheel } = this.gateway
    const pause = Math.min(limits.maxRetryMs, limits.retryMs * 2 ** Math.min(this.failures, 16))
    this.failures++
    this.retryMs = wheel.now + pause * (0.5 + Math.random() / 2)
  }

  /** The gateway stops: what waits stays on disk. */
  stop(): void {
    this.gateway.wheel.remove(this)
    for (const lane of this.lanes.values()) {
      lane.connecting?.abort()
      lane.connecting = undefined
      this.secure([...lane.queued()])
    }
  }

  // Time

  #watch(): void {
    if (this.gateway.closed) return
    const next = this.#next()
    if (next > 0) this.gateway.wheel.add(this, next)
    else {
      this.gateway.wheel.remove(this)
      this.gateway.forget(this)
    }
  }

  /** When something is to be done; 0: it may be forgotten. */
  #next(): number {
    let next = Infinity
    const { limits, wheel } = this.gateway
    for (const [from, lane] of this.lanes) {
      if (lane.idle) {
        this.lanes.delete(from)
        continue
      }
      if (lane.held) next = Math.min(next, lane.heldMs)
      if (!lane.wants) continue
      if (lane.first) next = Math.min(next, lane.first.queuedMs + limits.queueMs)
      if (!lane.link && !lane.connecting) next = Math.min(next, Math.max(this.retryMs, lane.heldMs))
    }
    if (this.lanes.size === 0) return this.retryMs > wheel.now && this.failure ? this.retryMs : 0
    // Streams look after themselves.
    return next === Infinity ? wheel.now + limits.idleMs : next
  }

  due(nowMs: number): number {
    const { limits } = this.gateway
    for (const lane of this.lanes.values()) {
      const old: Entry[] = []
      for (let { first } = lane; first && nowMs - first.queuedMs >= limits.queueMs; { first } = lane) {
        lane.shift()
        if (!first.gone) old.push(first)
      }
      if (old.length > 0) this.#bounce(old, bounceError(this.domain, this.failure))
      this.want(lane)
    }
    const next = this.#next()
    if (next === 0) this.gateway.forget(this)
    return next
  }
}

function saved(entry: Entry): void {
  const { unsaved } = entry
  entry.unsaved = undefined
  unsaved?.lingered()
}

function unstored(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'The stanza could not be stored; try again later' })
}
