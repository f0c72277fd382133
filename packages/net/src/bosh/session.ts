/**
 * One BOSH session as a {@link Transport} (XEP-0206 1.4): payloads of requests are what it reads, those of responses are what it writes.
 * Framing is that of a WebSocket, so the stream above knows nothing of HTTP.
 */
import type { Endpoint, TlsInfo, Transport, TransportSink } from '@tercet/stream'
import { parse } from '@tercet/xml'
import { TransportError } from '../error.ts'
import { tlsElsewhere } from '../tls-info.ts'
import { closeMessage, openMessage, type BoshCondition, type BoshRequest } from './body.ts'
import { Exchange, type Speaker } from './exchange.ts'
import { Rules } from './rules.ts'
import type { BoshTerms } from './terms.ts'

const encoder = new TextEncoder()

/** Text waiting beyond this many characters makes write() return false. */
const HIGH_WATER = 65_536

/** A response takes no more than this, or one stanza. */
const MAX_PAYLOAD = 262_144

/** One session. */
export class BoshSession implements Transport, Speaker {
  readonly framing = 'websocket'
  readonly remote: Endpoint
  readonly local: Endpoint = { address: '', port: 0 }
  readonly tls: TlsInfo | undefined
  readonly terms: BoshTerms
  readonly #forgotten: (session: BoshSession) => void
  readonly #exchange: Exchange
  readonly #rules: Rules
  #sink: TransportSink | undefined
  #error: Error | undefined
  #open = true
  #paused = false
  #delivering = false
  #full = false
  /** Messages for the stream, of requests that have had their turn. */
  #inbox: string[]
  #outgoing: string[] = []
  #outgoingCharacters = 0
  #header: readonly string[]

  /** @param forgotten called once when nobody can ask for the session any more */
  constructor(terms: BoshTerms, first: BoshRequest, forgotten: (session: BoshSession) => void) {
    this.terms = terms
    this.remote = terms.remote
    this.tls = terms.encrypted ? tlsElsewhere : undefined
    this.#forgotten = forgotten
    this.#header = first.header
    this.#inbox = [openMessage(first.header)]
    this.#rules = new Rules(terms, first)
    this.#exchange = new Exchange(terms, first.rid, this)
  }

  /** Takes a request of this session and gives the body of its response, now or later. */
  take(request: BoshRequest, signal: AbortSignal): Promise<string> {
    return this.#exchange.take(request, signal)
  }

  // As the stream sees it

  get polled(): boolean {
    return true
  }

  get buffered(): number {
    return this.#outgoingCharacters
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) throw new TransportError('protocol', 'The transport was started before')
    this.#sink = sink
    queueMicrotask(() => {
      if (this.#open) this.arrived()
      else sink.closed(this.#error)
    })
  }

  write(text: string): boolean {
    if (!this.#open) return true
    if (text.startsWith('<open ')) this.#opened(text)
    else if (text.startsWith('<close ')) this.#closing()
    else this.#say(text)
    return !this.#full
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    queueMicrotask(() => this.arrived())
  }

  upgrade(): Promise<void> {
    return Promise.reject(new TransportError('tls', 'STARTTLS does not exist over HTTP'))
  }

  /** What is unsent goes to the client with the end of the session, as soon as it asks. */
  close(): void {
    this.#end(this.#outgoing.some(isStreamError) ? 'remote-stream-error' : undefined)
  }

  destroy(error?: Error): void {
    this.#forget()
    this.#end('remote-connection-failed', error)
  }

  #opened(text: string): void {
    const header = parse(text)
    const [id, from] = [header.attr('id'), header.attr('from')]
    // The id of the stream is for legacy clients (XEP-0206 §4).
    if (id !== undefined) this.#exchange.greet('authid', id)
    if (from !== undefined && from !== '') this.#exchange.greet('from', from)
  }

  /** Of the two closing tags of a stream there is none over HTTP: the end of the session stands for both. */
  #closing(): void {
    this.#inbox.push(closeMessage)
    queueMicrotask(() => this.arrived())
  }

  #say(text: string): void {
    this.#outgoing.push(text)
    this.#outgoingCharacters += text.length
    this.#full ||= this.#outgoingCharacters > HIGH_WATER
    this.#exchange.pump()
  }

  // As the exchange sees it

  get speaks(): boolean {
    return this.#outgoing.length > 0
  }

  get idle(): boolean {
    return !this.#paused && this.#inbox.length === 0
  }

  takePayload(): string {
    let payload = ''
    let count = 0
    for (const text of this.#outgoing) {
      // The last response takes all that is left.
      if (this.#open && count > 0 && payload.length + text.length > MAX_PAYLOAD) break
      payload += text
      count++
    }
    if (count === 0) return ''
    this.#outgoing.splice(0, count)
    this.#outgoingCharacters -= payload.length
    this.#rules.answered()
    if (this.#full && this.#outgoing.length === 0) {
      this.#full = false
      queueMicrotask(() => {
        if (this.#open) this.#sink?.drained()
      })
    }
    return payload
  }

  /** Hands over what has arrived, in order, for as long as the stream takes it. */
  arrived(): void {
    if (this.#delivering || !this.#sink) return
    this.#delivering = true
    while (!this.#paused || !this.#open) {
      const message = this.#open ? this.#inbox.shift() : undefined
      if (message !== undefined) {
        this.#read(this.#sink, message)
        continue
      }
      const isWaiting = this.#exchange.waiting
      const request = this.#exchange.turn()
      if (!request) break
      this.#admit(request, isWaiting)
    }
    this.#delivering = false
    this.#exchange.pump()
  }

  broken(condition: BoshCondition): void {
    this.#forget()
    this.#end(condition, new TransportError('protocol', `The client broke a rule of BOSH: ${condition}`))
  }

  silent(): void {
    this.#end(undefined, new TransportError('timeout', 'The client has not asked for too long'))
    this.#forgotten(this)
  }

  #read(sink: TransportSink, message: string): void {
    try {
      sink.chunk(encoder.encode(message))
    } catch (cause) {
      this.#forget()
      this.#end('internal-server-error', cause instanceof Error ? cause : new Error('The reader failed', { cause }))
    }
  }

  #admit(request: BoshRequest, isWaiting: boolean): void {
    if (!this.#open) return
    const refusal = this.#rules.broken(request, isWaiting)
    if (refusal !== undefined) {
      this.broken(refusal)
      return
    }
    if (request.restarts) this.#inbox.push(openMessage(this.#restarted(request.header)))
    this.#inbox.push(...request.payloads)
    if (request.terminates) this.#inbox.push(closeMessage)
  }

  /** XEP-0206 §5: a restart need not repeat what the session began with. */
  #restarted(header: readonly string[]): readonly string[] {
    const merged = [...header]
    for (let i = 0; i < this.#header.length; i += 2)
      if (!merged.some((name, k) => k % 2 === 0 && name === this.#header[i]))
        merged.push(this.#header[i]!, this.#header[i + 1]!)
    return (this.#header = merged)
  }

  #forget(): void {
    this.#outgoing = []
    this.#outgoingCharacters = 0
  }

  #end(condition: BoshCondition | undefined, error?: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#error = error
    this.#inbox = []
    this.#exchange.end(condition)
    queueMicrotask(() => this.#sink?.closed(this.#error))
  }
}

function isStreamError(text: string): boolean {
  return text.startsWith('<stream:error')
}
