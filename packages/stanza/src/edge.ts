// The edge: a first-level element becomes a stanza, once. Past it nobody parses a type or an address again (RFC 6120 §8.1).
import { Jid } from '@tercet/jid'
import { CONTENT, Content, Element, type Fragment } from '@tercet/xml'
import { Iq, type IqType } from './iq.ts'
import { Message, type MessageType } from './message.ts'
import { Presence, type PresenceType } from './presence.ts'
import { StanzaError } from './stanza-error.ts'
import { NO_EXTRA, type Stanza, isStanza } from './stanza.ts'

/** What the stream knows about the stanzas that come in on it. */
export interface EdgeOptions {
  /** Replaces `from`, whatever the peer wrote (RFC 6120 §8.1.2.1). */
  readonly from?: Jid | undefined
  /** Language of a stanza that names none: the stream's (RFC 6120 §4.7.4). */
  readonly lang?: string | undefined
  /** Address of a stanza without `to`; default: it stays without. */
  readonly defaultTo?: Jid | undefined
}

const NO_OPTIONS: EdgeOptions = {}

/**
 * Makes a stanza of what the stream read.
 *
 * @throws {StanzaError} `jid-malformed`: `to`, or a `from` that is not replaced · `bad-request`: not a stanza, a presence type that
 *   does not exist, an iq without id or type, a request without exactly one payload (RFC 6120 §8.2.3)
 */
export function fromFragment(fragment: Fragment, options: EdgeOptions = NO_OPTIONS): Stanza {
  if (!isStanza(fragment)) throw new StanzaError('bad-request', { text: 'This is not a stanza' })
  return build(fragment.name, fragment.attrs, fragment.content, options)
}

/** Makes a stanza of an element, as `fromFragment` does: for stanzas inside of others (XEP-0297). */
export function fromElement(element: Element, options: EdgeOptions = NO_OPTIONS): Stanza {
  if (!isStanza(element)) throw new StanzaError('bad-request', { text: 'This is not a stanza' })
  return build(element.name, element.attrs, Content.of(element.children), options)
}

/** The stanza as an element, to be put inside of another (XEP-0297). */
export function toElement(stanza: Stanza): Element {
  const attrs: string[] = []
  if (stanza.to) attrs.push('to', stanza.to.text)
  if (stanza.from) attrs.push('from', stanza.from.text)
  if (stanza.id !== undefined) attrs.push('id', stanza.id)
  if (stanza.type !== undefined && stanza.type !== 'normal') attrs.push('type', stanza.type)
  if (stanza.lang !== undefined) attrs.push('xml:lang', stanza.lang)
  attrs.push(...stanza.extra)
  return new Element(stanza.kind, CONTENT, attrs, stanza.content.children())
}

function build(name: string, attrs: readonly string[], content: Content, options: EdgeOptions): Stanza {
  let toText: string | undefined
  let fromText: string | undefined
  let id: string | undefined
  let type: string | undefined
  let lang: string | undefined
  let extra: string[] | undefined
  for (let i = 0; i + 1 < attrs.length; i += 2) {
    // Both are there: attributes come in pairs.
    const key = attrs[i]!
    const value = attrs[i + 1]!
    if (key === 'to') toText = value
    else if (key === 'from') fromText = value
    else if (key === 'id') id = value
    else if (key === 'type') type = value
    else if (key === 'xml:lang') lang = value
    else if (key !== 'xmlns') (extra ??= []).push(key, value)
  }
  const to = toText === undefined ? options.defaultTo : address(toText, 'to')
  const from = options.from ?? (fromText === undefined ? undefined : address(fromText, 'from'))
  lang ??= options.lang
  if (name === 'message') return new Message(messageType(type), to, from, id, lang, extra ?? NO_EXTRA, content)
  if (name === 'presence') return new Presence(presenceType(type), to, from, id, lang, extra ?? NO_EXTRA, content)
  const checked = iqType(type)
  if (id === undefined) throw new StanzaError('bad-request', { text: 'An iq needs an id' })
  if ((checked === 'get' || checked === 'set') && content.size !== 1) {
    throw new StanzaError('bad-request', { text: 'A request needs exactly one payload' })
  }
  return new Iq(checked, to, from, id, lang, extra ?? NO_EXTRA, content)
}

function address(text: string, attribute: 'to' | 'from'): Jid {
  try {
    return Jid.parse(text)
  } catch (cause) {
    throw new StanzaError('jid-malformed', { text: `The '${attribute}' address is not a JID`, cause })
  }
}

/** No type or an unknown one is `normal` (RFC 6121 §5.2.2). */
function messageType(type: string | undefined): MessageType {
  return type === 'chat' || type === 'groupchat' || type === 'error' || type === 'headline' ? type : 'normal'
}

function presenceType(type: string | undefined): PresenceType | undefined {
  switch (type) {
    case undefined:
    case 'unavailable':
    case 'subscribe':
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
    case 'probe':
    case 'error':
      return type
    default:
      // RFC 6121 §4.7.1
      throw new StanzaError('bad-request', { text: 'This type of presence does not exist' })
  }
}

function iqType(type: string | undefined): IqType {
  if (type === 'get' || type === 'set' || type === 'result' || type === 'error') return type
  throw new StanzaError('bad-request', { text: "An iq is of type 'get', 'set', 'result' or 'error'" })
}
