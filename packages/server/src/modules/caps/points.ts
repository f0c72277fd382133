/** What other modules may hear from this one. */

import type { FullJid } from '@tercet/jid'
import { point } from '@tercet/plugin'
import type { Account } from '../../account.ts'
import type { Turn } from '../../turn.ts'
import type { Features } from './known.ts'

/** A resource that shares its presence with `account` is there, and what it can do is known. */
export interface CapsEvent {
  readonly account: Account
  /** The resource: the account's own, a contact's here or elsewhere. */
  readonly jid: FullJid
  readonly features: Features
  readonly turn: Turn
}

/**
 * Told in the account's queue when a resource has become available, or can do something else than before. Not for a presence that
 * merely says something new.
 */
export const capsKnown = point<CapsEvent>()('capsKnown', ['run'])
