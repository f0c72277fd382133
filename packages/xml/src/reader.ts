/** What a reader of streams offers, whatever the transport: bytes go in, headers, elements and the end come out. */
import type { Fragment } from './fragment.ts'
import { completeLimits, DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { valueOf } from './element.ts'

/** The opening of a stream: `<stream:stream>` on TCP, `<open/>` on a WebSocket. */
export class StreamHeader {
  readonly name: string
  readonly ns: string
  /** The content namespace that the peer declared; on a WebSocket that of the reader. */
  readonly contentNs: string
  /** The prefix of the root, usually `stream`; empty on a WebSocket. */
  readonly prefix: string
  /** Flat `[name, value…]`, decoded, without namespace declarations. */
  readonly attrs: readonly string[]

  constructor(name: string, ns: string, contentNs: string, prefix: string, attrs: readonly string[]) {
    this.name = name
    this.ns = ns
    this.contentNs = contentNs
    this.prefix = prefix
    this.attrs = attrs
  }

  /** The value of an attribute: `to`, `version`, `xml:lang`. */
  attr(name: string): string | undefined {
    return valueOf(this.attrs, name)
  }
}

/** What a stream consists of. */
export type StreamEvent =
  | { readonly kind: 'open'; readonly header: StreamHeader }
  | { readonly kind: 'element'; readonly element: Fragment }
  /** The peer's end of the stream; on a WebSocket perhaps with another address to go to (RFC 7395 §3.6.1). */
  | { readonly kind: 'close'; readonly seeOtherUri?: string }
  /** White space between elements, a keepalive (RFC 6120 §4.6.1); runs are one event. */
  | { readonly kind: 'whitespace' }

/** One direction of a stream. Holds neither parser nor decoder nor bytes while no element is half read. */
export interface StreamReader {
  /**
   * Takes bytes of the stream: any cut of it on TCP, one whole message on a WebSocket. They are read in place, so they must
   * stay unchanged until `next` has returned undefined, or `keep` was called.
   */
  push(chunk: Uint8Array): void
  /**
   * The next event, or undefined when more bytes are needed.
   *
   * @throws {XmlError} the stream is beyond repair; nothing more is read from it
   */
  next(): StreamEvent | undefined
  /** Expects a new header, after TLS or SASL. With `discard` unread bytes are dropped, as STARTTLS wants (RFC 6120 §5.4.3.3). */
  restart(discard?: boolean): void
  /** Copies unread bytes, since the caller has to wait and the transport wants its buffer back. */
  keep(): void
  /** Elements that the sax reader had to read although the scan was to. */
  readonly handovers: number
  /** Elements that the scan read. */
  readonly scanned: number
  /** Bytes held, read or not. */
  readonly pendingBytes: number
}

/** How a reader reads. One options object for many readers lets them share what follows from it. */
export interface ReaderOptions {
  /** `scan` (default) tries the byte scan first; `sax` reads everything with sax and forwards nothing verbatim. */
  readonly framing?: 'scan' | 'sax'
  readonly limits?: Limits
}

/** Options completed. */
export interface ReaderConfig {
  readonly scans: boolean
  readonly limits: Required<Limits>
}

/** A stream header is short, whatever a stanza may be. */
export const HEADER_LIMITS: Required<Limits> = { ...DEFAULT_LIMITS, maxBytes: 16_384 }

const configs = new WeakMap<ReaderOptions, ReaderConfig>()
const defaults = complete({})

/** Completes options, once for each object. */
export function configOf(options: ReaderOptions | undefined): ReaderConfig {
  if (options === undefined) return defaults
  const config = configs.get(options) ?? complete(options)
  configs.set(options, config)
  return config
}

function complete(options: ReaderOptions): ReaderConfig {
  return { scans: options.framing !== 'sax', limits: completeLimits(options.limits) }
}
