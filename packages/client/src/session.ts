/** A session as its client has it: what is sent until the server has it, what came in, and stream management (XEP-0198 1.6.3). */

import type { FullJid } from '@tercet/jid'
import { isStanza, StreamError, writeStanza, type Stanza } from '@tercet/stanza'
import {
  Outbox,
  readH,
  ReceivedCounter,
  SentQueue,
  type Flushable,
  type InitiatorBound,
  type InitiatorResumed,
  type PendingStanza,
  type Stream,
  type StreamHandler,
  type StreamSurroundings,
  type Timed,
} from '@tercet/stream'
import type { Content, Fragment, StreamEvent } from '@tercet/xml'
import { ClientError } from './error.ts'

/** A stanza that was sent, and who waits for the server to have it. */
export interface Sending {
  readonly stanza: Stanza
  /** When it was sent first. */
  readonly at: Date
  resolve(): void
  reject(error: Error): void
}

/** What a session asks of its client. */
export interface SessionOwner {
  readonly around: StreamSurroundings
  readonly timing: Timing
  /** A stanza arrived; the promise is pending until it is handled. */
  received(fragment: Fragment): void | Promise<void>
  /** True while so much waits to be handled that no more is read. */
  readonly full: Promise<void> | undefined
  /** The link is gone; `session.resumable` tells what that means. */
  lost(session: Session, reason: Error | undefined): void
  failed(error: unknown): void
}

/** How long a session waits. */
export interface Timing {
  /** Silence after which the server is asked for a sign of life. */
  readonly quietMs: number
  /** How long it may take to answer before the link counts as lost. */
  readonly answerMs: number
}

const LIMITS = { maxUnconfirmed: 5000, maxUnconfirmedCharacters: 16 * 1024 * 1024 }
/** A server that acknowledges less than was sent before it was asked is asked again after this. */
const ASK_AGAIN_MS = 5000
const NS_SM = 'urn:xmpp:sm:3'

/** One session over one stream, or over several one after the other. */
export class Session implements StreamHandler, Flushable, Timed {
  readonly jid: FullJid
  readonly features: Content
  readonly #owner: SessionOwner
  readonly #outbox: Outbox<Sending>
  readonly #received: ReceivedCounter | undefined
  #id: string | undefined
  #reason: Error | undefined
  #waiting: PendingStanza[] = []
  #queued = false
  #probedMs = 0
  /** Stanzas that were sent when the server was asked last. */
  #askedSent = 0
  #later = false
  #over = false
  #whenConfirmed: (() => void) | undefined

  constructor(owner: SessionOwner, stream: Stream, bound: InitiatorBound) {
    this.#owner = owner
    this.jid = bound.jid
    this.features = bound.features
    this.#outbox = new Outbox(stream, LIMITS)
    this.#id = bound.managed?.id
    this.#received = bound.managed && new ReceivedCounter()
    if (bound.managed) this.#outbox.sent = new SentQueue()
    owner.around.wheel.add(this, owner.around.wheel.now + owner.timing.quietMs)
  }

