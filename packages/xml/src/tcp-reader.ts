/** The reader of a stream that is one XML document in a byte stream (RFC 6120 §4, §11). */
import { allocate } from '#platform'
import { CLASS, LT, SLASH, SPACE } from './bytes.ts'
import { contextOf, NEUTRAL } from './context.ts'
import type { Context } from './context.ts'
import { Cutter } from './cutter.ts'
import type { Cut } from './cutter.ts'
import { XmlError } from './error.ts'
import { readHeader } from './header.ts'
import { HAND_OVER } from './scan-characters.ts'
import { decodeUtf8, readWithSax, scanEnd, tryScan } from './read-fragment.ts'
import { configOf, HEADER_LIMITS } from './reader.ts'
import type { ReaderConfig, ReaderOptions, StreamEvent, StreamReader } from './reader.ts'
import { sameBytes } from './scan-names.ts'

const WHITESPACE: StreamEvent = { kind: 'whitespace' }
const CLOSE: StreamEvent = { kind: 'close' }

const HEADER = 0
const ELEMENTS = 1
const OVER = 2

/** Makes a reader for TCP; push any cut of the stream. */
export function tcpReader(options?: ReaderOptions): StreamReader {
  return new TcpReader(configOf(options))
}

/** An element of which not all bytes have come: they are collected here, in memory of our own. */
class Partial {
  bytes: Uint8Array
  length: number
  readonly cutter: Cutter
  /** The scan has seen something that it does not know. */
  readonly handedOver: boolean

  constructor(bytes: Uint8Array, cutter: Cutter, handedOver: boolean) {
    this.bytes = allocate(Math.max(256, 2 * bytes.length))
    this.bytes.set(bytes)
    this.length = bytes.length
    this.cutter = cutter
    this.handedOver = handedOver
  }

  /** Doubling keeps the cost of copying linear, however small the chunks. */
  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length
    if (length > this.bytes.length) {
      const larger = allocate(2 * length)
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
    }
    this.bytes.set(bytes, this.length)
    this.length = length
  }
}

class TcpReader implements StreamReader {
  handovers = 0
  scanned = 0
  private readonly config: ReaderConfig
  private context: Context = NEUTRAL
  private state = HEADER
  private chunk: Uint8Array | undefined
  private at = 0
  private end = 0
  private partial: Partial | undefined
  /** A new header is awaited on a stream that had one. */
  private again = false

  constructor(config: ReaderConfig) {
    this.config = config
    this.chunk = undefined
    this.partial = undefined
  }

  get pendingBytes(): number {
    return (this.partial?.length ?? 0) + this.end - this.at
  }

  push(chunk: Uint8Array): void {
    if (this.state === OVER) return
    // What the caller kept of an earlier chunk comes first.
    const kept = this.at < this.end ? this.chunk!.subarray(this.at, this.end) : undefined
    this.chunk = chunk
    this.at = 0
    this.end = chunk.length
    if (kept !== undefined) this.unread(kept)
  }

  next(): StreamEvent | undefined {
    try {
      return this.read()
    } catch (error) {
      this.finish()
      throw error
    }
  }

  restart(discard = false): void {
    this.state = HEADER
    this.again = true
    this.context = NEUTRAL
    const { partial } = this
    this.partial = undefined
    if (discard) this.drop()
    else if (partial !== undefined) this.unread(partial.bytes.subarray(0, partial.length))
  }

  keep(): void {
    if (this.at === this.end) return
    const kept = this.chunk!.subarray(this.at, this.end)
    this.drop()
    this.unread(kept)
  }

  private read(): StreamEvent | undefined {
    if (this.partial !== undefined) return this.readPartial(this.partial)
    const { chunk, at, end } = this
    if (chunk === undefined || at === end || this.state === OVER) {
      this.drop()
      return undefined
    }
    if (this.state === HEADER) {
      if (this.again && (CLASS[chunk[at]!]! & SPACE) !== 0) return this.skipSpace(chunk)
      this.again = false
      return this.cut('header', false)
    }
    const c = chunk[at]!
    if (c !== LT) return this.between(chunk, c)
    if (!this.config.scans || (at + 1 < end && chunk[at + 1] === SLASH)) return this.cut('element', !this.config.scans)
    const element = tryScan(chunk, at, end, this.context, this.config.limits)
    if (element === undefined) return this.cut('element', scanEnd === HAND_OVER)
    this.at = scanEnd
    this.scanned++
    return { kind: 'element', element }
  }

