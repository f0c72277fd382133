// XEP-0440 1.0.0: which channel bindings the receiver can do.
import { elementOf } from '../codec.ts'
import { attr, child } from '../fields.ts'

/** Namespace of channel binding types. */
export const NS = 'urn:xmpp:sasl-cb:0'

/** Stream feature: the types, by their IANA names. */
export const channelBindings = elementOf(
  NS,
  'sasl-channel-binding',
  child(elementOf(NS, 'channel-binding', attr('type'))).many,
)
