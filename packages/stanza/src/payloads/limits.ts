// XEP-0478 0.2.0: stream limits advertisement.
import { element } from '../codec.ts'
import { text } from '../fields.ts'
import { uint32 } from '../scalars.ts'

/** Namespace of stream limits. */
export const NS = 'urn:xmpp:stream-limits:0'

/** Stream feature: the largest first-level element in bytes, and the silence after which the stream is checked or closed. */
export const limits = element(NS, 'limits', {
  maxBytes: text('max-bytes', uint32).optional,
  idleSeconds: text('idle-seconds', uint32).optional,
})
