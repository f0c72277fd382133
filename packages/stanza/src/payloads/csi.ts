// XEP-0352 1.0.0: client state indication.
import { element } from '../codec.ts'

/** Namespace of client states, and of the stream feature. */
export const NS = 'urn:xmpp:csi:0'

/** Stream feature (§4.1). */
export const feature = element(NS, 'csi')

/** Somebody looks at the client; every stream begins so (§4.2). */
export const active = element(NS, 'active')

/** Nobody does (§4.2). */
export const inactive = element(NS, 'inactive')
