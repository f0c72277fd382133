/** A bound resource (RFC 6120 §7): what it sends, what is sent to it, and stream management (XEP-0198 1.6.3). */

import type { FullJid } from '@tercet/jid'
import {
  errorReplyTo,
  fromFragment,
  isStanza,
  StanzaError,
  StreamError,
  writeStanza,
  type Presence,
  type Stanza,
} from '@tercet/stanza'
import {
  Outbox,
  type Barrier,
  type Flushable,
  type PendingStanza,
  type ReceivedCounter,
  type Stream,
  type StreamHandler,
  type Timed,
} from '@tercet/stream'
import type { Fragment, StreamEvent } from '@tercet/xml'
import type { Account } from './account.ts'
import { Backlog, type Waiting } from './backlog.ts'
import { Confirmation } from './confirmation.ts'
import { settle } from './delivery.ts'
import type { Host } from './host.ts'
import type { Owed } from './owed.ts'
import type { SessionKey } from './session-key.ts'
import type { Turn } from './turn.ts'

/** `attached`: it has a stream; `hibernating`: it waits to be resumed; `over`: it was closed. */
export type SessionState = 'attached' | 'hibernating' | 'over'

/** What happens at the turns of a session's life; see lifecycle.ts. */
export interface SessionLife {
  /** The peer closed its stream in order. */
  leave(session: Session): Promise<void>
  /** `stream` is gone without a word. */
  lostStream(session: Session, stream: Stream | undefined): void
  /** More is unconfirmed than the limits allow; `owed` was not taken. */
  overflow(session: Session, error: unknown, owed: Owed | undefined): void
  /** Ends it for good. */
  end(session: Session): Promise<void>
  /** Writes down, with the turn's commit, that stanzas up to `h` are handled. */
  noteHandled(session: Session, turn: Turn, h: number): void
}

/** One bound resource. Small on purpose: most sessions are idle most of the time. */
export class Session implements StreamHandler, Flushable, Timed {
  readonly account: Account
  readonly jid: FullJid
  /** The stream's language, for stanzas that name none (RFC 6120 §4.7.4). */
  lang: string
  state: SessionState = 'attached'
  readonly outbox: Outbox<Owed>
  /** Present once stream management is enabled. */
  received: ReceivedCounter | undefined
  /** Names the session for resumption; undefined: it cannot be resumed. */
  smId: string | undefined
  /** How long it can be resumed after it lost its stream. */
  resumeMs = 0
  /** What it last said about its availability (RFC 6121 §4.2); undefined: not available. */
  presence: Presence | undefined
  priority = 0
  /** When it is ended unless it is resumed, or when a silent peer is asked; see {@link due}. */
  #lostMs = 0
  #askedMs = 0
  wheelSlot: number | undefined
  #confirmation: Confirmation | undefined
  #backlog: Backlog | undefined
  #queued = false
  #handling = false
  #waiting: (() => void)[] | undefined
  #values: Map<SessionKey<unknown>, unknown> | undefined

  constructor(account: Account, jid: FullJid, stream: Stream, lang: string) {
    this.account = account
    this.jid = jid
    this.lang = lang
    this.outbox = new Outbox(stream, account.host.limits)
  }

  get host(): Host {
    return this.account.host
  }

  get stream(): Stream | undefined {
    return this.outbox.stream
  }

  /** For log lines. */
  get streamId(): string {
    return this.outbox.stream?.id ?? ''
  }

  get attached(): boolean {
    return this.state === 'attached'
  }

  /** True under stream management: what is sent is remembered until the peer confirms it. */
  get managed(): boolean {
    return this.outbox.sent !== undefined
  }

  /** True when it is available and takes messages for the bare address (RFC 6121 §8.5.2.1). */
  get takesMessages(): boolean {
    return this.presence !== undefined && this.priority >= 0
  }

  get<T>(key: SessionKey<T>): T | undefined {
    // Only set() writes here, and it pairs the key with its type.
    return this.#values?.get(key) as T | undefined
  }

