// XEP-0292 0.12.0: vCard4 (RFC 6350, RFC 6351) in a node of the account.
import { raw } from '../codec.ts'

/** Namespace of `<vcard/>`. */
export const NS = 'urn:ietf:params:xml:ns:vcard-4.0'

/** Node of an account's own card, with one item. */
export const NODE = 'urn:xmpp:vcard4'

/** `<vcard/>`, as its owner wrote it. */
export const vcard4 = raw(NS, 'vcard')
