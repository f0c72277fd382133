/** An XML stream over a transport: one reader in, one buffer out, and an orderly end (RFC 6120 §4). */

import { StreamError, streamError } from '@tercet/stanza'
import {
  closeTag,
  openTag,
  STREAMS,
  tcpReader,
  websocketReader,
  type ReaderOptions,
  type StreamEvent,
  type StreamReader,
} from '@tercet/xml'
import { asStreamError, writeError } from './errors.ts'
import { later, type FlushList } from './flush.ts'
import { keepOne } from './kept.ts'
import { Pace, type Gaps } from './pace.ts'
import type { TimerWheel } from './timers.ts'
import type { TlsContext, Transport, TransportSink } from './transport.ts'

/** Takes what a stream reads. A stream has one handler at a time; negotiation hands over to the session by replacing it. */
export interface StreamHandler {
  /**
   * One event, in order. While a returned promise is pending nothing more is read. What is thrown ends this stream: a `StreamError` as it
   * is, anything else as `<internal-server-error/>`.
   */
  event(event: StreamEvent): void | Promise<void>
  /** `stream` is over; comes once, last. `error` is why, if it was not an orderly end. */
  closed(error: Error | undefined, stream: Stream): void
  /** A bug was caught and the stream closed: log it. */
  failed(error: unknown): void
}

/** What all streams of a process share. */
export interface StreamSurroundings {
  readonly flushList: FlushList
  readonly wheel: TimerWheel
  /** Unwritten characters above which a stream is cut off, default 8 Mi. */
  readonly maxUnwritten?: number
  /**
   * Bytes that a peer has not taken above which nothing is read from it: who asks and does not read the answers is slowed down by TCP. Not
   * for peers that do the same, since two of them could wait for each other. Default: it is read.
   */
  readonly maxUnread?: number
  /** How long to wait for the peer's closing tag, default 5,000. */
  readonly closeMs?: number
  /** A stream is over. */
  gone?(stream: Stream): void
}

const MAX_UNWRITTEN = 8 * 1024 * 1024
const CLOSE_MS = 5000
const idle: StreamHandler = { event: () => {}, closed: () => {}, failed: () => {} }

/** One stream is read for so long before others have their turn; looked at after so many events. */
const SLICE_MS = 3
const EVENTS = 32

const NO_NAMESPACES: readonly string[] = []

/** Attributes of our stream header, flat: `['from', 'a.test', 'id', '…']`. */
export type HeaderAttributes = readonly string[]

/** `open`: in use. `closing`: our closing tag is sent, the peer's is awaited. `over`: nothing is read or written any more. */
type State = 'open' | 'closing' | 'over'

/** One stream. Small on purpose: an idle session is this object, its transport, and its handler. */
export class Stream implements TransportSink {
  readonly transport: Transport
  /** Our stream id, as the peer was told; empty before the first header. */
  id = ''
  /** When bytes last arrived, in milliseconds of the wheel. */
  heardMs: number
  handler: StreamHandler
  /** The header to answer with when an error comes before one was sent (RFC 6120 §4.9.1.2). */
  fallbackHeader: HeaderAttributes = []
  /** The content namespace of this stream. */
  readonly contentNs: string
  /** More prefixes that our header declares, flat `[prefix, namespace…]`. */
  readonly #namespaces: readonly string[]
  readonly #around: StreamSurroundings
  readonly #reader: StreamReader
  #out = ''
  #pace: Pace | undefined
  #queued = false
  #waiting = false
  /** Set: nothing is read until the peer has taken what it was sent. */
  #stalled: (() => void) | undefined
  #ended = false
  /** When this stream's turn to be read began; `Infinity`: the next one begins when it goes on. */
  #sliceMs = 0
  #headerSent = false
  /** One end has closed the stream, or ended it with an error. */
  #parted = false
  #state: State = 'open'
  #error: Error | undefined

  /** @param handler undefined: events are discarded until there is one, as negotiation sets it */
  constructor(
    transport: Transport,
    handler: StreamHandler | undefined,
    around: StreamSurroundings,
    options: { reader?: ReaderOptions; contentNs?: string; namespaces?: readonly string[] } = {},
  ) {
    this.transport = transport
    this.handler = handler ?? idle
    this.#around = around
    this.contentNs = options.contentNs ?? 'jabber:client'
    this.#namespaces = options.namespaces ?? NO_NAMESPACES
    this.#reader =
      transport.framing === 'tcp' ? tcpReader(options.reader) : websocketReader(options.reader, this.contentNs)
    this.heardMs = around.wheel.now
  }

  /** Begins to read. */
  start(): void {
    this.transport.start(this)
  }

