/** What goes to a session's peer until the peer has confirmed it: by stream management (XEP-0198 §4), or by answers to pings. */

import { StreamError, type Iq } from '@tercet/stanza'
import type { Barrier, Flushable } from '@tercet/stream'
import { Backlog, type Waiting } from './backlog.ts'
import { Confirmation } from './confirmation.ts'
import { settle } from './delivery.ts'
import type { HeldBack } from './held-back.ts'
import type { Owed } from './owed.ts'
import type { Session } from './session.ts'

/** The way out of one session: a backlog of what waited for the account, the outbox, and what was not confirmed yet. */
export class Outgoing implements Flushable {
  readonly #session: Session
  /** When the peer was last asked to confirm, or whether it is there. */
  askedMs = 0
  #confirmation: Confirmation | undefined
  #backlog: Backlog | undefined
  #queued = false
  #held: HeldBack | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** See {@link Session.send}. */
  send(text: string, owed?: Owed, barrier?: Barrier): void {
    if (owed) {
      owed.holders++
      if (this.#backlog) return this.#join(this.#backlog, { text, owed, barrier })
    }
    this.#hand(text, owed, barrier)
  }

  #hand(text: string, owed?: Owed, barrier?: Barrier): void {
    if (this.#held !== undefined && this.#waits(this.#held, text, owed, barrier)) return
    this.#pass(text, owed, barrier)
  }

  #pass(text: string, owed?: Owed, barrier?: Barrier): void {
    const { outbox, host } = this.#session
    // Before the stanza, so that the request for its confirmation leaves in the same write.
    if (outbox.sent ? !outbox.sent.asked : owed !== undefined) this.queue()
    try {
      const confirmation = owed && !outbox.sent ? (this.#confirmation ??= new Confirmation()) : undefined
      confirmation?.admit(host.limits)
      outbox.stanza(text, owed, barrier)
      if (owed) confirmation?.add(owed)
    } catch (error) {
      host.life.overflow(this.#session, error, owed)
    }
  }

  /** See {@link Session.catchUp}. */
  catchUp(entries: readonly Waiting[]): void {
    if (entries.length === 0) return
    const backlog = (this.#backlog ??= new Backlog())
    for (const entry of entries) {
      entry.owed.holders++
      backlog.push(entry)
    }
    this.#nextPage()
  }

  #join(backlog: Backlog, entry: Waiting): void {
    backlog.push(entry)
    const { life, limits } = this.#session.host
    if (++backlog.later > limits.maxUnconfirmed)
      life.overflow(this.#session, new StreamError('resource-constraint', { text: 'Too many stanzas wait' }), undefined)
  }

  #nextPage(): void {
    const backlog = this.#backlog
    if (!backlog) return
    const { outbox, host } = this.#session
    const unconfirmed = outbox.sent?.size ?? this.#confirmation?.size ?? 0
    for (const { text, owed, barrier } of backlog.page(unconfirmed, host.limits.maxUnconfirmed))
      this.#hand(text, owed, barrier)
    if (backlog.size === 0) this.#backlog = undefined
  }

  // What a peer that wants to be left alone is spared

  /** From now on what can wait does, as modules say at `departing`. */
  holdBack(held: HeldBack): void {
    this.#held = held
  }

  get holding(): boolean {
    return this.#held !== undefined
  }

  /** Sends what waits; from now on nothing does. */
  letGo(): void {
    const held = this.#held
    this.#held = undefined
    if (held) this.#passAll(held)
  }

  /** What waits under `key` is not worth sending any more. */
  forget(key: string): void {
    this.#held?.drop(key)
  }

  #waits(held: HeldBack, text: string, owed: Owed | undefined, barrier: Barrier | undefined): boolean {
    const session = this.#session
    const key = session.host.departs(session, text)
    if (key !== undefined) held.put(key, { text, owed, barrier })
    if (key === undefined || held.full) this.#passAll(held)
    return key !== undefined
  }

  #passAll(held: HeldBack): void {
    for (const { text, owed, barrier } of held.take()) this.#pass(text, owed, barrier)
  }

  /** Asks the peer to confirm what was sent, once per flush. */
  flush(): void {
    this.#queued = false
    const session = this.#session
    if (!session.attached) return
    const { sent } = session.outbox
    if (sent) {
      if (sent.asked || (sent.size === 0 && !session.outbox.held)) return
      sent.asked = true
      this.#ask("<r xmlns='urn:xmpp:sm:3'/>")
    } else {
      const ping = this.#confirmation?.ask(session)
      if (ping !== undefined) this.#ask(ping)
    }
  }

  /** Asks the peer whether it is there. */
  ask(): void {
    const session = this.#session
    this.#ask(session.managed ? "<r xmlns='urn:xmpp:sm:3'/>" : Confirmation.ping(session))
  }

  #ask(nonza: string): void {
    this.askedMs = this.#session.host.server.wheel.now
    this.#session.outbox.nonza(nonza)
  }

  /** The peer is asked with the next flush. */
  queue(): void {
    if (this.#queued) return
    this.#queued = true
    this.#session.host.server.flushList.add(this)
  }

  /** The peer has handled what we sent up to `h`. */
  confirm(h: number): void {
    const { sent } = this.#session.outbox
    if (!sent) return
    const confirmed: Owed[] = []
    const before = sent.size
    sent.asked = false
    sent.confirm(h, owed => confirmed.push(owed))
    settle(confirmed)
    // What is held was not asked about, since there was a question already.
    if ((sent.size > 0 && sent.size < before) || this.#session.outbox.held) this.queue()
    else if (sent.size > 0) this.#askLater()
    this.#nextPage()
  }

  /** A peer that has handled nothing since it was asked is asked again in a second, not as fast as the link allows. */
  #askLater(): void {
    const { wheel } = this.#session.host.server
    wheel.add({ due: () => (this.queue(), 0) }, wheel.now + 1000)
  }

  /** True when `iq` is the answer to a ping: what that covers is confirmed. */
  answered(iq: Iq): boolean {
    if (!this.#confirmation?.answered(iq)) return false
    settle(this.#confirmation.confirmed())
    if (this.#confirmation.waiting) this.queue()
    this.#nextPage()
    return true
  }

  /** What nobody has confirmed, in order: owed stanzas and others. */
  *unsettled(): Iterable<{ text: string; owed: Owed | undefined }> {
    for (const { text, tag } of this.#session.outbox.unsettled()) yield { text, owed: tag }
    if (this.#confirmation) for (const owed of this.#confirmation.unconfirmed()) yield { text: owed.text, owed }
    if (this.#held) yield* this.#held
    if (this.#backlog) yield* this.#backlog
  }

  /** What waits before the outbox. */
  get backlog(): Backlog | undefined {
    return this.#backlog
  }

  /** Takes on what waited in another server; its holders are counted already. */
  goOn(entries: readonly Waiting[], later: number): void {
    const backlog = (this.#backlog = new Backlog())
    backlog.later = later
    for (const entry of entries) backlog.push(entry)
  }
}
