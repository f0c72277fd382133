/** What an archive's messages make of a conversation (XEP-0430 0.2.0 §4): what was said last, and what of it is unread. */

import type { BareJid } from '@tercet/jid'
import { fromFragment, type Message } from '@tercet/stanza'
import * as markers from '@tercet/stanza/markers'
import * as retraction from '@tercet/stanza/retraction'
import type { LogEntry } from '@tercet/storage'
import { CONTENT, readStanza } from '@tercet/xml'

/** One conversation, as it is stored. */
export interface Conversation {
  /** Its last message in the archive. */
  readonly id: string
  /** The last one that says something. */
  readonly said: string | undefined
  /** Messages that nobody has read, the last ones: their ids in the archive, and those that their senders gave. */
  readonly unread: readonly Unread[]
  /** How many there are before those. */
  readonly more: number
}

type Unread = readonly [id: string, given: string]

/** Messages that are known one by one; a counter is enough for those before. */
const MAX_LISTED = 100
/** The longest id of a sender that is remembered; who gives longer ones is not told apart. */
const MAX_GIVEN = 128

/** What says something, beside a body: that it can be read by nobody here. */
const ENCRYPTED: ReadonlySet<string> = new Set([
  'eu.siacs.conversations.axolotl',
  'urn:xmpp:omemo:2',
  'jabber:x:encrypted',
  'urn:xmpp:openpgp:0',
])
/** What speaks of another message, whatever words it has for those that do not know it: correction, reaction, retraction. */
const ABOUT: ReadonlySet<string> = new Set(['urn:xmpp:message-correct:0', 'urn:xmpp:reactions:0', retraction.NS])

/** The conversation after one more entry of the archive. */
export function after(before: Conversation | undefined, entry: LogEntry, own: BareJid): Conversation {
  const { id, body } = entry
  const message = fromFragment(readStanza(body))
  const { said, unread = [], more = 0 } = before ?? {}
  const known: Conversation = { id, said, unread, more }
  if (message.kind !== 'message') return known
  const isOwn = message.from?.bare.text === own.text
  if (isInstant(message)) {
    // What is followed by one that is read is read itself, and everybody has read what he writes.
    if (isOwn) return { id, said: id, unread: [], more: 0 }
    return limited({ ...known, said: id, unread: [...unread, [id, givenId(message.id)]] })
  }
  if (isOwn) return displayed(known, markerOf(message))
  const gone = idIn(message, retraction.retract.name, retraction.NS)
  return gone === undefined ? known : { ...known, unread: unread.filter(([, given]) => given !== gone) }
}

/** The conversation when all up to a message of the archive was read (XEP-0490). */
export function readUpTo(conversation: Conversation, id: string): Conversation {
  const { unread, more } = conversation
  const first = unread[0]?.[0]
  if (first === undefined || id < first) return conversation
  return { ...conversation, unread: unread.filter(([listed]) => listed > id), more: id >= first ? 0 : more }
}

/** How many messages are unread. */
export function unreadIn({ unread, more }: Conversation): number {
  return unread.length + more
}

/** An instant message: it says something of its own. */
function isInstant({ content }: Message): boolean {
  let says = false
  for (let index = 0; index < content.size; index++) {
    const ns = content.nsAt(index)
    if (ABOUT.has(ns)) return false
    if (ENCRYPTED.has(ns) || (ns === CONTENT && content.nameAt(index) === 'body')) says = true
  }
  return says
}

/** A marker stands for all before it (XEP-0333). */
function displayed(conversation: Conversation, id: string | undefined): Conversation {
  const at = id === undefined ? -1 : conversation.unread.findLastIndex(([, given]) => given === id)
  return at < 0 ? conversation : { ...conversation, unread: conversation.unread.slice(at + 1), more: 0 }
}

function markerOf(message: Message): string | undefined {
  return idIn(message, markers.displayed.name, markers.NS) ?? idIn(message, 'acknowledged', markers.NS)
}

/** The id that a payload names; undefined: there is none that could be known. */
function idIn({ content }: Message, name: string, ns: string): string | undefined {
  const index = content.find(name, ns)
  const id = index < 0 ? '' : givenId(content.elementAt(index).attr('id'))
  return id === '' ? undefined : id
}

function givenId(id: string | undefined): string {
  return id === undefined || id.length > MAX_GIVEN ? '' : id
}

function limited(conversation: Conversation): Conversation {
  const { unread, more } = conversation
  const surplus = unread.length - MAX_LISTED
  return surplus <= 0 ? conversation : { ...conversation, unread: unread.slice(surplus), more: more + surplus }
}
