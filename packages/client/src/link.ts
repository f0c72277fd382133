/** Keeps a session up: connects, resumes, connects anew, and says in one state how that goes. */

import { HT_MECHANISMS } from '@tercet/sasl'
import { isStanza, isSubscriptionType, StreamError, type Stanza } from '@tercet/stanza'
import { delay } from '@tercet/stanza/delay'
import { FlushList, TimerWheel, type Initiated, type OfferMemory, type Stream } from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { abortable } from './abortable.ts'
import { open, otherHost, type Connection, type Opening } from './connect.ts'
import { asError, ClientError } from './error.ts'
import type { StateEvent } from './points.ts'
import { sleep, type ReconnectPolicy } from './reconnect.ts'
import { Session, type Sending, type SessionOwner, type Timing } from './session.ts'
import type { State } from './state.ts'

/** Who uses the link. */
export interface LinkOwner {
  received(fragment: Fragment): void | Promise<void>
  readonly full: Promise<void> | undefined
  changed(event: StateEvent): void
  /** A session is over: what was asked in it is not answered any more. */
  ended(error: ClientError): void
  failed(error: unknown): void
}

/** How a link is kept up. */
export interface LinkOptions extends Omit<Opening, 'around'> {
  readonly reconnect: ReconnectPolicy
  readonly unacknowledged: 'resend' | 'reject'
  readonly connectMs: number
  readonly timing: Timing
}

/** How long to wait for the last confirmations, and then for the server's closing tag. */
const CLOSE_MS = 5000

/** A link that lasted so long was a good one: the next attempt after it is the first again. */
const STEADY_MS = 30_000

/** The link of one client to its server. */
export class Link implements SessionOwner {
  readonly around = {
    flushList: new FlushList(),
    wheel: new TimerWheel({ onError: error => this.failed(error) }),
    maxUnwritten: 64 * 1024 * 1024,
    closeMs: CLOSE_MS,
    gone: (): void => this.#gone(),
  }
  state: State = { kind: 'connecting', reason: undefined }
  session: Session | undefined
  pin: string | undefined
  readonly #owner: LinkOwner
  readonly #options: LinkOptions
  readonly #closing = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  /** What the server offered last, so that a link that was lost is back in one round trip. */
  readonly #offers: OfferMemory = { offer: undefined }
  /** What ended sessions left over, for the next one. */
  #left: Sending[] = []
  #streams = 0
  /** Attempts since the last good link. */
  #attempts = 0
  #onlineMs = 0

  constructor(owner: LinkOwner, options: LinkOptions) {
    this.#owner = owner
    this.#options = options
    this.pin = options.initiator.sasl.pin
  }

  get timing(): Timing {
    return this.#options.timing
  }

  get full(): Promise<void> | undefined {
    return this.#owner.full
  }

