// Stream features: RFC 6120 §4.3.2.
import { elementOf } from '../codec.ts'
import { elements } from '../fields.ts'
import { NS_STREAMS } from '../ns.ts'

/** Namespace of streams. */
export const NS = NS_STREAMS

/** `<stream:features/>`: the features as elements, each to be read with the codec of its own specification. */
export const features = elementOf(NS, 'features', elements())
