// What a server owes the sender of a stanza that goes to another domain.
import { isFull } from '@tercet/jid'
import { CONTENT } from '@tercet/xml'
import type { Message } from './message.ts'
import { NS as NS_CHAT_STATES } from './payloads/chat-states.ts'
import { NS as NS_HINTS } from './payloads/hints.ts'
import type { Stanza } from './stanza.ts'
import { isSubscriptionType } from './subscription.ts'

/**
 * Whether a message has what its recipient would miss later: a hint decides (XEP-0334 §4), else anything beside a chat state, which is for the
 * moment (XEP-0085 §5.3), and its thread.
 */
export function isWorthKeeping({ content }: Message): boolean {
  let worth = false
  for (let index = 0; index < content.size; index++) {
    const ns = content.nsAt(index)
    if (ns === NS_HINTS) {
      const name = content.nameAt(index)
      if (name === 'store') return true
      if (name === 'no-store' || name === 'no-permanent-store') return false
    } else if (ns !== NS_CHAT_STATES && !(ns === CONTENT && content.nameAt(index) === 'thread')) worth = true
  }
  return worth
}

/**
 * Whether a stanza for another domain outlives the process: messages that are worth keeping, but for errors and headlines, which are for
 * whoever is there, and what subscriptions are made of.
 */
export function isKept(stanza: Stanza): boolean {
  if (stanza.kind === 'message') return stanza.type !== 'error' && stanza.type !== 'headline' && isWorthKeeping(stanza)
  return stanza.kind === 'presence' && isSubscriptionType(stanza.type)
}

/**
 * Whether a sender waits for an answer: errors have none (RFC 6120 §8.3.1), and nobody waits for one to a presence broadcast
 * (RFC 6120 §10.4.3).
 */
export function isAnswerable(stanza: Stanza): boolean {
  if (stanza.type === 'error' || (stanza.kind === 'iq' && stanza.type === 'result')) return false
  if (stanza.kind !== 'presence') return true
  // Told to one resource, such as a room (XEP-0045 §7.2), it was meant for somebody.
  return stanza.type === 'subscribe' || (stanza.type === undefined && stanza.to !== undefined && isFull(stanza.to))
}
