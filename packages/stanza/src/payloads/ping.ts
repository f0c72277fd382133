// XEP-0199 2.0.1: XMPP ping.
import { element } from '../codec.ts'
import { iqGet } from '../query.ts'

/** Namespace of pings. */
export const NS = 'urn:xmpp:ping'

/** Asks whether somebody is there. */
export const ping = iqGet(element(NS, 'ping'))
