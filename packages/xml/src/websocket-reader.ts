/** The reader of a stream in WebSocket messages, one self-contained element in each (RFC 7395 §3; XEP-0468 0.1.0). */
import { allocate } from '#platform'
import { CLASS, LT, SPACE } from './bytes.ts'
import { messageContext, type Context } from './context.ts'
import { Cutter } from './cutter.ts'
import { XmlError } from './error.ts'
import type { Fragment } from './fragment.ts'
import { CONTENT, framingNs } from './ns.ts'
import { readWithSax, scanEnd, tryScan } from './read-fragment.ts'
import { configOf, StreamHeader } from './reader.ts'
import type { ReaderConfig, ReaderOptions, StreamEvent, StreamReader } from './reader.ts'

const HEADER = 0
const ELEMENTS = 1
const OVER = 2

/** Makes a reader for WebSocket; push whole messages. @param contentNs of its stanzas: `jabber:client` or `jabber:server` */
export function websocketReader(options?: ReaderOptions, contentNs: string = CONTENT): StreamReader {
  return new WebSocketReader(configOf(options), messageContext(contentNs))
}

class WebSocketReader implements StreamReader {
  handovers = 0
  scanned = 0
  private readonly config: ReaderConfig
  private readonly context: Context
  private state = HEADER
  private message: Uint8Array | undefined
  /** Messages that came while an earlier one was unread. */
  private queue: Uint8Array[] | undefined

  constructor(config: ReaderConfig, context: Context) {
    this.config = config
    this.context = context
    this.message = undefined
    this.queue = undefined
  }

  get pendingBytes(): number {
    let bytes = this.message?.length ?? 0
    for (const message of this.queue ?? []) bytes += message.length
    return bytes
  }

  push(message: Uint8Array): void {
    if (this.state === OVER) return
    if (this.message === undefined) this.message = message
    else (this.queue ??= []).push(message)
  }

  next(): StreamEvent | undefined {
    const { message } = this
    if (message === undefined) return undefined
    this.message = this.queue?.shift()
    if (this.queue?.length === 0) this.queue = undefined
    try {
      return this.event(this.read(message))
    } catch (error) {
      this.finish()
      throw error
    }
  }

  restart(discard = false): void {
    this.state = HEADER
    if (discard) this.message = this.queue = undefined
  }

  keep(): void {
    if (this.message !== undefined) this.message = copy(this.message)
    this.queue = this.queue?.map(copy)
  }

  private read(message: Uint8Array): Fragment {
    const { limits, scans } = this.config
    // No white space before the element, and no keepalives of it (RFC 7395 §3.3.3, §3.8).
    if (message[0] !== LT) throw new XmlError('not-well-formed', 'A message that does not begin with <')
    const element = scans ? tryScan(message, 0, message.length, this.context, limits) : undefined
    if (element !== undefined) {
      this.scanned++
      checkRest(message, scanEnd)
      return element
    }
    const cutter = new Cutter('element', limits)
    const length = cutter.advance(message, 0, message.length)
    if (length < 0 || cutter.closing) throw new XmlError('not-well-formed', 'A message that is not one whole element')
    checkRest(message, length)
    if (scans) this.handovers++
    return readWithSax(message, 0, length, this.context, limits)
  }

  private event(element: Fragment): StreamEvent {
    const { name, ns, attrs } = element
    const { contentNs } = this.context
    const framed = ns === framingNs(contentNs)
    if (framed && name === 'close') {
      this.finish()
      const seeOtherUri = element.attr('see-other-uri')
      return seeOtherUri === undefined ? { kind: 'close' } : { kind: 'close', seeOtherUri }
    }
    if (this.state === ELEMENTS) {
      if (!framed) return { kind: 'element', element }
      throw new XmlError('bad-format', 'A stream header inside a stream')
    }
    if (!framed) throw new XmlError('invalid-namespace', 'The first message is not in the framed stream namespace')
    if (name !== 'open') throw new XmlError('bad-format', 'The first message is not <open/>')
    this.state = ELEMENTS
    return { kind: 'open', header: new StreamHeader(name, ns, contentNs, '', attrs) }
  }

  private finish(): void {
    this.state = OVER
    this.message = this.queue = undefined
  }
}

// Not slice(): on a Buffer that is a view of the same memory.
function copy(message: Uint8Array): Uint8Array {
  const copied = allocate(message.length)
  copied.set(message)
  return copied
}

function checkRest(message: Uint8Array, from: number): void {
  for (let i = from; i < message.length; i++) {
    if ((CLASS[message[i]!]! & SPACE) === 0)
      throw new XmlError('not-well-formed', 'A message with more than one element')
  }
}
