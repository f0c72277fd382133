// XEP-0490 1.0.1: how far each chat was displayed, kept in step between the clients of an account.
import { element } from '../codec.ts'
import { child } from '../fields.ts'
import { stanzaId } from './stanza-id.ts'

/** Node of what was displayed, one item for each chat with its address as id; namespace of `<displayed/>`. */
export const NS = 'urn:xmpp:mds:displayed:0'
/** Feature of an account whose server publishes what stands in a message (§3.4). */
export const NS_ASSIST = 'urn:xmpp:mds:server-assist:0'

/** `<displayed/>`: up to the message with this id. */
export const displayed = element(NS, 'displayed', { stanzaId: child(stanzaId) })
