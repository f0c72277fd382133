/** How a stream is opened, filled and closed on each framing (RFC 6120 §4.7, §4.4; RFC 7395 §3.3–3.6; XEP-0468 0.1.0). */
import type { Element } from './element.ts'
import { escapeAttr } from './escape.ts'
import { isLocalName } from './names.ts'
import { CONTENT, framingNs, STREAMS } from './ns.ts'
import { write, writeAttrs, writeChildren } from './write.ts'

/** How stanzas are delimited: by the stream's XML on TCP, by messages on a WebSocket. */
export type Framing = 'tcp' | 'websocket'

/** A stream header to be written. */
export interface OpenTag {
  readonly framing: Framing
  /** The stream's content namespace; on a WebSocket it decides on that of `<open/>`. Default `jabber:client`. */
  readonly contentNs?: string
  /** Flat `[name, value…]`: `to`, `from`, `id`, `version`, `xml:lang`. */
  readonly attrs?: readonly string[]
  /** More prefixes to declare, flat `[prefix, namespace…]`: `db` for dialback. TCP only. */
  readonly namespaces?: readonly string[]
  /** Writes an XML declaration before it. Default true. TCP only. */
  readonly declaration?: boolean
}

/**
 * The text that opens a stream.
 *
 * @throws {TypeError} as {@link write}
 */
export function openTag(open: OpenTag): string {
  const { framing, contentNs = CONTENT, attrs = [], namespaces = [], declaration = true } = open
  if (framing === 'websocket') return `<open xmlns='${framingNs(contentNs)}'${writeAttrs(attrs)}/>`
  let text = declaration ? "<?xml version='1.0'?>" : ''
  text += `<stream:stream xmlns='${escapeAttr(contentNs)}' xmlns:stream='${STREAMS}'`
  for (let i = 0; i < namespaces.length; i += 2) text += declare(namespaces[i]!, namespaces[i + 1]!)
  return text + writeAttrs(attrs) + '>'
}

/** How a stream on a WebSocket is closed. */
export interface CloseTag {
  /** The stream's content namespace. Default `jabber:client`. */
  readonly contentNs?: string
  /** Another address to go to (RFC 7395 §3.6.1). */
  readonly seeOtherUri?: string
}

/** The text that closes a stream. */
export function closeTag(framing: Framing, { contentNs = CONTENT, seeOtherUri }: CloseTag = {}): string {
  if (framing === 'tcp') return '</stream:stream>'
  const uri = seeOtherUri === undefined ? '' : ` see-other-uri='${escapeAttr(seeOtherUri)}'`
  return `<close xmlns='${framingNs(contentNs)}'${uri}/>`
}

/**
 * The text of a first-level element: on a WebSocket it declares its namespace, and `<features/>` and `<error/>` of the stream
 * carry the prefix `stream`, which older peers compare (RFC 6120 §4.8.5).
 *
 * @throws {TypeError} as {@link write}
 */
export function writeFirstLevel(element: Element, framing: Framing): string {
  // Around it the stream's content namespace is the default one on TCP, and none on a WebSocket.
  const outerNs = framing === 'tcp' ? CONTENT : ''
  const { name, ns, attrs, children } = element
  if (ns !== STREAMS) return write(element, outerNs)
  if (!isLocalName(name)) throw new TypeError(`Not the name of an element: ${JSON.stringify(name)}`)
  let text = '<stream:' + name
  if (framing === 'websocket') text += ` xmlns:stream='${STREAMS}'`
  text += writeAttrs(attrs)
  if (children.length === 0) return text + '/>'
  return text + '>' + writeChildren(children, outerNs) + '</stream:' + name + '>'
}

function declare(prefix: string, ns: string): string {
  if (!isLocalName(prefix)) throw new TypeError(`Not a prefix: ${JSON.stringify(prefix)}`)
  return ` xmlns:${prefix}='${escapeAttr(ns)}'`
}
