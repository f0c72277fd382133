// XEP-0333 1.0.0: displayed markers.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'

/** Namespace of markers. */
export const NS = 'urn:xmpp:chat-markers:0'

/** Asks for a marker. */
export const markable = element(NS, 'markable')

/** The message of that id, and what came before it, was displayed. */
export const displayed = element(NS, 'displayed', { id: attr('id') })
