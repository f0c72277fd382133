// XEP-0509 0.2.0: names what a server offers, so that a client may authenticate before it has read the offer.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'

/** Namespace of configuration versions. */
export const NS = 'urn:xmpp:iap:0'

/** Stream feature (§2.1), and within authentication the version that a client relies on (§2.2). */
export const configVersion = element(NS, 'config-version', {
  scheme: attr('scheme').or('opaque'),
  value: attr('value'),
})

/** Application condition of a failure: the offer is another one by now (§2.2). */
export const mismatch = element(NS, 'config-version-mismatch')
