// XEP-0184 1.4.0: message delivery receipts.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'

/** Namespace of receipts. */
export const NS = 'urn:xmpp:receipts'

/** Asks for a receipt. */
export const request = element(NS, 'request')

/** The receipt for the message of that id. */
export const received = element(NS, 'received', { id: attr('id') })
