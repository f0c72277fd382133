/** Which messages may be kept for later (XEP-0160 1.0.1 §3). */

import { isWorthKeeping, type Message } from '@tercet/stanza'

/** True for chat and normal messages that are worth keeping. */
export function storable(message: Message): boolean {
  return (message.type === 'chat' || message.type === 'normal') && isWorthKeeping(message)
}
