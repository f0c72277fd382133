// XEP-0085 2.1: chat state notifications.
import { element } from '../codec.ts'
import type { Message } from '../message.ts'

/** Namespace of chat states. */
export const NS = 'http://jabber.org/protocol/chatstates'

/** An element for each thing that somebody may be doing in a conversation (§5.1). */
export const chatStates = {
  active: element(NS, 'active'),
  composing: element(NS, 'composing'),
  gone: element(NS, 'gone'),
  inactive: element(NS, 'inactive'),
  paused: element(NS, 'paused'),
}

/** What somebody is doing in a conversation. */
export type ChatState = keyof typeof chatStates

// The keys are those above.
const states = Object.keys(chatStates) as ChatState[]

/** The state that a message tells, if any. */
export function chatStateOf(message: Message): ChatState | undefined {
  return states.find(state => message.has(chatStates[state]))
}
