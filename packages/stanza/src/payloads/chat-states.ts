// XEP-0085 2.1: chat state notifications.
import { element } from '../codec.ts'
import type { Message } from '../message.ts'

/** Namespace of chat states. */
export const NS = 'http://jabber.org/protocol/chatstates'

/** What somebody is doing in a conversation (§5.1). */
export type ChatState = 'active' | 'composing' | 'gone' | 'inactive' | 'paused'

/** An element for each state. */
export const chatStates = {
  active: element(NS, 'active'),
  composing: element(NS, 'composing'),
  gone: element(NS, 'gone'),
  inactive: element(NS, 'inactive'),
  paused: element(NS, 'paused'),
}

/** Every state. */
export const states = ['active', 'composing', 'gone', 'inactive', 'paused'] as const satisfies readonly ChatState[]

/** The state that a message tells, if any. */
export function chatStateOf(message: Message): ChatState | undefined {
  return states.find(state => message.has(chatStates[state]))
}