  /** What to resume it by; undefined: it ends with its stream. */
  get resumable(): { previd: string; h(): number } | undefined {
    const received = this.#received
    if (this.#id === undefined || !received || this.#over) return undefined
    // All that came was kept: it is handled here, whatever becomes of the link.
    return { previd: this.#id, h: () => received.received }
  }

  /** Stanzas that the server has not confirmed. */
  get unconfirmed(): number {
    return this.#outbox.sent?.size ?? 0
  }

  /** Sends, or keeps for the next stream. `sending` is settled when the server has it; without stream management, when it is written. */
  send(sending: Sending): void {
    const { sent, stream } = this.#outbox
    if (sent) this.#ask()
    else if (!stream?.open) {
      sending.reject(new ClientError('disconnected', 'The connection is gone', { cause: this.#reason }))
      return
    }
    try {
      this.#outbox.stanza(writeStanza(sending.stanza), sending)
      if (!sent) sending.resolve()
    } catch (error) {
      sending.reject(error instanceof Error ? error : new Error('The stanza cannot be written', { cause: error }))
    }
  }

  /** Sends a nonza, which is lost without a stream. */
  nonza(text: string): void {
    this.#outbox.nonza(text)
  }

  /** Goes on over another stream: what the server has not handled is sent again (XEP-0198 §5). */
  resumed(stream: Stream, { h }: InitiatorResumed): void {
    const { sent } = this.#outbox
    const received = this.#received!
    // The server was told that we have them all; the count must not go back.
    for (const pending of this.#waiting) pending.done = true
    this.#waiting = []
    received.owed = false
    received.told = received.received
    try {
      sent!.confirm(h, confirm)
    } catch (error) {
      this.#id = undefined
      throw error
    }
    sent!.asked = false
    this.#reason = undefined
    this.#outbox.resume(stream)
    if (sent!.size > 0) this.#ask()
  }

  /** Ends it, and gives what the server has not confirmed; `h` is what it says that it has, after all. */
  end(h: number | undefined): Sending[] {
    this.#over = true
    this.#id = undefined
    const { sent } = this.#outbox
    try {
      if (h !== undefined) sent?.confirm(h, confirm)
    } catch {
      // A count that cannot be is no count.
    }
    const left: Sending[] = []
    for (const { tag } of this.#outbox.unsettled()) if (tag) left.push(tag)
    this.#outbox.sent = undefined
    this.#outbox.stream = undefined
    return left
  }

  /** Resolves when the server has confirmed everything. */
  confirmed(): Promise<void> {
    if (this.unconfirmed === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#whenConfirmed = resolve
      this.#ask()
    })
  }

  /** Closes the stream in order. */
  close(): void {
    this.#tell()
    this.#outbox.stream?.close()
  }

  // What the stream reads

  event(event: StreamEvent): void | Promise<void> {
    if (event.kind === 'close') {
      // The server has ended the session with its stream (XEP-0198 §7).
      this.#id = undefined
      return
    }
    if (event.kind !== 'element') throw new StreamError('not-well-formed', { text: 'No stream header is expected' })
    const { element } = event
    if (isStanza(element)) return this.stanza(element)
    if (element.ns === NS_SM) this.#nonza(element)
    // Other nonzas are of extensions that we have not negotiated.
  }

  closed(error: Error | undefined): void {
    this.#outbox.stream = undefined
    this.#reason ??= error
    if (error instanceof StreamError && error.application?.name === 'handled-count-too-high') this.#id = undefined
    this.#owner.lost(this, this.#reason)
  }

  failed(error: unknown): void {
    this.#owner.failed(error)
  }

  /** Handles a stanza. */
  stanza(element: Fragment): void | Promise<void> {
    const received = this.#received
    received?.count()
    const pending = this.#owner.received(element)
    if (pending && received) {
      const place = received.wait()
      this.#waiting.push(place)
      void pending.then(() => this.#handled(place))
    }
    return this.#owner.full
  }

  #handled(place: PendingStanza): void {
    place.done = true
    this.#waiting = this.#waiting.filter(other => other !== place)
    if (this.#received?.owed) this.#tell()
  }

  #nonza(element: Fragment): void {
    const { sent } = this.#outbox
    if (!sent || !this.#received) return
    if (element.name === 'r') {
      this.#received.owed = false
      this.#tell(true)
    } else if (element.name === 'a') {
      const h = readH(element)
      if (h === undefined) throw new StreamError('bad-format', { text: 'h is not a number' })
      sent.asked = false
      sent.confirm(h, confirm)
      if (sent.size === 0) this.#whenConfirmed?.()
      // What was sent since the question was not asked about. What the server is still busy with, it tells of itself, or is asked later.
      else if (sent.sent !== this.#askedSent) this.#ask()
      else this.#askLater()
    }
  }

  /** Says how many stanzas are handled; those that are not yet are told when they are (XEP-0198 §4). */
  #tell(asked = false): void {
    const received = this.#received
    if (!received) return
    const h = received.handled
    if (!asked && h === received.told) return
    received.owed = h !== received.received
    received.told = h
    this.#outbox.stream?.send(`<a xmlns='${NS_SM}' h='${h}'/>`)
  }

  /** Asks the server to confirm, once for all that is written together and once at a time. */
  #ask(): void {
    if (this.#queued || !this.#outbox.sent || this.#outbox.sent.asked) return
    this.#queued = true
    this.#owner.around.flushList.add(this)
  }

  #askLater(): void {
    if (this.#later) return
    this.#later = true
    const { wheel } = this.#owner.around
    const due = (): number => {
      this.#later = false
      if (this.unconfirmed > 0) this.#ask()
      return 0
    }
    wheel.add({ due }, wheel.now + ASK_AGAIN_MS)
  }

  flush(): void {
    this.#queued = false
    const { sent, stream } = this.#outbox
    if (!sent || !stream?.open || sent.asked || sent.size === 0) return
    sent.asked = true
    this.#askedSent = sent.sent
    stream.send(`<r xmlns='${NS_SM}'/>`)
  }

  /** A silent server is asked for a sign of life, then given up (RFC 6120 §4.6). */
  due(nowMs: number): number {
    if (this.#over) return 0
    const { quietMs, answerMs } = this.#owner.timing
    const { stream } = this.#outbox
    if (!stream?.open) return nowMs + quietMs
    const quietAt = stream.heardMs + quietMs
    if (nowMs < quietAt) return quietAt
    if (this.#probedMs <= stream.heardMs) {
      this.#probedMs = nowMs
      if (this.#outbox.sent) stream.send(`<r xmlns='${NS_SM}'/>`)
      else stream.send(`<iq type='get' id='probe-${nowMs}'><ping xmlns='urn:xmpp:ping'/></iq>`)
      return nowMs + answerMs
    }
    if (nowMs < this.#probedMs + answerMs) return this.#probedMs + answerMs
    stream.destroy(new ClientError('timeout', 'The server does not answer'))
    return nowMs + quietMs
  }
}

function confirm(sending: Sending): void {
  sending.resolve()
}
