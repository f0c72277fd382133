/** The `<body/>` wrapper of BOSH (XEP-0124 1.11.2 §5): read from requests, written into responses. */
import { CONTENT, Element, escapeAttr, FRAMING, parse, writeAttrs, writeFirstLevel, type Limits } from '@tercet/xml'

/** Namespace of the wrapper. */
export const NS = 'http://jabber.org/protocol/httpbind'
const XBOSH = 'urn:xmpp:xbosh'
const STREAM_PREFIX = 'http://etherx.jabber.org/streams'

/** §14.1: the largest request id. */
const MAX_RID = Number.MAX_SAFE_INTEGER

/** Why a session or a request is refused (§17.2); equal to the wire. */
export type BoshCondition =
  | 'bad-request'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'item-not-found'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'remote-stream-error'
  | 'system-shutdown'

/** A request as it was read. */
export interface BoshRequest {
  readonly rid: number
  readonly sid: string | undefined
  /** §13: the client ends the session. */
  readonly terminates: boolean
  /** XEP-0206 §5: the client begins a new stream. */
  readonly restarts: boolean
  /** Seconds of silence that the client announces (§10). */
  readonly pause: number | undefined
  /** Up to where the client has our responses (§9). */
  readonly ack: number | undefined
  readonly key: string | undefined
  readonly newKey: string | undefined
  /** `to`, `from`, `xml:lang` and `version` of the stream header that this request stands for. */
  readonly header: readonly string[]
  readonly to: string | undefined
  readonly wait: number | undefined
  readonly hold: number | undefined
  readonly version: string | undefined
  readonly content: string | undefined
  /** First-level elements of the stream, each on its own feet as in a WebSocket message. */
  readonly payloads: readonly string[]
}

/**
 * Reads a request.
 *
 * @throws {XmlError} it is no restricted XML, or above the limits
 * @returns undefined: it is no `<body/>` with a request id
 */
export function readBody(text: string, limits: Limits): BoshRequest | undefined {
  const body = parse(text, { limits })
  const rid = whole(body.attr('rid'), MAX_RID)
  // §5: no character data beside the payloads.
  if (body.name !== 'body' || body.ns !== NS || rid === undefined || rid === 0 || body.text().trim() !== '')
    return undefined
  const header: string[] = []
  for (const name of ['to', 'from', 'xml:lang']) {
    const value = body.attr(name)
    if (value !== undefined) header.push(name, value)
  }
  // A client that is silent about it speaks XMPP 1.0 all the same: others cannot do without restarts.
  header.push('version', body.attr(`{${XBOSH}}version`) ?? '1.0')
  return {
    rid,
    sid: body.attr('sid'),
    terminates: body.attr('type') === 'terminate',
    restarts: /^(?:true|1)$/.test(body.attr(`{${XBOSH}}restart`) ?? ''),
    pause: whole(body.attr('pause'), 86_400),
    ack: whole(body.attr('ack'), MAX_RID),
    key: body.attr('key'),
    newKey: body.attr('newkey'),
    header,
    to: body.attr('to'),
    wait: whole(body.attr('wait'), 86_400),
    hold: whole(body.attr('hold'), 1000),
    version: body.attr('ver'),
    content: body.attr('content'),
    payloads: body.elements().map(payload => writeFirstLevel(qualified(payload), 'websocket')),
  }
}

/** XEP-0206 §2: many clients leave out the namespace of stanzas and count jabber:client as a part of this one. */
function qualified(element: Element): Element {
  if (element.ns !== NS) return element
  const children = element.children.map(child => (typeof child === 'string' ? child : qualified(child)))
  return new Element(element.name, CONTENT, element.attrs, children)
}

/** Undefined: it is not there or no whole number; what is above `most` counts as that, but a request id is none then. */
function whole(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const number = Number(text)
  if (most === MAX_RID) return number > most ? undefined : number
  return Math.min(number, most)
}

/** The message that opens a stream on a WebSocket (RFC 7395 §3.4). */
export function openMessage(header: readonly string[]): string {
  return `<open xmlns='${FRAMING}'${writeAttrs(header)}/>`
}

/** The message that closes one. */
export const closeMessage = `<close xmlns='${FRAMING}'/>`

/** A response. @param attrs flat, without namespaces of their own but `xmpp:` */
export function writeBody(attrs: readonly string[], payload = ''): string {
  let text = `<body xmlns='${NS}'`
  let needsXbosh = false
  for (let i = 0; i < attrs.length; i += 2) {
    needsXbosh ||= attrs[i]!.startsWith('xmpp:')
    text += ` ${attrs[i]!}='${escapeAttr(attrs[i + 1]!)}'`
  }
  if (needsXbosh) text += ` xmlns:xmpp='${XBOSH}'`
  if (payload === '') return `${text}/>`
  // XEP-0206 §2: for features and errors, whose prefix some clients compare.
  if (payload.includes('<stream:')) text += ` xmlns:stream='${STREAM_PREFIX}'`
  return `${text}>${payload}</body>`
}

/** A response that ends the session, or says that there is none. */
export function terminateBody(condition: BoshCondition | undefined, payload = ''): string {
  return writeBody(['type', 'terminate', ...(condition === undefined ? [] : ['condition', condition])], payload)
}
