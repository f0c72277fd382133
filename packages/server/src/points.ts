/** All hook points of the server with their phases: the map of the building. */

import type { BareJid } from '@tercet/jid'
import { point } from '@tercet/plugin'
import type { Iq, Message, Presence, Stanza } from '@tercet/stanza'
import type { Account } from './account.ts'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/** A stanza that a local session sent. */
export interface OutboundEvent {
  readonly session: Session
  readonly turn: Turn
  /** `rewrite` may set a new value; it is what gets routed. */
  stanza: Stanza
  /** The stanza-id of a message in its sender's archive (XEP-0359); set in `archive`. */
  id: string | undefined
}

/** A stanza that is about to reach a local account. */
export interface InboundEvent {
  readonly account: Account
  readonly turn: Turn
  /** `rewrite` may set a new value. */
  stanza: Stanza
  /** Sessions that get the stanza; set in `choose`, read later. */
  targets: readonly Session[]
  /** The stanza-id that a message has at this account (XEP-0359), once it needs one: set in `archive`, or when it is delivered. */
  id: string | undefined
}

/** A session at a point of its life. */
export interface SessionEvent {
  readonly session: Session
  readonly turn: Turn
}

/** The availability of a session has changed. */
export interface PresenceEvent extends SessionEvent {
  /** What is to be told to others: the session's own words, or the server's when it is gone. */
  readonly stanza: Presence
  /** What the session had said before; undefined: it was not available. */
  readonly before: Presence | undefined
  /** What holds now; undefined: it is not available any more. */
  readonly after: Presence | undefined
  /** Whether it took messages for the bare address before. */
  readonly tookMessages: boolean
}

/** The roster of an account has another entry for a contact. */
export interface RosterEvent {
  readonly account: Account
  readonly contact: BareJid
  readonly turn: Turn
}

/** A stanza is about to enter the outbox of a session that holds back what can wait; others cost nothing. */
export interface DepartingEvent {
  readonly session: Session
  readonly stanza: Stanza
  /**
   * Set in `hold`: it waits, and takes the place of what waits under the same key, unless that is empty. Undefined: it leaves, after all that
   * waits.
   */
  key: string | undefined
}

/** An account is being removed: forget what is stored for it. */
export interface AccountEvent {
  readonly account: Account
  readonly turn: Turn
}

/** Stanzas by their kind; each has handlers of its own, so that what concerns messages alone costs a presence nothing (`Host.onKind`). */
export interface StanzaOf {
  readonly message: Message
  readonly presence: Presence
  readonly iq: Iq
}

const kinds: readonly (keyof StanzaOf)[] = ['message', 'presence', 'iq']

/** A local account sent this. */
export const outbound = point<OutboundEvent>()('outbound', ['guard', 'rewrite', 'archive', 'copy', 'handle'], kinds)
/** This is about to reach a local account. */
export const inbound = point<InboundEvent>()(
  'inbound',
  ['guard', 'rewrite', 'choose', 'archive', 'copy', 'deliver'],
  kinds,
)
/** This is about to leave for the peer of a session that holds back. Nobody waits here for anything. */
export const departing = point<DepartingEvent>()('departing', ['hold', 'count'])
/** A resource was bound. */
export const sessionOpened = point<SessionEvent>()('sessionOpened', ['run'])
/** A session has lost its stream and waits to be resumed. */
export const sessionHibernated = point<SessionEvent>()('sessionHibernated', ['run'])
/** A session moved to a new stream. */
export const sessionResumed = point<SessionEvent>()('sessionResumed', ['run'])
/** A session is over; it is not among its account's sessions any more. */
export const sessionClosed = point<SessionEvent>()('sessionClosed', ['run'])
/** A session went on in another server, with all that its keys hold; nothing has ended for anybody. */
export const sessionMoved = point<SessionEvent>()('sessionMoved', ['run'])
/** A session came from another server, as it was there, and waits to be resumed. */
export const sessionArrived = point<SessionEvent>()('sessionArrived', ['run'])
/** A session became available, changed its presence, or became unavailable. */
export const presenceChanged = point<PresenceEvent>()('presenceChanged', ['run'])
/** A subscription, a group or a name has changed. Told while it changes, in the account's queue: look at the roster in a task of your own. */
export const rosterChanged = point<RosterEvent>()('rosterChanged', ['run'])
/** A contact may see the account from now on: told in the account's queue, when the roster knows and its presence was sent. */
export const contactAdmitted = point<RosterEvent>()('contactAdmitted', ['run'])
/** An account was removed. */
export const accountRemoved = point<AccountEvent>()('accountRemoved', ['run'])
