/** What every stream of a client needs, and nothing else (RFC 6120 §4.3): TLS, authentication, a resource. */

import type { ReceiverFeature } from '../receiver.ts'
import { bind, type BindHost } from './bind.ts'
import { sasl } from './sasl.ts'
import type { SaslHost } from './sasl-exchange.ts'
import { starttls, tlsRequired, type TlsHost } from './starttls.ts'

/** A served domain as {@link essentialFeatures} see it. */
export interface EssentialHost extends TlsHost, SaslHost, BindHost {}

/** The features that are mandatory to implement, in the order in which they are negotiated; more may follow behind them. */
export const essentialFeatures: readonly ReceiverFeature<EssentialHost>[] = [starttls, sasl, tlsRequired, bind]
