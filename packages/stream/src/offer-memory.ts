/** What a server has offered to a stream on which nobody is authenticated yet, for the next one (XEP-0509 0.2.0). */

import type { Content } from '@tercet/xml'

/** An offer that has a name. */
export interface RememberedOffer {
  readonly version: { readonly scheme: string; readonly value: string }
  readonly features: Content
}

/** Where the offer of one server is kept from stream to stream, by whoever opens them. */
export interface OfferMemory {
  offer: RememberedOffer | undefined
}
