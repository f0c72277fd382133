/**
 * BOSH as a {@link Transport}, from the client's side (XEP-0124 1.11.2, XEP-0206 1.4): two requests take turns, one of which waits at the
 * server for something to say. For where WebSockets do not come through.
 */

import type { Endpoint, TlsInfo, Transport, TransportSink } from '@tercet/stream'
import { CONTENT, Element, escapeAttr, FRAMING, parse, STREAMS, writeAttrs, writeFirstLevel } from '@tercet/xml'
import { ClientError } from './error.ts'

const NS = 'http://jabber.org/protocol/httpbind'
const XBOSH = 'urn:xmpp:xbosh'
const encoder = new TextEncoder()
const unknown: Endpoint = { address: '', port: 0 }

/** Longest time that a request waits at the server, in seconds. */
const WAIT = 60
const RETRY_MS = 1000

/** The platform's own, or one for tests. */
type Fetch = typeof fetch

/** One session with a connection manager. Its TLS is below and not to be seen. */
export class BoshTransport implements Transport {
  readonly framing = 'websocket'
  readonly remote: Endpoint
  readonly local = unknown
  readonly tls: TlsInfo | undefined = undefined
  readonly #url: string
  readonly #fetch: Fetch
  readonly #gone = new AbortController()
  #sink: TransportSink | undefined
  #error: Error | undefined
  #closed = false
  #paused = false
  #held: string[] = []
  #outgoing: string[] = []
  #sending = false
  #sid: string | undefined
  #requests = 1
  #inactivityMs = WAIT * 1000
  #rid = firstRid()
  #underWay = 0
  /** The id whose response is read next, and those that came before their turn. */
  #due = this.#rid
  readonly #early = new Map<number, Element>()
  /** Attributes for the next request. */
  #attrs = ''
  /** The header of a stream is due, which no answer has: its features or its error stand for it. */
  #opening = false
  /** What such a header says. */
  #header: string[] = ['version', '1.0']
  #terminating = false

