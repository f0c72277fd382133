/** The stream of a component that has proven which one it is (XEP-0114 1.6 §3). */

import { isStanza, StreamError, type Iq } from '@tercet/stanza'
import {
  Outbox,
  randomId,
  type Barrier,
  type Flushable,
  type Stream,
  type StreamHandler,
  type Timed,
} from '@tercet/stream'
import type { StreamEvent } from '@tercet/xml'
import type { Component } from './component.ts'
import type { Entry } from './entry.ts'
import { Inbound } from './inbound.ts'

const NS_PING = 'urn:xmpp:ping'

/** An open connection. What it was sent and must not be lost is confirmed by the answer to a ping after it (XEP-0199 2.0.1). */
export class Connection implements StreamHandler, Flushable, Timed {
  readonly component: Component
  readonly stream: Stream
  wheelSlot: number | undefined
  readonly #outbox: Outbox<never>
  readonly #inbound: Inbound
  /** Sent and not confirmed, in order. */
  #unconfirmed: Entry[] = []
  #queued = false
  /** The ping under way, and how many of these it speaks for. */
  #ping: { readonly id: string; readonly covers: number; readonly sinceMs: number } | undefined

  constructor(component: Component, stream: Stream, lang: string) {
    this.component = component
    this.stream = stream
    const { limits, wheel } = component.components
    this.#outbox = new Outbox(stream, {
      maxUnconfirmed: 2 * limits.queueStanzas,
      maxUnconfirmedCharacters: 2 * limits.queueCharacters,
    })
    this.#inbound = new Inbound(this, lang)
    this.#ping = undefined
    this.wheelSlot = undefined
    wheel.add(this, wheel.now + limits.answerMs)
  }

  // Out

  /** Sends what nobody was promised. False: too much waits for the disk before it. */
  send(text: string): boolean {
    return this.#take(text, undefined)
  }

  /** Sends what is to be confirmed, when it is on disk. False: too much waits for that. */
  sendEntry(entry: Entry): boolean {
    if (!this.#take(entry.text, entry.barrier)) return false
    this.#unconfirmed.push(entry)
    if (this.#queued || this.#ping) return true
    this.#queued = true
    this.component.components.flushList.add(this)
    return true
  }

  #take(text: string, barrier: Barrier | undefined): boolean {
    try {
      this.#outbox.stanza(text, undefined, barrier)
      return true
    } catch (error) {
      if (error instanceof StreamError) return false
      throw error
    }
  }

  /** Answers what never became a stanza. */
  answer(text: string): void {
    this.#outbox.nonza(text)
  }

  flush(): void {
    this.#queued = false
    if (!this.#ping && this.#unconfirmed.length > 0) this.ask()
  }

  /** Asks whether it is there, and has what it was sent. */
  ask(): void {
    if (this.#ping || !this.stream.open) return
    const { components, domain } = this.component
    const id = randomId()
    this.#ping = { id, covers: this.#unconfirmed.length, sinceMs: components.wheel.now }
    // In order: behind what waits for the disk.
    this.#outbox.nonza(
      `<iq type='get' from='${components.domain}' to='${domain}' id='${id}'><ping xmlns='${NS_PING}'/></iq>`,
    )
    components.wheel.add(this, components.wheel.now + components.limits.answerMs)
  }

  /** Whether this is an answer to a ping of ours; whatever it says, it comes after what was sent before. */
  answered({ id, type }: Iq): boolean {
    if (this.#ping === undefined || id !== this.#ping.id || (type !== 'result' && type !== 'error')) return false
    this.component.answers = true
    this.#confirm()
    return true
  }

  #confirm(): void {
    const { covers = 0 } = this.#ping ?? {}
    this.#ping = undefined
    this.component.confirmed(this.#unconfirmed.splice(0, covers))
    this.flush()
  }

  // In

  event(event: StreamEvent): void | Promise<void> {
    if (event.kind === 'close') return this.#left()
    if (event.kind !== 'element')
      throw new StreamError('not-well-formed', { text: 'A stream header is not expected here' })
    if (isStanza(event.element)) return this.#inbound.stanza(event.element)
    throw new StreamError('unsupported-stanza-type', { text: `${event.element.name} is not expected here` })
  }

  /** It closes in order: what it was sent it still takes before our own closing tag (RFC 6120 §4.4). */
  #left(): void {
    const held = this.#unconfirmed.findIndex(({ barrier }) => barrier?.state === 'pending')
    this.component.confirmed(this.#unconfirmed.splice(0, held < 0 ? this.#unconfirmed.length : held))
  }

  // The end

  closed(error: Error | undefined): void {
    const { components, domain } = this.component
    components.wheel.remove(this)
    components.logger.info(
      { stream: this.stream.id, component: domain, reason: error?.message, unconfirmed: this.#unconfirmed.length },
      'A component is gone',
    )
    this.component.disconnected(this, this.take())
    components.settled()
  }

  /** Gives up what was sent and not confirmed, in order. */
  take(): Entry[] {
    return this.#unconfirmed.splice(0).filter(entry => !entry.gone)
  }

  failed(error: unknown): void {
    this.component.components.logger.error({ err: error, stream: this.stream.id }, 'The stream of a component failed')
  }

  /** Looks after the stream: no answer, no sign of life. */
  due(nowMs: number): number {
    const { stream, component } = this
    const { limits, logger } = component.components
    if (!stream.open) return 0
    if (!this.#ping) {
      const idleMs = stream.heardMs + limits.idleMs
      if (nowMs < idleMs) return idleMs
      this.ask()
      return nowMs + limits.answerMs
    }
    const lateMs = this.#ping.sinceMs + limits.answerMs
    if (nowMs < lateMs) return lateMs
    // What waits for our own disk has not been asked.
    if (this.#outbox.held) return nowMs + limits.answerMs
    if (component.answers || stream.unwritten > 0) {
      stream.fail(new StreamError('connection-timeout', { text: 'A ping was not answered in time' }))
      return 0
    }
    // Not every component answers requests, though it has to (RFC 6120 §8.2.3): it reads, so it is believed to have what it read.
    logger.info({ stream: stream.id, component: component.domain }, 'A component answers no pings')
    this.#confirm()
    return nowMs + limits.idleMs
  }
}
