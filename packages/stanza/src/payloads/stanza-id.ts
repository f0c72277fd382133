// XEP-0359 0.7.0: unique and stable ids of stanzas.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'
import { jid } from '../scalars.ts'

/** Namespace of stanza ids. */
export const NS = 'urn:xmpp:sid:0'

/** The id that the entity `by` gave; nobody else may use its name (§4). */
export const stanzaId = element(NS, 'stanza-id', { id: attr('id'), by: attr('by', jid) })

/** The id that the sender's client gave. */
export const originId = element(NS, 'origin-id', { id: attr('id') })
