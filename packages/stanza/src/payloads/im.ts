// Instant messages and presence: the payloads of RFC 6121 §4.7.2 and §5.2.
import { CONTENT } from '@tercet/xml'
import { element, elementOf } from '../codec.ts'
import { attr, content } from '../fields.ts'
import { between, oneOf } from '../scalars.ts'

/** Namespace of the payloads that RFC 6121 defines itself. */
export const NS = CONTENT

/** What the message says (RFC 6121 §5.2.3). */
export const body = elementOf(NS, 'body', content())

/** A body with its language; a message has one for each (RFC 6121 §5.2.3). */
export const bodyIn = element(NS, 'body', { lang: attr('xml:lang').optional, text: content() })

/** The topic (RFC 6121 §5.2.4). */
export const subject = elementOf(NS, 'subject', content())

/** The conversation that a message belongs to, and the one it branched off (RFC 6121 §5.2.5). */
export const thread = element(NS, 'thread', { parent: attr('parent').optional, id: content() })

/** How available somebody is; none is plainly available (RFC 6121 §4.7.2.1). */
export const show = elementOf(NS, 'show', content(oneOf('away', 'chat', 'dnd', 'xa')))

/** Availability in words (RFC 6121 §4.7.2.2). */
export const status = elementOf(NS, 'status', content())

/** Priority of a resource, -128 to 127; none is 0, a negative one gets no message to the bare JID (RFC 6121 §4.7.2.3). */
export const priority = elementOf(NS, 'priority', content(between(-128, 127)))
