// XEP-0480 0.2.0: tasks that give the server keys for another mechanism.
import { element, elementOf } from '../codec.ts'
import { attr, content } from '../fields.ts'
import { base64, uint32 } from '../scalars.ts'

/** Namespace of the offer and the request. */
export const NS = 'urn:xmpp:sasl:upgrade:0'
/** Namespace of what SCRAM needs. */
export const NS_SCRAM = 'urn:xmpp:scram-upgrade:0'

/** Name of a task, offered or asked for (§2). */
export const upgrade = elementOf(NS, 'upgrade', content())

/** What to derive a password with (§3). */
export const salt = element(NS_SCRAM, 'salt', { iterations: attr('iterations', uint32), salt: content(base64) })

/** The SaltedPassword of RFC 5802 §3 (§3). */
export const hash = elementOf(NS_SCRAM, 'hash', content(base64))
