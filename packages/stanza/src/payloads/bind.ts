// Resource binding: RFC 6120 §7.
import { element } from '../codec.ts'
import { text } from '../fields.ts'
import { iqSet } from '../query.ts'
import { fullJid } from '../scalars.ts'

/** Namespace of resource binding. */
export const NS = 'urn:ietf:params:xml:ns:xmpp-bind'

/** Stream feature (RFC 6120 §7.4). */
export const feature = element(NS, 'bind')

/** Binds the resource asked for, or one that the server makes; the answer is the full JID (RFC 6120 §7.6, §7.7). */
export const bind = iqSet(
  element(NS, 'bind', { resource: text('resource').optional }),
  element(NS, 'bind', { jid: text('jid', fullJid) }),
)
