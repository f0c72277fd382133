/** A contact of an account: what is stored of it, what a roster shows, and what an operator adds (RFC 6121 §2). */

import type { BareJid } from '@tercet/jid'
import { factsOf, type SubscriptionState } from '@tercet/stanza'
import type { RosterItem } from '@tercet/stanza/roster'

/** A contact as it is stored. */
export interface Contact {
  readonly name: string | undefined
  readonly groups: readonly string[]
  readonly state: SubscriptionState
  /** A request of the contact will be granted (§3.4). */
  readonly approved: boolean
  /** Wire text of the contact's request that waits for an answer (§3.1.3). */
  readonly request: string | undefined
  /** The user has put it on the roster, or asked for a subscription: it is shown although there is none. */
  readonly listed: boolean
  /** The operator gives it to the account: in which groups, and what it would be without that. */
  readonly shared?: { readonly groups: readonly string[]; readonly state: SubscriptionState; readonly listed: boolean }
}

/** Nobody has heard of this contact yet. */
export const stranger: Contact = {
  name: undefined,
  groups: [],
  state: 'none',
  approved: false,
  request: undefined,
  listed: false,
}

/** How a contact is stored. */
export interface ContactRow {
  readonly name?: string
  readonly groups?: readonly string[]
  readonly state: SubscriptionState
  readonly approved?: true
  readonly request?: string
  readonly listed?: true
}

/** A contact that only waits for an answer is not shown (§A.1, state 3). */
export function visible({ state, listed }: Contact): boolean {
  return listed || (state !== 'none' && state !== 'none+in')
}

/** Whether a roster shows both in the same way; names and groups aside, which only the user changes. */
export function looksLike(a: Contact, b: Contact): boolean {
  const [one, other] = [factsOf(a.state), factsOf(b.state)]
  return one.subscription === other.subscription && one.pendingOut === other.pendingOut && a.approved === b.approved
}

/** Nothing of it is worth keeping. */
export function forgettable({ state, listed, approved, name, groups }: Contact): boolean {
  return state === 'none' && !listed && !approved && name === undefined && groups.length === 0
}

/** A contact with the groups in which the operator gives it to the account. */
export function given(contact: Contact, groups: readonly string[]): Contact {
  if (groups.length === 0) return contact
  const { state, listed } = contact
  const all = [...new Set([...groups, ...contact.groups])]
  return { ...contact, groups: all, state: 'both', listed: true, shared: { groups, state, listed } }
}

/** What of it is the user's own. */
export function own(contact: Contact): Contact {
  const { shared } = contact
  if (!shared) return contact
  const groups = contact.groups.filter(group => !shared.groups.includes(group))
  return { ...contact, groups, state: shared.state, listed: shared.listed }
}

/** As a roster shows it. */
export function itemOf(jid: BareJid, { name, groups, state, approved }: Contact): RosterItem {
  const { subscription, pendingOut } = factsOf(state)
  return {
    jid,
    subscription,
    groups,
    ...(name === undefined ? {} : { name }),
    ...(pendingOut ? { ask: 'subscribe' } : {}),
    ...(approved ? { approved: true } : {}),
  }
}

/** From storage; nothing there is a stranger. */
export function readContact(row: ContactRow | undefined): Contact {
  if (!row) return stranger
  return {
    name: row.name,
    groups: row.groups ?? [],
    state: row.state,
    approved: row.approved ?? false,
    request: row.request,
    listed: row.listed ?? false,
  }
}

/** For storage. */
export function writeContact({ name, groups, state, approved, request, listed }: Contact): ContactRow {
  return {
    state,
    ...(name === undefined ? {} : { name }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(approved ? { approved } : {}),
    ...(request === undefined ? {} : { request }),
    ...(listed ? { listed } : {}),
  }
}
