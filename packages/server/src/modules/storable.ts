/** Which messages may be kept for later (XEP-0160 1.0.1 §3, XEP-0334 0.4.0 §4). */

import type { Message } from '@tercet/stanza'
import { CONTENT } from '@tercet/xml'

const NS_HINTS = 'urn:xmpp:hints'
const NS_CHAT_STATES = 'http://jabber.org/protocol/chatstates'

/** True for what its recipient would miss: chat and normal messages with more than a chat state, unless a hint says otherwise. */
export function storable(message: Message): boolean {
  const { type, content } = message
  if (type !== 'chat' && type !== 'normal') return false
  let worth = false
  for (let index = 0; index < content.size; index++) {
    const ns = content.nsAt(index)
    if (ns === NS_HINTS) {
      const name = content.nameAt(index)
      if (name === 'store') return true
      if (name === 'no-store' || name === 'no-permanent-store') return false
    } else if (ns !== NS_CHAT_STATES && !(ns === CONTENT && content.nameAt(index) === 'thread')) {
      worth = true
    }
  }
  return worth
}
