// The hash over what the server offered: SCRAM attribute `h` of XEP-0474 0.5.0.
import { andThen, type Awaitable } from './awaitable.ts'
import { encodeBase64 } from './base64.ts'
import type { SaslCrypto, ScramHash } from './crypto.ts'

/** What the server advertised in the SASL profile in use (1 or 2), in any order. */
export interface Offer {
  readonly mechanisms: readonly string[]
  /** Types of `<sasl-channel-binding/>`; `undefined` when the server does not advertise them (XEP-0440). */
  readonly bindingTypes: readonly string[] | undefined
}

/** The text that is hashed: both lists sorted by octets, neither delimiter possible in XML (XEP-0474 §6.1). */
export function offerText(offer: Offer): string {
  const mechanisms = offer.mechanisms.toSorted().join('\x1e')
  return offer.bindingTypes === undefined
    ? mechanisms
    : mechanisms + '\x1f' + offer.bindingTypes.toSorted().join('\x1e')
}

/** The value of `h`: base64 of the hash, with the hash function of the mechanism in use (XEP-0474 §6.1). */
export function offerHash(offer: Offer, hash: ScramHash, crypto: SaslCrypto): Awaitable<string> {
  return andThen(crypto.hash(hash, offerText(offer)), encodeBase64)
}
