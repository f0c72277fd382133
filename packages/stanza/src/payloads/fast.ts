// XEP-0484 0.2.0: fast authentication by tokens.
import { element } from '../codec.ts'
import { attr, text } from '../fields.ts'
import { bool, dateTime, uint32 } from '../scalars.ts'

/** Namespace of FAST. */
export const NS = 'urn:xmpp:fast:0'

/** Inline feature of SASL2: mechanisms that tokens are for (§3.1). */
export const feature = element(NS, 'fast', {
  mechanisms: text('mechanism').many,
  zeroRtt: attr('tls-0rtt', bool).or(false),
})

/** Asks for a token (§3.2). */
export const requestToken = element(NS, 'request-token', { mechanism: attr('mechanism') })

/** The token to log in with next time (§3.3). */
export const token = element(NS, 'token', { expiry: attr('expiry', dateTime), token: attr('token') })

/** Says that a token is shown; `count` is for TLS 0-RTT, `invalidate` makes it the last time (§3.4, §3.6). */
export const fast = element(NS, 'fast', {
  count: attr('count', uint32).optional,
  invalidate: attr('invalidate', bool).or(false),
})
