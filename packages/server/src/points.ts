/** All hook points of the server with their phases: the map of the building. */

import { point } from '@tercet/plugin'
import type { Presence, Stanza } from '@tercet/stanza'
import type { Account } from './account.ts'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/** A stanza that a local session sent. */
export interface OutboundEvent {
  readonly session: Session
  readonly turn: Turn
  /** `rewrite` may set a new value; it is what gets routed. */
  stanza: Stanza
}

/** A stanza that is about to reach a local account. */
export interface InboundEvent {
  readonly account: Account
  readonly turn: Turn
  /** `rewrite` may set a new value. */
  stanza: Stanza
  /** Sessions that get the stanza; set in `choose`, read later. */
  targets: readonly Session[]
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

/** An account is being removed: forget what is stored for it. */
export interface AccountEvent {
  readonly account: Account
  readonly turn: Turn
}

/** A local account sent this. */
export const outbound = point<OutboundEvent>()('outbound', ['guard', 'rewrite', 'archive', 'copy', 'handle'])
/** This is about to reach a local account. */
export const inbound = point<InboundEvent>()('inbound', ['guard', 'rewrite', 'choose', 'archive', 'copy', 'deliver'])
/** A resource was bound. */
export const sessionOpened = point<SessionEvent>()('sessionOpened', ['run'])
/** A session moved to a new stream. */
export const sessionResumed = point<SessionEvent>()('sessionResumed', ['run'])
/** A session is over; it is not among its account's sessions any more. */
export const sessionClosed = point<SessionEvent>()('sessionClosed', ['run'])
/** A session became available, changed its presence, or became unavailable. */
export const presenceChanged = point<PresenceEvent>()('presenceChanged', ['run'])
/** An account was removed. */
export const accountRemoved = point<AccountEvent>()('accountRemoved', ['run'])
