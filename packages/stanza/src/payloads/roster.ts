// Rosters: RFC 6121 §2, with versions (§2.6) and pre-approval (§3.4).
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, text } from '../fields.ts'
import { iqGet, iqSet, orNothing } from '../query.ts'
import { bool, jid, oneOf } from '../scalars.ts'

/** Namespace of rosters. */
export const NS = 'jabber:iq:roster'

const itemFields = {
  jid: attr('jid', jid),
  name: attr('name').optional,
  // What a client writes into these three is ignored, but for `remove` (RFC 6121 §2.1.2): so is what it misspells.
  subscription: attr('subscription', oneOf('both', 'from', 'none', 'remove', 'to')).lenient,
  ask: attr('ask', oneOf('subscribe')).lenient,
  approved: attr('approved', bool).lenient,
  groups: text('group').many,
}

/** One contact (RFC 6121 §2.1.2). No `subscription` means `none`. */
export type RosterItem = Read<typeof itemFields>

/** `<item/>` of a roster. */
export const item: Codec<RosterItem> = element(NS, 'item', itemFields)

const queryFields = { ver: attr('ver').optional, items: child(item).many }

/** A roster, or the part of it that changes; a request has no items (RFC 6121 §2.1.1). */
export type Roster = Read<typeof queryFields>

/** `<query/>` of a roster. */
export const query: Codec<Roster> = element(NS, 'query', queryFields)

/** Asks for the roster; without payload the answer says that version `ver` is current but for the pushes that follow (RFC 6121 §2.6.3). */
export const get = iqGet(query, orNothing(query))

/** Sets one item: a client's change or a server's push (RFC 6121 §2.1.5, §2.1.6). */
export const set = iqSet(query)

/** Stream feature: rosters have versions (RFC 6121 §2.6.1). */
export const versioning = element('urn:xmpp:features:rosterver', 'ver')

/** Stream feature: subscriptions may be approved in advance (RFC 6121 §3.4). */
export const preApproval = element('urn:xmpp:features:pre-approval', 'sub')
