// Subscription states of RFC 6121 Appendix A: the nine states and tables 2 to 9 as data. Used by servers and clients.

/** The nine states of RFC 6121 §A.1; `out` and `in` are pending requests. Somebody unknown to the roster is `none`. */
export type SubscriptionState =
  'none' | 'none+out' | 'none+in' | 'none+out+in' | 'to' | 'to+in' | 'from' | 'from+out' | 'both'

/** The presence types that manage subscriptions (RFC 6121 §3). */
export type SubscriptionType = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed'

/** Whether a type of presence manages subscriptions. */
export function isSubscriptionType(type: string | undefined): type is SubscriptionType {
  return type === 'subscribe' || type === 'subscribed' || type === 'unsubscribe' || type === 'unsubscribed'
}

/** A state as the roster has it; `pendingIn` is a stored request that the roster does not show. */
export interface SubscriptionFacts {
  readonly subscription: 'none' | 'to' | 'from' | 'both'
  /** `ask='subscribe'`: the user asked, the contact has not answered. */
  readonly pendingOut: boolean
  /** The contact asked, the user has not answered. */
  readonly pendingIn: boolean
}

/** What becomes of a subscription stanza that a user sends. */
export interface OutboundStep {
  /** Whether it goes to the contact. */
  readonly route: boolean
  readonly state: SubscriptionState
  /** Whether the contact's next request is granted at once (RFC 6121 §3.4). */
  readonly approved: boolean
}

/** What becomes of a subscription stanza that a contact sends. */
export interface InboundStep {
  /** Whether the user gets to see it. */
  readonly deliver: boolean
  readonly state: SubscriptionState
  readonly approved: boolean
  /** What the server answers on behalf of the user. */
  readonly reply: 'subscribed' | 'unsubscribed' | undefined
}

type Row = readonly [handled: boolean, state: SubscriptionState]
type Table = Readonly<Record<SubscriptionState, Row>>

/** Tables 2 to 5 (RFC 6121 §A.2): whether the stanza is routed, and the new state. */
const outbound: Readonly<Record<SubscriptionType, Table>> = {
  subscribe: {
    none: [true, 'none+out'],
    'none+out': [true, 'none+out'],
    'none+in': [true, 'none+out+in'],
    'none+out+in': [true, 'none+out+in'],
    to: [true, 'to'],
    'to+in': [true, 'to+in'],
    from: [true, 'from+out'],
    'from+out': [true, 'from+out'],
    both: [true, 'both'],
  },
  unsubscribe: {
    none: [true, 'none'],
    'none+out': [true, 'none'],
    'none+in': [true, 'none+in'],
    'none+out+in': [true, 'none+in'],
    to: [true, 'none'],
    'to+in': [true, 'none+in'],
    from: [true, 'from'],
    'from+out': [true, 'from'],
    both: [true, 'from'],
  },
  subscribed: {
    none: [false, 'none'],
    'none+out': [false, 'none+out'],
    'none+in': [true, 'from'],
    'none+out+in': [true, 'from+out'],
    to: [false, 'to'],
    'to+in': [true, 'both'],
    from: [false, 'from'],
    'from+out': [false, 'from+out'],
    both: [false, 'both'],
  },
  unsubscribed: {
    none: [false, 'none'],
    'none+out': [false, 'none+out'],
    'none+in': [true, 'none'],
    'none+out+in': [true, 'none+out'],
    to: [false, 'to'],
    'to+in': [true, 'to'],
    from: [true, 'none'],
    'from+out': [true, 'none+out'],
    both: [true, 'to'],
  },
}

