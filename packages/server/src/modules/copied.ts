/** Which messages are copied to an account's other resources (XEP-0280 1.0.1 §6.1). */

import type { Message } from '@tercet/stanza'
import * as carbons from '@tercet/stanza/carbons'
import { NS as NS_CHAT_STATES } from '@tercet/stanza/chat-states'
import { NS as NS_HINTS } from '@tercet/stanza/hints'
import { NS as NS_MARKERS } from '@tercet/stanza/markers'
import { NS as NS_RECEIPTS } from '@tercet/stanza/receipts'
import { CONTENT } from '@tercet/xml'

const NS_CONFERENCE = 'jabber:x:conference'
const NS_MUC_USER = 'http://jabber.org/protocol/muc#user'

/** From the account's point of view. */
export type Direction = 'sent' | 'received'

/** True for a message that is part of a conversation. Errors are judged by what they answer; see carbons.ts. */
export function copied(message: Message, direction: Direction): boolean {
  const { type, content } = message
  if (type === 'groupchat' || type === 'error') return false
  let wanted = type === 'chat'
  for (let index = 0; index < content.size; index++) {
    const name = content.nameAt(index)
    switch (content.nsAt(index)) {
      case CONTENT:
        if (name === 'body' && type === 'normal') wanted = true
        break
      case carbons.NS:
        if (name === carbons.keepPrivate.name) return false
        break
      case NS_HINTS:
        if (name === 'no-copy') return false
        break
      case NS_MUC_USER:
        if (name !== 'x') break
        if (content.elementAt(index).child('invite')) wanted = true
        // What an occupant says in private is sent by the room to each client that is in it.
        else if (direction === 'received') return false
        break
      case NS_CHAT_STATES:
      case NS_RECEIPTS:
      case NS_MARKERS:
      case NS_CONFERENCE:
        wanted = true
    }
  }
  return wanted
}
