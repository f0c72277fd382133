/** What a stream header decides for the elements that follow it. */
import { CONTENT, STREAMS } from './ns.ts'

/** The namespaces in scope of a first-level element. */
export interface Context {
  /** Qualified name of the stream's root, which its end tag repeats; empty on a WebSocket. */
  readonly tag: string
  /** The stream's content namespace, which becomes {@link CONTENT} in memory. */
  readonly contentNs: string
  /** Declarations in scope, flat `[prefix, namespace…]`; the prefix of the default namespace is `''`. */
  readonly bindings: readonly string[]
}

function usual(contentNs: string): Context {
  return { tag: 'stream:stream', contentNs, bindings: ['', contentNs, 'stream', STREAMS] }
}

// Almost every stream has one of these, so an idle reader shares them.
const CLIENT = usual(CONTENT)
const SERVER = usual('jabber:server')

/** Text that stands for itself, between elements of the content namespace. */
export const NEUTRAL: Context = { tag: '', contentNs: CONTENT, bindings: ['', CONTENT] }

// A WebSocket message has nothing around it (RFC 7395 §3.3.3).
const CLIENT_MESSAGE: Context = { tag: '', contentNs: CONTENT, bindings: [] }
const SERVER_MESSAGE: Context = { tag: '', contentNs: SERVER.contentNs, bindings: [] }

/** The context of all messages of a WebSocket: between servers stanzas are in `jabber:server` (XEP-0468 §2). */
export function messageContext(contentNs: string): Context {
  return contentNs === SERVER.contentNs ? SERVER_MESSAGE : CLIENT_MESSAGE
}

/** The context of a header, shared where it is one of the usual ones. */
export function contextOf(tag: string, contentNs: string, bindings: readonly string[]): Context {
  for (const known of [CLIENT, SERVER]) {
    if (tag === known.tag && contentNs === known.contentNs && sameSet(bindings, known.bindings)) return known
  }
  return { tag, contentNs, bindings }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 2) {
    const at = b.indexOf(a[i]!)
    if (at % 2 !== 0 || b[at + 1] !== a[i + 1]) return false
  }
  return true
}
