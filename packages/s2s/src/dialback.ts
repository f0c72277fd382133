/** Server dialback (XEP-0220 1.1.1): keys by XEP-0185 1.0, and the words of it. Which stream says them when is in link.ts and outgoing.ts. */

import { escapeAttr, escapeText, type Fragment } from '@tercet/xml'

/** Namespace of dialback. */
export const NS_DIALBACK = 'jabber:server:dialback'
const NS_STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'

/** Stream feature of who knows errors of dialback (§2.4.2). */
export const DIALBACK_FEATURE = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"

/** What a verification led to: a verdict, or the error that kept us from one (§2.5). */
export type Verification = 'valid' | 'invalid' | { readonly error: string }

const encoder = new TextEncoder()

/** Makes and checks keys. Nothing is remembered: every node that has the secret answers alike (XEP-0185 §2). */
export class DialbackKeys {
  readonly #hmacKey: Promise<CryptoKey>

  constructor(secret: string) {
    this.#hmacKey = importKey(secret)
  }

  /** The key by which `originating` proves itself to `receiving` on the stream that the latter gave the id `id`. */
  async key(receiving: string, originating: string, id: string): Promise<string> {
    const text = encoder.encode(`${receiving} ${originating} ${id}`)
    return hex(new Uint8Array(await crypto.subtle.sign('HMAC', await this.#hmacKey, text)))
  }

  /** Whether `key` is one of ours for that stream. */
  async check(key: string, receiving: string, originating: string, id: string): Promise<boolean> {
    const expected = await this.key(receiving, originating, id)
    if (key.length !== expected.length) return false
    let different = 0
    for (let i = 0; i < expected.length; i++) different |= key.charCodeAt(i) ^ expected.charCodeAt(i)
    return different === 0
  }
}

async function importKey(secret: string): Promise<CryptoKey> {
  const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(secret))))
  return crypto.subtle.importKey('raw', encoder.encode(digest), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Whom an element is from and to, prepared. */
export interface Pair {
  readonly from: string
  readonly to: string
}

/** Key of a pair in sets and maps; a domain holds no space. */
export function pairKey(from: string, to: string): string {
  return `${from} ${to}`
}

/** `<db:result/>` with a key (step 1). */
export function resultRequest(pair: Pair, key: string, websocket: boolean): string {
  return element('result', pair, websocket, '', escapeText(key))
}

/** `<db:verify/>` with a key (step 2). */
export function verifyRequest(pair: Pair, id: string, key: string, websocket: boolean): string {
  return element('verify', pair, websocket, ` id='${escapeAttr(id)}'`, escapeText(key))
}

/** The answer to either: addresses swapped by the caller (steps 3 and 4). */
export function answerText(
  name: 'result' | 'verify',
  pair: Pair,
  verification: Verification,
  { id, websocket }: { readonly id?: string; readonly websocket: boolean },
): string {
  const attrs = id === undefined ? '' : ` id='${escapeAttr(id)}'`
  if (typeof verification === 'string') return element(name, pair, websocket, `${attrs} type='${verification}'`, '')
  // Neither does its default namespace.
  const inner = websocket ? " xmlns='jabber:server'" : ''
  const error = `<error${inner} type='cancel'><${verification.error} xmlns='${NS_STANZAS}'/></error>`
  return element(name, pair, websocket, `${attrs} type='error'`, error)
}

/** The prefix is `db` on every stream: some servers know no other (§2.4.1). */
function element(name: string, { from, to }: Pair, websocket: boolean, attrs: string, content: string): string {
  // A WebSocket message inherits no prefix from a header (RFC 7395 §3.3.3).
  const xmlns = websocket ? ` xmlns:db='${NS_DIALBACK}'` : ''
  const start = `<db:${name}${xmlns} from='${escapeAttr(from)}' to='${escapeAttr(to)}'${attrs}`
  return content === '' ? `${start}/>` : `${start}>${content}</db:${name}>`
}

/** What an answer says; undefined: it is none. */
export function readAnswer(fragment: Fragment): Verification | undefined {
  const type = fragment.attr('type')
  if (type === 'valid' || type === 'invalid') return type
  if (type !== 'error') return undefined
  for (const child of fragment.content.elements())
    if (child.name === 'error')
      for (const condition of child.elements())
        if (condition.ns === NS_STANZAS && condition.name !== 'text') return { error: condition.name }
  return { error: 'undefined-condition' }
}