/** Tables 6 to 9 (RFC 6121 §A.3): whether the stanza is delivered, and the new state. */
const inbound: Readonly<Record<SubscriptionType, Table>> = {
  subscribe: {
    none: [true, 'none+in'],
    'none+out': [true, 'none+out+in'],
    'none+in': [false, 'none+in'],
    'none+out+in': [false, 'none+out+in'],
    to: [true, 'to+in'],
    'to+in': [false, 'to+in'],
    from: [false, 'from'],
    'from+out': [false, 'from+out'],
    both: [false, 'both'],
  },
  unsubscribe: {
    none: [false, 'none'],
    'none+out': [false, 'none+out'],
    'none+in': [true, 'none'],
    'none+out+in': [true, 'none+out'],
    to: [false, 'to'],
    'to+in': [true, 'to'],
    from: [true, 'none'],
    'from+out': [true, 'none+out'],
    both: [true, 'to'],
  },
  subscribed: {
    none: [false, 'none'],
    'none+out': [true, 'to'],
    'none+in': [false, 'none+in'],
    'none+out+in': [true, 'to+in'],
    to: [false, 'to'],
    'to+in': [false, 'to+in'],
    from: [false, 'from'],
    'from+out': [true, 'both'],
    both: [false, 'both'],
  },
  unsubscribed: {
    none: [false, 'none'],
    'none+out': [true, 'none'],
    'none+in': [false, 'none+in'],
    'none+out+in': [true, 'none+in'],
    to: [true, 'none'],
    'to+in': [true, 'none+in'],
    from: [false, 'from'],
    'from+out': [true, 'from'],
    both: [true, 'from'],
  },
}

/** States in which the contact has no request to grant and no subscription yet, and what granting in advance leads to. */
const granted: Readonly<Partial<Record<SubscriptionState, SubscriptionState>>> = {
  none: 'from',
  'none+out': 'from+out',
  to: 'both',
}

/** The next step when the user sends `type` (RFC 6121 §A.2, §3.4.2). */
export function stepOutbound(type: SubscriptionType, state: SubscriptionState, approved = false): OutboundStep {
  const [route, next] = outbound[type][state]
  if (type === 'subscribed') return { route, state: next, approved: granted[state] !== undefined }
  // RFC 6121 §3.2.2: `unsubscribed` takes an approval back.
  return { route, state: next, approved: approved && type !== 'unsubscribed' }
}

/** The next step when the contact sends `type` (RFC 6121 §A.3, §3.4.2). An approval is used up by the request that it grants. */
export function stepInbound(type: SubscriptionType, state: SubscriptionState, approved = false): InboundStep {
  const early = granted[state]
  if (type === 'subscribe' && approved && early !== undefined) {
    return { deliver: false, state: early, approved: false, reply: 'subscribed' }
  }
  const [deliver, next] = inbound[type][state]
  return { deliver, state: next, approved, reply: replyTo(type, state, deliver) }
}

function replyTo(type: SubscriptionType, state: SubscriptionState, deliver: boolean): InboundStep['reply'] {
  if (type === 'subscribe' && hasFrom(state)) return 'subscribed'
  if (type === 'unsubscribe' && deliver) return 'unsubscribed'
  return undefined
}

/** Whether the contact receives the user's presence. */
export function hasFrom(state: SubscriptionState): boolean {
  return state === 'from' || state === 'from+out' || state === 'both'
}

/** Whether the user receives the contact's presence. */
export function hasTo(state: SubscriptionState): boolean {
  return state === 'to' || state === 'to+in' || state === 'both'
}

const facts: Readonly<Record<SubscriptionState, SubscriptionFacts>> = {
  none: { subscription: 'none', pendingOut: false, pendingIn: false },
  'none+out': { subscription: 'none', pendingOut: true, pendingIn: false },
  'none+in': { subscription: 'none', pendingOut: false, pendingIn: true },
  'none+out+in': { subscription: 'none', pendingOut: true, pendingIn: true },
  to: { subscription: 'to', pendingOut: false, pendingIn: false },
  'to+in': { subscription: 'to', pendingOut: false, pendingIn: true },
  from: { subscription: 'from', pendingOut: false, pendingIn: false },
  'from+out': { subscription: 'from', pendingOut: true, pendingIn: false },
  both: { subscription: 'both', pendingOut: false, pendingIn: false },
}

/** The state as a roster stores it. */
export function factsOf(state: SubscriptionState): SubscriptionFacts {
  return facts[state]
}

/** The state of a roster item; a pending request that its subscription makes pointless does not count. */
export function stateOf({ subscription, pendingOut, pendingIn }: SubscriptionFacts): SubscriptionState {
  switch (subscription) {
    case 'none':
      if (pendingOut) return pendingIn ? 'none+out+in' : 'none+out'
      return pendingIn ? 'none+in' : 'none'
    case 'to':
      return pendingIn ? 'to+in' : 'to'
    case 'from':
      return pendingOut ? 'from+out' : 'from'
    case 'both':
      return 'both'
  }
}