  /** White space is a keepalive (RFC 6120 §4.6.1); nothing else may stand between elements. */
  private between(chunk: Uint8Array, first: number): StreamEvent {
    const kind = CLASS[first]!
    if ((kind & SPACE) === 0) {
      if (kind === 0) throw new XmlError('not-well-formed', 'Not well-formed: a control character')
      throw new XmlError('bad-format', 'Character data between elements of a stream')
    }
    return this.skipSpace(chunk)
  }

  /** COMPAT(go-sendxmpp 0.5): a line break after the last element of the old stream stands before the new header. */
  private skipSpace(chunk: Uint8Array): StreamEvent {
    let { at } = this
    while (at < this.end && (CLASS[chunk[at]!]! & SPACE) !== 0) at++
    this.at = at
    return WHITESPACE
  }

  /** Finds the end of what begins here; what ends in a later chunk is copied. */
  private cut(cut: Cut, handedOver: boolean): StreamEvent | undefined {
    const chunk = this.chunk!
    const { at, end } = this
    const cutter = new Cutter(cut, cut === 'header' ? HEADER_LIMITS : this.config.limits)
    const length = cutter.advance(chunk, at, end)
    if (length < 0) {
      this.partial = new Partial(chunk.subarray(at, end), cutter, handedOver)
      this.drop()
      return undefined
    }
    this.at = at + length
    return this.complete(chunk, at, at + length, cutter, handedOver)
  }

  private readPartial(partial: Partial): StreamEvent | undefined {
    const { cutter } = partial
    while (this.at < this.end) {
      const take = Math.min(this.end - this.at, Math.max(256, partial.length))
      partial.append(this.chunk!.subarray(this.at, this.at + take))
      const length = cutter.advance(partial.bytes, 0, partial.length)
      this.at += take
      if (length < 0) continue
      this.at -= partial.length - length
      this.partial = undefined
      return this.complete(partial.bytes, 0, length, cutter, partial.handedOver)
    }
    this.drop()
    return undefined
  }

  private complete(b: Uint8Array, start: number, end: number, cutter: Cutter, handedOver: boolean): StreamEvent {
    if (this.state === HEADER) return this.header(b, start, end, cutter)
    if (cutter.closing) {
      if (!sameBytes(b, start + cutter.nameStart, start + cutter.nameEnd, this.context.tag)) {
        throw new XmlError('not-well-formed', 'Not well-formed: an end tag that does not match')
      }
      this.finish()
      return CLOSE
    }
    const { limits, scans } = this.config
    const scannedNow = handedOver ? undefined : tryScan(b, start, end, this.context, limits)
    if (scannedNow !== undefined) {
      this.scanned++
      return { kind: 'element', element: scannedNow }
    }
    if (scans) this.handovers++
    return { kind: 'element', element: readWithSax(b, start, end, this.context, limits) }
  }

  private header(b: Uint8Array, start: number, end: number, cutter: Cutter): StreamEvent {
    const { header, bindings, tag } = readHeader(decodeUtf8(b, start, end), cutter)
    this.context = contextOf(tag, header.contentNs, bindings)
    this.state = ELEMENTS
    return { kind: 'open', header }
  }

  /** Puts bytes before those that are still to be read. */
  private unread(bytes: Uint8Array): void {
    const joined = allocate(bytes.length + this.end - this.at)
    joined.set(bytes)
    if (this.chunk !== undefined) joined.set(this.chunk.subarray(this.at, this.end), bytes.length)
    this.chunk = joined
    this.at = 0
    this.end = joined.length
  }

  private drop(): void {
    this.chunk = undefined
    this.at = this.end = 0
  }

  private finish(): void {
    this.state = OVER
    this.partial = undefined
    this.drop()
  }
}
