/** Which stanzas a phone in a pocket wants at once (XEP-0352 1.0.0 §3 gives examples; what is not known here is urgent). */

import type { BareJid } from '@tercet/jid'
import { fromElement, isStanza, type Message, type Presence, type Stanza } from '@tercet/stanza'
import { NS as CHAT_STATES } from '@tercet/stanza/chat-states'
import { CONTENT, type Element } from '@tercet/xml'

const CARBONS = 'urn:xmpp:carbons:2'
const FORWARD = 'urn:xmpp:forward:0'
const MUC_USER = 'http://jabber.org/protocol/muc#user'
const PUBSUB_EVENT = 'http://jabber.org/protocol/pubsub#event'

/** Says nothing that somebody would be woken for, and does not change what the rest says. */
const ASIDE: ReadonlySet<string> = new Set([
  'urn:xmpp:hints',
  'urn:xmpp:sid:0',
  'urn:xmpp:occupant-id:0',
  'urn:xmpp:delay',
  'http://jabber.org/protocol/nick',
  'http://jabber.org/protocol/address',
])
/** Signs that something arrived or was read (XEP-0184, XEP-0333): each counts, none is urgent. */
const SIGNS: ReadonlySet<string> = new Set(['urn:xmpp:receipts', 'urn:xmpp:chat-markers:0'])

/** Whether a stanza waits; one with the same key makes an earlier one useless, an empty key makes nothing so. */
export type Urgency =
  | { readonly kind: 'waits'; readonly key: string }
  /** `unless`: what waits under this key is not worth sending any more. */
  | { readonly kind: 'urgent'; readonly unless: string | undefined }

const URGENT: Urgency = { kind: 'urgent', unless: undefined }
const WAITS: Urgency = { kind: 'waits', key: '' }

/** @param own the account: its other devices change things item by item, so that no item makes another useless */
export function urgency(stanza: Stanza, own: BareJid): Urgency {
  switch (stanza.kind) {
    case 'iq':
      return URGENT
    case 'presence':
      return presence(stanza)
    case 'message':
      return message(stanza, own)
  }
}

/** The latest of each address tells how things are; subscriptions and errors are for a person. */
function presence({ type, from, content }: Presence): Urgency {
  if (!from || (type !== undefined && type !== 'unavailable')) return URGENT
  const muc = content.find('x', MUC_USER)
  // XEP-0045 §7.2.2: the end of joining a room, or one's own way out of it.
  if (muc >= 0 && content.elementAt(muc).elements().some(isSelf)) return URGENT
  return { kind: 'waits', key: `presence ${from.text}` }
}

function isSelf(element: Element): boolean {
  return element.name === 'status' && element.attr('code') === '110'
}

function message(outer: Message, own: BareJid): Urgency {
  if (outer.type === 'error') return URGENT
  const carbon = inside(outer)
  const { content, from } = carbon ?? outer
  let state = false
  let event = -1
  for (let index = 0; index < content.size; index++) {
    const ns = content.nsAt(index)
    if (ns === CHAT_STATES) state = true
    else if (ns === PUBSUB_EVENT && content.nameAt(index) === 'event') event = index
    else if (SIGNS.has(ns)) {
      // What one has read elsewhere takes a notification away here.
      if (carbon?.sent) return URGENT
    } else if (!(ASIDE.has(ns) || (ns === CONTENT && content.nameAt(index) === 'thread')))
      return from ? { kind: 'urgent', unless: `state ${from.text}` } : URGENT
  }
  if (event >= 0) return { kind: 'waits', key: eventKey(content.elementAt(event), from?.text ?? '', own) }
  if (state && from && onlyState(content)) return { kind: 'waits', key: `state ${from.text}` }
  return WAITS
}

/** Nothing but what somebody is doing. */
function onlyState(content: Message['content']): boolean {
  for (let index = 0; index < content.size; index++) if (SIGNS.has(content.nsAt(index))) return false
  return true
}

/** The message that a carbon carries (XEP-0280). */
function inside({
  content,
}: Message): { content: Message['content']; from: Message['from']; sent: boolean } | undefined {
  const sent = content.find('sent', CARBONS)
  const index = sent >= 0 ? sent : content.find('received', CARBONS)
  if (index < 0) return undefined
  const carried = content.elementAt(index).child('forwarded', FORWARD)?.elements().find(isStanza)
  const stanza = carried && fromElement(carried)
  if (stanza?.kind !== 'message') return undefined
  return { content: stanza.content, from: stanza.from, sent: sent >= 0 }
}

/** Of a node of somebody else the latest is what counts (XEP-0163); of the own ones each item. Anything but items stands alone. */
function eventKey(event: Element, from: string, own: BareJid): string {
  const [items, ...more] = event.elements()
  const node = items?.attr('node')
  if (items?.name !== 'items' || node === undefined || more.length > 0) return ''
  const key = `event ${from} ${node}`
  if (from !== own.text) return key
  const ids = items.elements().map(item => item.attr('id') ?? '')
  return `${key} ${ids.join(' ')}`
}
