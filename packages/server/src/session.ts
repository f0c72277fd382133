/** A bound resource (RFC 6120 §7). What is sent to it is in outgoing.ts, what it is acknowledged in acknowledging.ts. */

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
import { Outbox, type Barrier, type ReceivedCounter, type Stream, type StreamHandler, type Timed } from '@tercet/stream'
import type { Fragment, StreamEvent } from '@tercet/xml'
import type { Account } from './account.ts'
import { handled } from './acknowledging.ts'
import type { Waiting } from './backlog.ts'
import type { Host } from './host.ts'
import { lookAfter } from './look-after.ts'
import { Outgoing } from './outgoing.ts'
import type { Owed } from './owed.ts'
import { unread, type SessionKey } from './session-key.ts'
import type { Origin, Turn } from './turn.ts'

/** `attached`: it has a stream; `hibernating`: it waits to be resumed; `over`: it was closed. */
export type SessionPhase = 'attached' | 'hibernating' | 'over'

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
export class Session implements StreamHandler, Timed, Origin {
  readonly account: Account
  readonly jid: FullJid
  /** The stream's language, for stanzas that name none (RFC 6120 §4.7.4). */
  lang: string
  phase: SessionPhase = 'attached'
  readonly outbox: Outbox<Owed>
  readonly outgoing: Outgoing
  /** Present once stream management is enabled. */
  received: ReceivedCounter | undefined
  /** Names the session for resumption; undefined: it cannot be resumed. */
  smId: string | undefined
  /** How long it can be resumed after it lost its stream. */
  resumeMs = 0
  /** When it lost its stream; for look-after.ts. */
  lostMs = 0
  /** What it last said about its availability (RFC 6121 §4.2); undefined: not available. */
  presence: Presence | undefined
  priority = 0
  wheelSlot: number | undefined
  /** A stanza of it is being handled; for acknowledging.ts, like {@link waiting}. */
  handling = false
  /** Who waits until nothing of it is being handled. */
  waiting: (() => void)[] | undefined
  #values: Map<SessionKey<unknown>, unknown> | undefined

  constructor(account: Account, jid: FullJid, stream: Stream | undefined, lang: string) {
    this.account = account
    this.jid = jid
    this.lang = lang
    this.outbox = new Outbox(stream, account.host.limits)
    this.outgoing = new Outgoing(this)
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
    return this.phase === 'attached'
  }

  /** True under stream management: what is sent is remembered until the peer confirms it. */
  get managed(): boolean {
    return this.outbox.sent !== undefined
  }

  get promised(): boolean {
    return this.received !== undefined
  }

  get gone(): boolean {
    return !this.managed && this.stream?.open === false
  }

  get session(): this {
    return this
  }

  /** True when it is available and takes messages for the bare address (RFC 6121 §8.5.2.1). */
  get takesMessages(): boolean {
    return this.presence !== undefined && this.priority >= 0
  }

  get<T>(key: SessionKey<T>): T | undefined {
    if (!this.#values) return undefined
    const value = this.#values.get(key)
    if (value === undefined && this.#values.has(unread)) return this.#read(key)
    // Only set() writes here, and it pairs the key with its type.
    return value as T | undefined
  }

  set<T>(key: SessionKey<T>, value: T): void {
    ;(this.#values ??= new Map()).set(key, value)
  }

  #read<T>(key: SessionKey<T>): T | undefined {
    const plain = this.get(unread)?.[key.name]
    if (plain === undefined) return undefined
    const value = key.read(plain)
    this.set(key, value)
    return value
  }

  /** What modules remember, as it travels to another server. */
  writeValues(): Record<string, unknown> {
    const values = { ...this.get(unread) }
    for (const [key, value] of this.#values ?? []) {
      if (key === unread) continue
      values[key.name] = value === undefined ? undefined : key.write(value)
    }
    return values
  }

  /** Takes on what modules remembered in another server; each is read when its module asks. */
  readValues(values: Readonly<Record<string, unknown>>): void {
    if (Object.keys(values).length > 0) this.set(unread, values)
  }

  /** Sends wire text of a stanza; with `owed` it is confirmed in time, with `barrier` it waits for the disk. */
  send(text: string, owed?: Owed, barrier?: Barrier): void {
    if (this.phase !== 'over') this.outgoing.send(text, owed, barrier)
  }

  /** Sends a stanza; see {@link send}. */
  sendStanza(stanza: Stanza, barrier?: Barrier): void {
    this.send(writeStanza(stanza), undefined, barrier)
  }

  /**
   * Sends what has waited for the account, a page at a time: the next one when most of the last is confirmed. Without that, whoever was away
   * for long could not come back: so much at once goes over the limits of a session. What is sent meanwhile comes after it.
   */
  catchUp(entries: readonly Waiting[]): void {
    if (this.phase !== 'over') this.outgoing.catchUp(entries)
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
      if (stanza.kind !== 'iq' || !this.outgoing.answered(stanza)) pending = this.host.outbound(this, stanza, turn)
    } catch (error) {
      this.#refuse(fragment, error)
    }
    if (!pending) return handled(this, turn)
    this.handling = true
    return pending.catch((error: unknown) => this.#refuse(fragment, error)).then(() => handled(this, turn))
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

  /** The session has lost its stream, `sinceMs` ago, and waits. */
  hibernate(sinceMs = 0): void {
    const { wheel } = this.host.server
    this.phase = 'hibernating'
    this.outbox.stream = undefined
    this.lostMs = wheel.now - sinceMs
    wheel.add(this, this.lostMs + this.resumeMs)
  }

  /** The session goes on with another stream, which covers what the peer had confirmed there. */
  attach(stream: Stream): void {
    this.phase = 'attached'
    this.lostMs = 0
    if (this.outbox.sent) this.outbox.sent.asked = false
    const { server, limits } = this.host
    server.wheel.add(this, server.wheel.now + limits.idleMs)
    this.outbox.resume(stream)
    this.outgoing.queue()
  }

  due(nowMs: number): number {
    return lookAfter(this, nowMs)
  }
}
