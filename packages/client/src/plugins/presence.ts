/** Presence and subscriptions (RFC 6121 §§3, 4): who is there, and who may know. */

import { isFull, Jid, type BareJid } from '@tercet/jid'
import { point } from '@tercet/plugin'
import { isSubscriptionType, presence as makePresence, type Presence as PresenceStanza } from '@tercet/stanza'
import { priority, show, status } from '@tercet/stanza/im'
import type { Client } from '../client.ts'
import { definePlugin } from '../plugin.ts'
import { incoming, stateChanged } from '../points.ts'

/** How available somebody is. */
export interface Availability {
  /** Plainly available when absent (RFC 6121 §4.7.2.1). */
  readonly show?: 'away' | 'chat' | 'dnd' | 'xa'
  readonly status?: string
  /** -128 to 127, default 0; below 0 no message to the bare address comes here. */
  readonly priority?: number
}

/** A resource came, changed or left. */
export interface PresenceEvent {
  readonly from: Jid
  /** What it says; its type is `unavailable` when it left. */
  readonly presence: PresenceStanza
}

/** Somebody asks to see our presence, agrees to show theirs, or takes either back. */
export interface SubscriptionEvent {
  readonly from: BareJid
  readonly type: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed'
  /** What they say about it. */
  readonly status: string | undefined
}

/** A contact's resource, or one of our own, came, changed or left. */
export const presenceChanged = point<PresenceEvent>()('presenceChanged', ['run'])
/** Somebody wants something of our subscriptions; `approve` or `refuse` answers `subscribe`. */
export const subscriptionChanged = point<SubscriptionEvent>()('subscriptionChanged', ['run'])

/** What the presence plugin offers. */
export interface Presence {
  /** Says how available we are. It is said again on every new session. */
  set(availability?: Availability): Promise<void>
  /** Says that we are not available; messages to the bare address then stay away. */
  leave(): Promise<void>
  /** The available resources of an address, by their resource. */
  of(jid: Jid | string): ReadonlyMap<string, PresenceStanza>
  /** Asks to see somebody's presence (RFC 6121 §3.1). */
  subscribe(jid: Jid | string, options?: { readonly status?: string }): Promise<void>
  /** Lets somebody see our presence, also in advance where the server can (RFC 6121 §3.1, §3.4). */
  approve(jid: Jid | string): Promise<void>
  /** Refuses, or takes an approval back (RFC 6121 §3.2). */
  refuse(jid: Jid | string): Promise<void>
  /** Wants to see somebody's presence no more (RFC 6121 §3.3). */
  unsubscribe(jid: Jid | string): Promise<void>
}

const NOBODY: ReadonlyMap<string, PresenceStanza> = new Map()

/** Tells our presence, and knows that of others. */
export const presence = definePlugin({
  name: 'presence',
  specs: { 'RFC 6121': '2011' },
  setup(client): Presence {
    const seen = new Map<string, Map<string, PresenceStanza>>()
    let own: PresenceStanza | undefined
    client.on(incoming, 'track', ({ stanza }) => {
      if (stanza.kind === 'presence' && stanza.from) take(client, seen, stanza, stanza.from)
    })
    client.on(stateChanged, 'run', ({ state }) => {
      if (state.kind !== 'online' || state.resumed) return
      // A new session has heard of nobody yet.
      seen.clear()
      if (own) void client.send(own)
    })
    const tell = (jid: Jid | string, type: SubscriptionEvent['type'], text?: string): Promise<void> => {
      const { bare } = typeof jid === 'string' ? Jid.parse(jid) : jid
      return client.send(makePresence({ to: bare, type, payloads: text === undefined ? [] : [status.write(text)] }))
    }
    return {
      set(availability = {}) {
        own = makePresence({ payloads: payloadsOf(availability) })
        return client.send(own)
      },
      leave() {
        own = undefined
        return client.send(makePresence({ type: 'unavailable' }))
      },
      of: jid => seen.get(typeof jid === 'string' ? Jid.parse(jid).bare.text : jid.bare.text) ?? NOBODY,
      subscribe: (jid, options = {}) => tell(jid, 'subscribe', options.status),
      approve: jid => tell(jid, 'subscribed'),
      refuse: jid => tell(jid, 'unsubscribed'),
      unsubscribe: jid => tell(jid, 'unsubscribe'),
    }
  },
})

function payloadsOf(availability: Availability) {
  const payloads = []
  if (availability.show !== undefined) payloads.push(show.write(availability.show))
  if (availability.status !== undefined) payloads.push(status.write(availability.status))
  if (availability.priority !== undefined) payloads.push(priority.write(availability.priority))
  return payloads
}

function take(client: Client, seen: Map<string, Map<string, PresenceStanza>>, stanza: PresenceStanza, from: Jid): void {
  const { type } = stanza
  if (isSubscriptionType(type)) {
    client.tell(subscriptionChanged, { from: from.bare, type, status: textOf(stanza) })
    return
  }
  // An error or `unavailable` from the bare address means that nobody is there at all (RFC 6121 §4.3.2, §4.5.4).
  const gone = type === 'unavailable' || type === 'error'
  const resources = seen.get(from.bare.text)
  if (!gone) {
    if (resources) resources.set(from.resource, stanza)
    else seen.set(from.bare.text, new Map([[from.resource, stanza]]))
  } else if (resources) {
    if (isFull(from)) resources.delete(from.resource)
    else resources.clear()
    if (resources.size === 0) seen.delete(from.bare.text)
  }
  if (type !== 'probe') client.tell(presenceChanged, { from, presence: stanza })
}

function textOf(stanza: PresenceStanza): string | undefined {
  try {
    return stanza.get(status)
  } catch {
    // Written for a person; one that cannot be read is none.
    return undefined
  }
}
