// XEP-0280 1.0.1: message carbons.
import { element } from '../codec.ts'
import { child } from '../fields.ts'
import { iqSet } from '../query.ts'
import { forwarded } from './forward.ts'

/** Namespace of carbons. */
export const NS = 'urn:xmpp:carbons:2'

/** Feature of servers that follow all rules of §6.1 for what is copied. */
export const NS_RULES = 'urn:xmpp:carbons:rules:0'

/** Asks for copies of what the account's other resources send and receive (§4). */
export const enable = iqSet(element(NS, 'enable'))

/** Asks for no more copies (§5). */
export const disable = iqSet(element(NS, 'disable'))

/** What another resource of the account has sent; only true from the account's own bare address (§11). */
export const sent = element(NS, 'sent', { forwarded: child(forwarded) })

/** What another resource of the account has received; only true from the account's own bare address (§11). */
export const received = element(NS, 'received', { forwarded: child(forwarded) })

/** A message that is not to be copied (§9). */
export const keepPrivate = element(NS, 'private')
