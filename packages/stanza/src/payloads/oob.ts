// XEP-0066 1.5: out-of-band data, a link as a payload.
import { element } from '../codec.ts'
import { text } from '../fields.ts'

/** Namespace of links in messages and forms. */
export const NS = 'jabber:x:oob'

/** A link, with a description. */
export const oob = element(NS, 'x', { url: text('url'), desc: text('desc').optional })
