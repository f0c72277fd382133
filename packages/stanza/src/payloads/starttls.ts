// STARTTLS: RFC 6120 §5.
import { element } from '../codec.ts'
import { flag } from '../fields.ts'

/** Namespace of STARTTLS. */
export const NS = 'urn:ietf:params:xml:ns:xmpp-tls'

/** The stream feature, and the request without `required` (RFC 6120 §5.4.1, §5.4.2.1). */
export const starttls = element(NS, 'starttls', { required: flag('required') })

/** The handshake may begin (RFC 6120 §5.4.2.3). */
export const proceed = element(NS, 'proceed')

/** TLS cannot be had; the stream is over (RFC 6120 §5.4.2.2). */
export const failure = element(NS, 'failure')