  /** Makes the first session. @throws why it cannot be made; the link is over then */
  async start(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#connect(undefined, signal)
    } catch (error) {
      this.#finish(asError(error))
      throw error
    }
  }

  /** Sends a stanza; see {@link Client.send}. */
  send(stanza: Stanza): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.session) this.session.send({ stanza, at: new Date(), resolve, reject })
      else reject(this.#absent())
    })
  }

  /** Ends it in order. */
  async close(): Promise<void> {
    if (this.#closed()) return this.#over.promise
    const { session } = this
    const online = this.state.kind === 'online'
    // From here on nothing is tried again.
    this.#closing.abort(new ClientError('closed', 'The client was closed'))
    if (!session || !online) this.#finish(undefined)
    else {
      const bound = new AbortController()
      await Promise.race([session.confirmed(), this.#over.promise, sleep(CLOSE_MS, bound.signal)])
      bound.abort()
      session.close()
    }
    return this.#over.promise
  }

  received(fragment: Fragment): void | Promise<void> {
    return this.#owner.received(fragment)
  }

  failed(error: unknown): void {
    this.#owner.failed(error)
  }

  lost(session: Session, reason: Error | undefined): void {
    if (session !== this.session) return
    if (this.#closed()) {
      this.#finish(reason)
      return
    }
    if (!session.resumable) this.#end(undefined, reason)
    if (this.around.wheel.now - this.#onlineMs > STEADY_MS) this.#attempts = 0
    this.#reconnect(reason).catch((error: unknown) => {
      // Only what the application gave us can throw here: its policy, or a handler of the state.
      this.failed(error)
      this.#finish(asError(error))
    })
  }

  async #reconnect(reason: Error | undefined): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      const number = ++this.#attempts
      const delayMs = otherHost(reason) && number === 1 ? 0 : this.#options.reconnect({ number, reason })
      if (delayMs === undefined) {
        this.#finish(reason)
        return
      }
      this.#change({ kind: this.session ? 'resuming' : 'connecting', reason })
      await sleep(delayMs, signal)
      if (this.#closed()) return
      try {
        await this.#connect(reason, undefined)
        return
      } catch (error) {
        if (this.#closed()) return
        reason = asError(error)
      }
    }
  }

  async #connect(before: Error | undefined, given: AbortSignal | undefined): Promise<void> {
    const { initiator, connect, connectMs } = this.#options
    const signals = [this.#closing.signal, AbortSignal.timeout(connectMs)]
    if (given) signals.push(given)
    const opening: Opening = {
      ...this.#options,
      around: this.around,
      connect: async route => {
        const connection = await inTime(connect(route), route.signal)
        this.#streams++
        return connection
      },
      initiator: {
        ...initiator,
        sasl: { ...initiator.sasl, pin: this.pin },
        resume: this.session?.resumable,
        memory: this.#offers,
      },
    }
    const { stream, initiated } = await open(opening, AbortSignal.any(signals), before)
    if (this.#closed()) stream.close()
    else this.#adopt(stream, initiated)
  }

  /** A stream is ready: for the session that it resumes, or for a new one. */
  #adopt(stream: Stream, initiated: Initiated): void {
    // A token says nothing about how its account shows the password.
    if (!HT_MECHANISMS.includes(initiated.mechanism)) this.pin = initiated.mechanism
    this.#onlineMs = this.around.wheel.now
    const old = this.session
    if (initiated.kind === 'resumed' && old) {
      try {
        old.resumed(stream, initiated)
      } catch (error) {
        this.#end(undefined, asError(error))
        stream.fail(error instanceof StreamError ? error : new StreamError('internal-server-error', { cause: error }))
        throw error
      }
      this.#change({ kind: 'online', jid: old.jid, resumed: true })
      initiated.handOver(old)
      return
    }
    if (initiated.kind === 'resumed') throw new StreamError('policy-violation', { text: 'There is nothing to resume' })
    if (old) this.#end(initiated.notResumed?.h, this.state.kind === 'resuming' ? this.state.reason : undefined)
    const session = new Session(this, stream, initiated)
    this.session = session
    this.#resend(session)
    this.#change({ kind: 'online', jid: session.jid, resumed: false })
    // Sent before stream management counted.
    for (const element of initiated.early) if (isStanza(element)) void this.received(element)
    initiated.handOver(session)
  }

  /** The session is over; what it leaves is kept for the next one. */
  #end(h: number | undefined, reason: Error | undefined): void {
    const { session } = this
    if (!session) return
    this.session = undefined
    this.#left.push(...session.end(h))
    this.#owner.ended(new ClientError('disconnected', 'The session is over', { cause: reason }))
  }

  /** Sends on the new session what may be sent twice, and gives the rest up (XEP-0198 §4). */
  #resend(session: Session): void {
    for (const sending of this.#left.splice(0)) {
      const { stanza } = sending
      if (this.#options.unacknowledged === 'reject' || !isResendable(stanza)) {
        sending.reject(new ClientError('not-acknowledged', 'The session ended before the server had the stanza'))
      } else if (stanza.kind !== 'message' || stanza.has(delay)) session.send(sending)
      else session.send({ ...sending, stanza: stanza.plus(delay, { stamp: sending.at }) })
    }
  }

  /** The end of the link. */
  #finish(reason: Error | undefined): void {
    if (this.state.kind === 'offline') return
    const closed = this.#closed()
    this.#closing.abort()
    if (this.session) this.#end(undefined, reason)
    const error = closed
      ? new ClientError('closed', 'The client was closed')
      : new ClientError('not-acknowledged', 'The session ended before the server had the stanza', { cause: reason })
    for (const sending of this.#left.splice(0)) sending.reject(error)
    this.#change({ kind: 'offline', reason })
    this.#over.resolve()
    if (this.#streams === 0) this.around.wheel[Symbol.dispose]()
  }

  /** A stream is gone. The wheel bounds the end of the last one. */
  #gone(): void {
    this.#streams--
    if (this.#streams === 0 && this.state.kind === 'offline') this.around.wheel[Symbol.dispose]()
  }

  #change(state: State): void {
    const before = this.state
    this.state = state
    this.#owner.changed({ state, before })
  }

  #closed(): boolean {
    return this.#closing.signal.aborted
  }

  #absent(): ClientError {
    if (this.state.kind === 'online') return new ClientError('disconnected', 'There is no session')
    const { kind, reason } = this.state
    if (kind === 'offline' && reason === undefined) return new ClientError('closed', 'The client was closed')
    return new ClientError('disconnected', `There is no session, the client is ${kind}`, { cause: reason })
  }
}

/** Whether a stanza may reach its recipient twice, or late, without harm. */
function isResendable(stanza: Stanza): boolean {
  return stanza.kind === 'message'
    ? stanza.type !== 'error'
    : stanza.kind === 'presence' && isSubscriptionType(stanza.type)
}

/** A connection that comes too late is dropped, however it is made. */
function inTime(connecting: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
  connecting.then(
    ({ transport }) => {
      if (signal.aborted) transport.destroy()
    },
    () => undefined,
  )
  return abortable(connecting, signal)
}
