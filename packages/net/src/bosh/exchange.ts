/**
 * Requests and responses of one BOSH session (XEP-0124 1.11.2 §8–§14): each request gets its turn in the order of the request ids, however
 * they arrive and however often, and each is answered in that order.
 */
import { terminateBody, writeBody, type BoshCondition, type BoshRequest } from './body.ts'
import { greetingOf, type BoshTerms } from './terms.ts'

/** How long the last answers are kept for those who did not get them, in seconds. */
const FAREWELL = 10

/** §17.3: ask again; the session lives. */
const recoverable = writeBody(['type', 'error'])

/** What the exchange knows of the session that it belongs to. */
export interface Speaker {
  /** Whether there is something to say. */
  readonly speaks: boolean
  /** Whether the stream has had everything that was sent to it. */
  readonly idle: boolean
  /** Takes what goes into one response; `''`: nothing. */
  takePayload(): string
  /** Requests may be due for their turn. */
  arrived(): void
  /** The client asked for something that cannot be answered. */
  broken(condition: BoshCondition): void
  /** Nobody has asked for too long; nobody will be answered any more. */
  silent(): void
}

/** A request that has had its turn and no answer. */
interface Held {
  readonly rid: number
  readonly timer: NodeJS.Timeout
  /** Absent once the connection that brought it is gone. */
  respond: ((body: string) => void) | undefined
}

/** A request whose turn has not come. */
interface Early {
  readonly request: BoshRequest
  readonly respond: (body: string) => void
  readonly signal: AbortSignal
}

/** The requests of one session. */
export class Exchange {
  readonly #terms: BoshTerms
  readonly #speaker: Speaker
  /** `ending`: the client has to be told that the session is over. `over`: it was told. */
  #state: 'open' | 'ending' | 'over' = 'open'
  #condition: BoshCondition | undefined
  /** The request whose turn is next. */
  #next: number
  readonly #early = new Map<number, Early>()
  #held: Held[] = []
  /** §14.3: the last answers, for those who did not get them. */
  readonly #answers = new Map<number, string>()
  /** Attributes of the first answer, until it is given. */
  #greeting: string[] | undefined
  /** §10: the client announced so many seconds of silence. */
  #pauseSeconds: number | undefined
  #silence: NodeJS.Timeout | undefined
  #pumping = false

  constructor(terms: BoshTerms, rid: number, speaker: Speaker) {
    this.#terms = terms
    this.#next = rid
    this.#speaker = speaker
    this.#greeting = greetingOf(terms, rid)
  }

  /** More to tell with the first answer, if that was not given. */
  greet(name: string, value: string): void {
    this.#greeting?.push(name, value)
  }

  get waiting(): boolean {
    return this.#held.length > 0
  }

