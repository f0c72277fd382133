// XEP-0430 0.2.0: the inbox, all conversations of an account with what is unread in them.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child } from '../fields.ts'
import { iqGet } from '../query.ts'
import { between, bool, jid } from '../scalars.ts'
import { resultSet } from './rsm.ts'

/** Namespace of inboxes. */
export const NS = 'urn:xmpp:inbox:1'

const amount = between(0, Number.MAX_SAFE_INTEGER)

const queryFields = {
  unreadOnly: attr('unread-only', bool).or(false),
  messages: attr('messages', bool).or(true),
  set: child(resultSet).optional,
}

/** Which conversations are wanted, and whether with their last messages (§3.1). */
export type InboxQuery = Read<typeof queryFields>

const queryElement: Codec<InboxQuery> = element(NS, 'inbox', queryFields)

/** One conversation: with whom, how many messages are unread, and the id of the last one in the archive. It stands in a message of its own. */
export const entry = element(NS, 'entry', { jid: attr('jid', jid), unread: attr('unread', amount), id: attr('id') })

const finFields = {
  total: attr('total', amount),
  unread: attr('unread', amount),
  allUnread: attr('all-unread', amount),
  set: child(resultSet).optional,
}

/** The end of the entries: how many conversations there are, how many have something unread, and how many messages that is. */
export type InboxFin = Read<typeof finFields>

const finElement: Codec<InboxFin> = element(NS, 'fin', finFields)

/** Asks for the inbox; entries come in messages of their own, before the answer. */
export const inbox = iqGet(queryElement, finElement)
