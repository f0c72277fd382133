// Session establishment: RFC 3921 §3, gone in RFC 6121 §1.4, a no-op for old clients.
import { element } from '../codec.ts'
import { flag } from '../fields.ts'
import { iqSet } from '../query.ts'

/** Namespace of session establishment. */
export const NS = 'urn:ietf:params:xml:ns:xmpp-session'

/** Stream feature; `optional` tells a client that it need not ask. */
export const feature = element(NS, 'session', { optional: flag('optional') })

/** Asks for a session, which binding has made already. */
export const session = iqSet(element(NS, 'session'))