  /** Takes a request and gives the body of its response, now or later. */
  take(request: BoshRequest, signal: AbortSignal): Promise<string> {
    const { rid } = request
    const answered = this.#answers.get(rid)
    if (answered !== undefined) return Promise.resolve(answered)
    const held = this.#held.find(held => held.rid === rid)
    if (held) return this.#again(held, signal)
    // §14.2, §14.3: neither too far ahead nor forgotten; both look alike. One more may end or pause the session (§11).
    const most = this.#next + this.#terms.hold + (request.terminates || request.pause !== undefined ? 1 : 0)
    if (this.#state === 'over' || rid < this.#next || rid > most) {
      if (this.#state === 'open' && rid > most) this.#speaker.broken('item-not-found')
      return Promise.resolve(terminateBody('item-not-found'))
    }
    return new Promise(resolve => {
      // §14.3: the newest of repeated requests gets the answer.
      this.#early.get(rid)?.respond(recoverable)
      this.#early.set(rid, { request, respond: resolve, signal })
      this.#speaker.arrived()
      this.pump()
    })
  }

  /** The request whose turn it is, if it has arrived; it waits for its answer from now on. */
  turn(): BoshRequest | undefined {
    const early = this.#early.get(this.#next)
    if (!early) return undefined
    const { request, respond, signal } = early
    this.#early.delete(this.#next++)
    this.#heard()
    const timer = setTimeout(() => this.#due(held), this.#terms.wait * 1000)
    const held: Held = { rid: request.rid, timer, respond: undefined }
    this.#held.push(held)
    this.#listen(held, respond, signal)
    this.#pauseSeconds = request.pause
    this.#acknowledged(request.ack)
    return request
  }

  /** The session is over: whoever asks next hears it, with what is left to say. */
  end(condition: BoshCondition | undefined): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#condition = condition
    this.#pauseSeconds = undefined
    // Who has created it has nothing in hand yet.
    const answer = this.#greeting ? terminateBody(condition) : writeBody([])
    for (const { respond } of this.#early.values()) respond(answer)
    this.#early.clear()
    this.pump()
  }

  /** Answers what is due, when this turn of the loop is over: what is written in it leaves together. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#held.length > 0) {
      const oldest = this.#held[0]!
      if (this.#pauseSeconds !== undefined || this.#state === 'over') this.#answer(oldest, '')
      else if (this.#state === 'ending') this.#farewell(oldest)
      else if (this.#speaker.speaks && oldest.respond !== undefined) this.#answer(oldest, this.#speaker.takePayload())
      else if (this.#tooMany) this.#answer(oldest, '')
      else break
    }
    this.#watchSilence()
  }

  /** More requests wait than was agreed (§8). Those who poll get what the stream says to their request, if it is quick. */
  get #tooMany(): boolean {
    if (this.#held.length <= this.#terms.hold || this.#greeting !== undefined) return false
    return this.#terms.hold > 0 || this.#speaker.idle
  }

  /** A repeated request whose answer is still due. */
  #again(held: Held, signal: AbortSignal): Promise<string> {
    held.respond?.(recoverable)
    this.#heard()
    return new Promise(resolve => {
      this.#listen(held, resolve, signal)
      this.pump()
    })
  }

  #listen(held: Held, respond: (body: string) => void, signal: AbortSignal): void {
    held.respond = respond
    const lost = (): void => {
      if (held.respond !== respond) return
      held.respond = undefined
      this.#watchSilence()
    }
    if (signal.aborted) lost()
    else signal.addEventListener('abort', lost, { once: true })
  }

  /** The time that the client wants to wait is over. */
  #due(held: Held): void {
    while (this.#held.includes(held))
      this.#answer(this.#held[0]!, this.#state === 'open' ? this.#speaker.takePayload() : '')
    this.#watchSilence()
  }

  #answer(held: Held, payload: string): void {
    const attrs = this.#greeting ?? []
    this.#greeting = undefined
    // §9: the exception is the request that is being answered.
    if (this.#terms.acks && attrs.length === 0 && this.#next - 1 !== held.rid) attrs.push('ack', String(this.#next - 1))
    this.#give(held, writeBody(attrs, payload))
  }

  /** §13: the oldest request hears of the end; the others get empty answers. */
  #farewell(held: Held): void {
    this.#state = 'over'
    this.#give(held, terminateBody(this.#condition, this.#speaker.takePayload()))
  }

  #give(held: Held, body: string): void {
    this.#held = this.#held.filter(other => other !== held)
    clearTimeout(held.timer)
    this.#answers.set(held.rid, body)
    for (const rid of this.#answers.keys()) {
      if (this.#answers.size <= this.#terms.hold + 1) break
      this.#answers.delete(rid)
    }
    held.respond?.(body)
    held.respond = undefined
  }

  /** §9: what the client has of our answers need not be remembered. */
  #acknowledged(ack: number | undefined): void {
    if (ack === undefined) return
    for (const rid of this.#answers.keys()) if (rid <= ack) this.#answers.delete(rid)
  }

  #heard(): void {
    clearTimeout(this.#silence)
    this.#silence = undefined
  }

  /** §10: nobody waits for an answer; that may last so long and no longer. */
  #watchSilence(): void {
    if (this.#held.some(({ respond }) => respond !== undefined)) return
    const { inactivity } = this.#terms
    const seconds = this.#state === 'over' ? Math.min(inactivity, FAREWELL) : (this.#pauseSeconds ?? inactivity)
    this.#silence ??= setTimeout(() => this.#expire(), seconds * 1000).unref()
  }

  #expire(): void {
    this.#state = 'over'
    for (const { timer } of this.#held) clearTimeout(timer)
    for (const { respond } of this.#early.values()) respond(terminateBody('item-not-found'))
    this.#held = []
    this.#early.clear()
    this.#speaker.silent()
  }
}