  /** False once a closing tag was sent or the transport is gone. */
  get open(): boolean {
    return this.#state === 'open'
  }

  /** Of a stream that is over: nobody has ended it, its connection was lost. */
  get lost(): boolean {
    return !this.#parted
  }

  get headerSent(): boolean {
    return this.#headerSent
  }

  /** First-level elements that each reader took, for metrics. */
  get readers(): { scanned: number; handedOver: number } {
    return { scanned: this.#reader.scanned, handedOver: this.#reader.handovers }
  }

  /** Sends our stream header; the id becomes the stream's id. An initiator sends none, `''` (RFC 6120 §4.7.3). */
  sendHeader(id: string, attrs: HeaderAttributes): void {
    this.id = id
    this.#headerSent = true
    const all = id === '' ? attrs : [...attrs, 'id', id]
    const { framing } = this.transport
    this.send(openTag({ framing, contentNs: this.contentNs, namespaces: this.#namespaces, attrs: all }))
  }

  /**
   * Sends wire text: one whole stanza or nonza in the neutral form, where the content namespace is inherited. It leaves with the next
   * flush.
   */
  send(text: string): void {
    if (this.#state !== 'open') return
    if (this.transport.framing === 'websocket') {
      // One message each (RFC 7395 §3.3), which inherits nothing.
      this.transport.write(qualify(text, this.contentNs))
    } else {
      this.#out += text
    }
    if (this.#queued) return
    this.#queued = true
    this.#around.flushList.add(this)
  }

  /**
   * From now on writes are at least a gap apart, unless much is to be written or the stream ends: for streams that carry the stanzas of many,
   * where each write wakes somebody up. The first one after a pause leaves at once.
   */
  pace(gaps: Gaps): void {
    this.#pace = new Pace(gaps, () => this.#write())
  }

  /** What was sent since the last write, or is sent now, is waited for: the shorter gap counts. */
  hurry(): void {
    this.#pace?.hurry()
  }

  /** Characters that the peer has not taken yet. */
  get unwritten(): number {
    return this.#out.length + this.transport.buffered
  }

  flush(): void {
    this.#queued = false
    if (this.#pace?.holds(this.#out.length) !== true) this.#write()
  }

  #write(): void {
    const text = this.#out
    this.#out = ''
    if (this.#state === 'over') return
    if (text !== '') {
      this.#pace?.wrote()
      this.transport.write(text)
    }
    if (this.transport.buffered > (this.#around.maxUnwritten ?? MAX_UNWRITTEN)) {
      this.#cut(new StreamError('resource-constraint', { text: 'The peer does not read' }))
    }
  }

  /** Starts TLS on the connection and forgets everything that came before it (RFC 6120 §5.4.3.3). */
  async upgrade(context: TlsContext): Promise<void> {
    this.#write()
    this.#reader.restart(true)
    await this.transport.upgrade(context)
    this.#reader.restart(true)
    this.#headerSent = false
  }

  /** The peer will send a new header on the same connection (RFC 6120 §4.3.3). */
  restart(): void {
    this.#reader.restart(false)
    this.#headerSent = false
  }

  /** Ends the stream in order: our closing tag, then the peer's, within a bounded time (RFC 6120 §4.4). */
  close(): void {
    if (this.#state !== 'open') return
    this.#sendClose('')
    this.#state = 'closing'
    this.#around.wheel.add(
      { due: () => (this.#state === 'over' ? 0 : (this.#finish(), 0)) },
      this.#around.wheel.now + (this.#around.closeMs ?? CLOSE_MS),
    )
  }

  /** Ends the stream in order without waiting for the peer's closing tag. */
  end(): void {
    if (this.#state !== 'open') return
    this.#sendClose('')
    this.#finish()
  }

  /** Ends the stream with an error; nothing is read after it (RFC 6120 §4.9.1.1). */
  fail(error: StreamError): void {
    if (this.#state !== 'open') return
    this.#error = error
    this.#sendClose(writeError(error, this.transport.framing))
    this.#finish()
  }

  /** Drops the connection without a word. */
  destroy(error?: Error): void {
    if (this.#state === 'over') return
    this.#error ??= error
    this.#state = 'over'
    this.transport.destroy()
  }

  // What the transport tells

  chunk(bytes: Uint8Array): void {
    if (this.#state === 'over') return
    this.heardMs = this.#around.wheel.now
    this.#sliceMs = performance.now()
    this.#reader.push(bytes)
    if (this.#waiting) {
      // Held for the handler; the peer is slowed down by not being read.
      this.#reader.keep()
      this.transport.pause()
      return
    }
    this.#around.flushList.enter()
    try {
      this.#read()
    } finally {
      this.#around.flushList.leave()
    }
  }

  drained(): void {
    const goOn = this.#stalled
    this.#stalled = undefined
    goOn?.()
  }

  ended(): void {
    this.#ended = true
    // What has arrived before is still handled, one by one.
    if (!this.#waiting) this.#finish()
  }

  closed(error?: Error): void {
    this.#state = 'over'
    this.#out = ''
    this.#around.gone?.(this)
    this.handler.closed(this.#error ?? error, this)
  }

  /** Hands events over until there is none, or the handler wants to wait. */
  #read(): 'read' | 'waiting' {
    if (this.#stalls()) return 'waiting'
    try {
      for (let count = 1; ; count++) {
        if (this.#state === 'over') return 'read'
        if (count % EVENTS === 0 && performance.now() - this.#sliceMs > SLICE_MS) {
          this.#sliceMs = Infinity
          this.#wait(new Promise(resolve => later(resolve)))
          return 'waiting'
        }
        const event = this.#reader.next()
        if (event === undefined) return 'read'
        keepOne(event, this.heardMs)
        if (this.#state === 'closing') {
          if (event.kind === 'close') this.#finish()
          continue
        }
        // A keep-alive (RFC 6120 §4.6.1). Clients that break lines send it during SASL as well, where it does no harm.
        if (event.kind === 'whitespace') continue
        if (event.kind === 'element' && event.element.ns === STREAMS && event.element.name === 'error') {
          // RFC 6120 §4.9.1.1: whatever it says, the stream is over; the peer's closing tag may or may not follow.
          this.#parted = true
          this.#error = streamError.read(event.element.toElement())
          this.end()
          return 'read'
        }
        if (event.kind === 'close') this.#parted = true
        const pending = this.handler.event(event)
        if (event.kind === 'close') {
          // What is still due comes before our own closing tag (RFC 6120 §4.4).
          if (pending)
            pending.then(
              () => this.end(),
              (error: unknown) => this.#refuse(error),
            )
          else this.end()
          return 'waiting'
        }
        if (pending) {
          this.#wait(pending)
          return 'waiting'
        }
      }
    } catch (error) {
      this.#refuse(error)
      return 'read'
    }
  }

  /** Who does not read is not read either. */
  #stalls(): boolean {
    const { transport } = this
    if (transport.buffered <= (this.#around.maxUnread ?? Infinity) || transport.polled) return false
    this.#wait(new Promise(resolve => (this.#stalled = resolve)))
    return true
  }

  #wait(pending: Promise<void>): void {
    this.#waiting = true
    this.#reader.keep()
    pending.then(
      () => this.#goOn(),
      (error: unknown) => this.#giveUp(error),
    )
  }

  #goOn(): void {
    const now = performance.now()
    // Handlers that wait for nothing but each other would keep everybody else from the loop for as long as there is input.
    if (now - this.#sliceMs > SLICE_MS) {
      this.#sliceMs = Infinity
      later(() => this.#goOn())
      return
    }
    if (this.#sliceMs === Infinity) this.#sliceMs = now
    this.#waiting = false
    if (this.#state === 'over') return
    // Outside of a chunk: what this causes leaves once per tick, together with what other streams cause then.
    if (this.#read() === 'waiting') return
    if (this.#ended) this.#finish()
    else this.transport.resume()
  }

  #giveUp(error: unknown): void {
    this.#waiting = false
    this.#refuse(error)
  }

  #refuse(error: unknown): void {
    const streamError = asStreamError(error)
    if (streamError.condition === 'internal-server-error') this.handler.failed(error)
    if (this.#state === 'open') this.fail(streamError)
    else this.#finish()
  }

  #sendClose(before: string): void {
    this.#parted = true
    if (!this.#headerSent) this.sendHeader(this.id, this.fallbackHeader)
    if (before !== '') this.send(before)
    this.send(closeTag(this.transport.framing, this))
    this.#write()
  }

  #finish(): void {
    if (this.#state === 'over') return
    this.#write()
    this.#state = 'over'
    this.transport.close()
  }

  #cut(error: StreamError): void {
    this.#error = error
    this.#state = 'over'
    this.transport.destroy()
  }
}

/** Gives a first-level stanza its namespace; nonzas carry their own. */
function qualify(text: string, contentNs: string): string {
  const end = text.startsWith('<message') ? 8 : text.startsWith('<presence') ? 9 : text.startsWith('<iq') ? 3 : 0
  return end === 0 ? text : `${text.slice(0, end)} xmlns='${contentNs}'${text.slice(end)}`
}