  constructor(url: string, fetch: Fetch = globalThis.fetch) {
    this.#url = url
    this.#fetch = fetch.bind(globalThis)
    const { hostname, port, protocol } = new URL(url)
    this.remote = { address: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
  }

  get buffered(): number {
    return this.#outgoing.reduce((sum, text) => sum + text.length, 0)
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    queueMicrotask(() => this.#deliver())
  }

  write(text: string): boolean {
    if (this.#closed || this.#terminating) return true
    if (text.startsWith('<open ')) this.#begin(text)
    else if (text.startsWith('<close ')) {
      this.#attrs += " type='terminate'"
      this.#terminating = true
    } else this.#outgoing.push(text)
    this.#sendSoon()
    return true
  }

  /** Messages are kept meanwhile: the next request is late then, but at most two are under way. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    queueMicrotask(() => this.#deliver())
  }

  /** Rejects: BOSH has its TLS below (XEP-0206 §2). */
  upgrade(): Promise<void> {
    return Promise.reject(new TypeError('STARTTLS does not exist over HTTP'))
  }

  close(): void {
    if (!this.#terminating && !this.#closed) this.write('<close ')
    // The answer to the end is worth waiting for, but not long.
    setTimeout(() => this.#end(), RETRY_MS)
  }

  destroy(): void {
    this.#end()
  }

  /** A stream header: the first one creates the session, later ones are restarts (XEP-0206 §3, §5). */
  #begin(text: string): void {
    const header = parse(text)
    const attrs: string[] = []
    for (const name of ['to', 'from', 'xml:lang']) {
      const value = header.attr(name)
      if (value !== undefined) attrs.push(name, value)
    }
    const isRestart = this.#sid !== undefined
    this.#attrs = writeAttrs(attrs)
    this.#attrs += isRestart
      ? ` xmlns:xmpp='${XBOSH}' xmpp:restart='true'`
      : ` xmlns:xmpp='${XBOSH}' xmpp:version='1.0' ver='1.11' hold='1' wait='${WAIT}'`
    this.#opening = true
  }

  #sendSoon(): void {
    if (this.#sending) return
    this.#sending = true
    // What one turn writes is one request.
    queueMicrotask(() => {
      this.#sending = false
      this.#send()
    })
  }

  #send(): void {
    const hasNews = this.#outgoing.length > 0 || this.#attrs !== ''
    // §11: nothing to say is only said when nobody waits; nothing is said before the session has a name.
    const most = this.#sid === undefined ? 1 : hasNews ? this.#requests + (this.#terminating ? 1 : 0) : 1
    if (this.#closed || this.#underWay >= most || (this.#sid === undefined && this.#attrs === '')) return
    const rid = this.#rid++
    const sid = this.#sid === undefined ? '' : ` sid='${escapeAttr(this.#sid)}'`
    const body = `<body xmlns='${NS}' rid='${rid}'${sid}${this.#attrs}>${this.#outgoing.join('')}</body>`
    this.#outgoing = []
    this.#attrs = ''
    this.#underWay++
    void this.#post(rid, body)
  }

  /** Sends a request until it is answered: the same one again is harmless (§14.3). */
  async #post(rid: number, body: string): Promise<void> {
    const { signal } = this.#gone
    for (let failedMs = 0; !this.#closed;) {
      try {
        const response = await this.#fetch(this.#url, {
          method: 'POST',
          body,
          headers: { 'content-type': 'text/xml; charset=utf-8' },
          credentials: 'omit',
          signal,
        })
        if (!response.ok) throw new ClientError('unavailable', `${this.#url} answers with status ${response.status}`)
        const answer = parse(await response.text())
        // §17.3: another copy of this request was answered, or nothing was.
        if (answer.attr('type') !== 'error') {
          this.#answered(rid, answer)
          return
        }
      } catch (error) {
        failedMs ||= performance.now()
        if (this.#sid === undefined || performance.now() - failedMs > this.#inactivityMs) {
          this.#end(new ClientError('unavailable', `${this.#url} cannot be reached`, { cause: error }))
          return
        }
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  #answered(rid: number, answer: Element): void {
    this.#underWay--
    this.#early.set(rid, answer)
    for (let next = this.#early.get(this.#due); next; next = this.#early.get(this.#due)) {
      this.#early.delete(this.#due)
      this.#due++
      this.#take(next)
    }
    this.#deliver()
    this.#sendSoon()
  }

  #take(answer: Element): void {
    if (this.#sid === undefined) {
      this.#sid = answer.attr('sid')
      this.#requests = Number(answer.attr('requests') ?? 1)
      this.#inactivityMs = Number(answer.attr('inactivity') ?? WAIT) * 1000
    }
    const [id, from] = [answer.attr('authid'), answer.attr('from')]
    if (id !== undefined) this.#header.push('id', id)
    if (from !== undefined) this.#header.push('from', from)
    const payloads = answer.elements()
    for (const payload of payloads) {
      if (this.#opening && payload.ns === STREAMS) {
        this.#opening = false
        this.#held.push(`<open xmlns='${FRAMING}'${writeAttrs(this.#header)}/>`)
      }
      this.#held.push(writeFirstLevel(qualified(payload), 'websocket'))
    }
    if (answer.attr('type') === 'terminate') {
      const condition = answer.attr('condition')
      if (condition !== undefined && payloads.length === 0)
        this.#error ??= new ClientError('disconnected', `The server has ended the session: ${condition}`)
      this.#held.push('')
    }
  }

  #deliver(): void {
    while (this.#sink && !this.#paused && !this.#closed) {
      const message = this.#held.shift()
      if (message === undefined) return
      if (message === '') this.#end(this.#error)
      else this.#sink.chunk(encoder.encode(message))
    }
  }

  #end(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#held = []
    this.#gone.abort()
    this.#sink?.closed(error ?? this.#error)
  }
}

/** XEP-0206 §2: some servers leave out the namespace of stanzas. */
function qualified(element: Element): Element {
  if (element.ns !== NS) return element
  const children = element.children.map(child => (typeof child === 'string' ? child : qualified(child)))
  return new Element(element.name, CONTENT, element.attrs, children)
}

/** §14.1: large, random, and far from 2^53 for as long as any session lasts. */
function firstRid(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high & 0xfffff) * 0x1_0000_0000 + low + 1
}