  set<T>(key: SessionKey<T>, value: T): void {
    ;(this.#values ??= new Map()).set(key, value)
  }

  /** Sends wire text of a stanza; with `owed` it is confirmed in time, with `barrier` it waits for the disk. */
  send(text: string, owed?: Owed, barrier?: Barrier): void {
    if (this.state === 'over') return
    if (owed) {
      owed.holders++
      if (this.#backlog) return this.#join(this.#backlog, { text, owed })
    }
    this.#hand(text, owed, barrier)
  }

  #hand(text: string, owed?: Owed, barrier?: Barrier): void {
    // Before the stanza, so that the request for its confirmation leaves in the same write.
    if (this.outbox.sent ? !this.outbox.sent.asked : owed !== undefined) this.#queue()
    try {
      const confirmation = owed && !this.outbox.sent ? (this.#confirmation ??= new Confirmation()) : undefined
      confirmation?.admit(this.host.limits)
      this.outbox.stanza(text, owed, barrier)
      if (owed) confirmation?.add(owed)
    } catch (error) {
      this.host.life.overflow(this, error, owed)
    }
  }

  /**
   * Sends what has waited for the account, a page at a time: the next one when most of the last is confirmed. Without that, whoever was away
   * for long could not come back: so much at once goes over the limits of a session. What is sent meanwhile comes after it.
   */
  catchUp(entries: readonly Waiting[]): void {
    if (this.state === 'over' || entries.length === 0) return
    const backlog = (this.#backlog ??= new Backlog())
    for (const entry of entries) {
      entry.owed.holders++
      backlog.push(entry)
    }
    this.#nextPage()
  }

  #join(backlog: Backlog, entry: Waiting): void {
    backlog.push(entry)
    if (++backlog.later > this.host.limits.maxUnconfirmed)
      this.host.life.overflow(
        this,
        new StreamError('resource-constraint', { text: 'Too many stanzas wait' }),
        undefined,
      )
  }

  #nextPage(): void {
    const backlog = this.#backlog
    if (!backlog) return
    const unconfirmed = this.outbox.sent?.size ?? this.#confirmation?.size ?? 0
    for (const { text, owed } of backlog.page(unconfirmed, this.host.limits.maxUnconfirmed)) this.#hand(text, owed)
    if (backlog.size === 0) this.#backlog = undefined
  }

  /** Sends a stanza; see {@link send}. */
  sendStanza(stanza: Stanza, barrier?: Barrier): void {
    this.send(writeStanza(stanza), undefined, barrier)
  }

  /** Asks the peer to confirm what was sent, once per flush. */
  flush(): void {
    this.#queued = false
    if (this.state !== 'attached') return
    const { sent } = this.outbox
    if (sent) {
      if (sent.asked || (sent.size === 0 && !this.outbox.held)) return
      sent.asked = true
      this.#askedMs = this.host.server.wheel.now
      this.outbox.nonza("<r xmlns='urn:xmpp:sm:3'/>")
    } else {
      const ping = this.#confirmation?.ask(this)
      if (ping === undefined) return
      this.#askedMs = this.host.server.wheel.now
      this.outbox.nonza(ping)
    }
  }

  #queue(): void {
    if (this.#queued) return
    this.#queued = true
    this.host.server.flushList.add(this)
  }

  // What the stream reads

  event(event: StreamEvent): void | Promise<void> {
    if (event.kind === 'element') {
      if (isStanza(event.element)) return this.#stanza(event.element)
      return this.host.nonza(this, event.element)
    }
    if (event.kind === 'close') return this.host.life.leave(this)
    throw new StreamError('not-well-formed', { text: 'A stream header is not expected here' })
  }

  closed(error: Error | undefined, stream: Stream): void {
    if (error) this.host.logger.debug({ stream: stream.id, jid: this.jid.text, reason: error.message }, 'Stream lost')
    this.host.life.lostStream(this, stream)
  }

  failed(error: unknown): void {
    this.host.server.logger.error({ err: error, stream: this.streamId, jid: this.jid.text }, 'A stream failed')
  }

  #stanza(fragment: Fragment): void | Promise<void> {
    const turn = this.host.server.turn(this)
    let pending: void | Promise<void> = undefined
    try {
      const stanza = fromFragment(fragment, { from: this.jid, lang: this.lang })
      if (stanza.kind === 'iq' && this.#confirmation?.answered(stanza)) {
        settle(this.#confirmation.confirmed())
        if (this.#confirmation.waiting) this.#queue()
        this.#nextPage()
      } else {
        pending = this.host.outbound(this, stanza, turn)
      }
    } catch (error) {
      this.#refuse(fragment, error)
    }
    if (!pending) return this.#handled(turn)
    this.#handling = true
    return pending.catch((error: unknown) => this.#refuse(fragment, error)).then(() => this.#handled(turn))
  }

  /** The stanza's own work is done; the count moves when everything it caused is safe. */
  #handled(turn: Turn): void {
    // Not before: until now an acknowledgement must not speak for it.
    this.received?.count()
    this.#handling = false
    if (this.received && turn.light) this.received.seal(this.received.received)
    else if (this.received) {
      const pending = this.received.wait()
      turn.pending = pending
      turn.whenOver(() => this.#decided(pending))
    }
    turn.release()
    this.#tellHandled()
  }

  /** Nothing that was read of the peer is still being handled, or on its way to disk. */
  get allHandled(): boolean {
    return !this.#handling && this.received?.handled === this.received?.received
  }

  /** Calls back, once, when {@link allHandled} holds again. Never wait for it inside the account's queue: a stanza may be waiting there. */
  whenAllHandled(run: () => void): void {
    if (this.allHandled) run()
    else (this.#waiting ??= []).push(run)
  }

  #tellHandled(): void {
    if (!this.#waiting || !this.allHandled) return
    const waiting = this.#waiting
    this.#waiting = undefined
    for (const run of waiting) run()
  }

  /** The turn of one of its stanzas goes to disk: how far the count is then goes along. */
  committing(turn: Turn): void {
    if (!turn.pending || !this.received) return
    this.received.seal(turn.pending.seq)
    this.host.life.noteHandled(this, turn, this.received.sealed)
  }

  #decided(pending: PendingStanza): void {
    pending.done = true
    this.received?.seal(pending.seq)
    if (this.received?.owed) this.acknowledge()
    this.#tellHandled()
  }

  /** Tells the peer what is handled (XEP-0198 §4), and again later if some of it is not safe yet. */
  acknowledge(): void {
    const { received } = this
    if (!received || !this.attached) return
    const h = received.handled
    if (received.owed && h === received.told) return
    received.owed = h !== received.received
    received.told = h
    // Past the outbox: an acknowledgement holds back nothing and waits for nothing.
    this.stream?.send(`<a xmlns='urn:xmpp:sm:3' h='${h}'/>`)
  }

  /** The peer asked for an acknowledgement. */
  requested(): void {
    if (this.received) this.received.owed = false
    this.acknowledge()
  }

  /** The peer has handled what we sent up to `h`. */
  confirm(h: number): void {
    const { sent } = this.outbox
    if (!sent) return
    const confirmed: Owed[] = []
    const before = sent.size
    sent.asked = false
    sent.confirm(h, owed => confirmed.push(owed))
    settle(confirmed)
    if (sent.size === 0) return this.#nextPage()
    if (sent.size < before) this.#queue()
    else this.#askLater()
    this.#nextPage()
  }

  /** A peer that has handled nothing since it was asked is asked again in a second, not as fast as the link allows. */
  #askLater(): void {
    const { wheel } = this.host.server
    wheel.add({ due: () => (this.#queue(), 0) }, wheel.now + 1000)
  }

  #refuse(fragment: Fragment, error: unknown): void {
    let refusal: StanzaError
    if (error instanceof StanzaError) refusal = error
    else if (error instanceof StreamError) throw error
    else {
      this.failed(error)
      refusal = new StanzaError('internal-server-error', { cause: error })
    }
    const reply = errorReplyTo(fragment, refusal, this.jid)
    if (reply) this.sendStanza(reply)
  }

  /** What nobody has confirmed, in order: owed stanzas and others. */
  *unsettled(): Iterable<{ text: string; owed: Owed | undefined }> {
    for (const { text, tag } of this.outbox.unsettled()) yield { text, owed: tag }
    if (this.#confirmation) for (const owed of this.#confirmation.unconfirmed()) yield { text: owed.text, owed }
    if (this.#backlog) yield* this.#backlog
  }

  /** The session has lost its stream and waits. */
  hibernate(): void {
    this.state = 'hibernating'
    this.outbox.stream = undefined
    this.#lostMs = this.host.server.wheel.now
    this.host.server.wheel.add(this, this.#lostMs + this.resumeMs)
  }

  /** The session goes on with another stream, which covers what the peer had confirmed there. */
  attach(stream: Stream): void {
    this.state = 'attached'
    this.#lostMs = 0
    if (this.outbox.sent) this.outbox.sent.asked = false
    const { server, limits } = this.host
    server.wheel.add(this, server.wheel.now + limits.idleMs)
    this.outbox.resume(stream)
    this.#queue()
  }

  /** Looks after the session: ends a hibernation, asks a silent peer, gives up on a dead one. */
  due(nowMs: number): number {
    const { host } = this
    if (this.state === 'over') return 0
    if (this.state === 'hibernating') {
      const end = this.#lostMs + this.resumeMs
      if (nowMs < end) return end
      void host.life.end(this).catch(host.bug)
      return 0
    }
    const stream = this.stream
    if (!stream) return 0
    const { idleMs, answerMs } = host.limits
    if (this.#askedMs > stream.heardMs && nowMs - this.#askedMs >= answerMs) {
      stream.fail(new StreamError('connection-timeout', { text: 'No answer' }))
      return nowMs + this.resumeMs
    }
    if (nowMs - stream.heardMs >= idleMs && this.#askedMs <= stream.heardMs) {
      this.#askedMs = nowMs
      this.outbox.nonza(this.managed ? "<r xmlns='urn:xmpp:sm:3'/>" : Confirmation.ping(this))
    }
    return Math.min(
      stream.heardMs + idleMs,
      this.#askedMs > stream.heardMs ? this.#askedMs + answerMs : Infinity,
      nowMs + idleMs,
    )
  }
}
