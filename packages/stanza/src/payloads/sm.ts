// XEP-0198 1.6.3: stream management.
import { stanzaCondition } from '../conditions.ts'
import { element } from '../codec.ts'
import { attr, flag, named } from '../fields.ts'
import { NS_STANZA_ERRORS } from '../ns.ts'
import { bool, uint32 } from '../scalars.ts'

/** Namespace of stream management. */
export const NS = 'urn:xmpp:sm:3'

/** Stream feature (§3). */
export const feature = element(NS, 'sm', { required: flag('required'), optional: flag('optional') })

/** Asks to count stanzas, and to be able to resume; `max` is in seconds (§3, §5). */
export const enable = element(NS, 'enable', {
  resume: attr('resume', bool).or(false),
  max: attr('max', uint32).optional,
})

/** Counting starts. `id` is the SM-ID, `location` where to come back to, `max` in seconds (§5). */
export const enabled = element(NS, 'enabled', {
  id: attr('id').optional,
  resume: attr('resume', bool).or(false),
  max: attr('max', uint32).optional,
  location: attr('location').optional,
})

/** Asks to go on with a former stream; `h` is what was handled of it (§5). */
export const resume = element(NS, 'resume', { previd: attr('previd'), h: attr('h', uint32) })

/** The former stream goes on (§5). */
export const resumed = element(NS, 'resumed', { previd: attr('previd'), h: attr('h', uint32) })

/** Neither enabled nor resumed; `h` is what was handled of a stream that is gone (§3, §5). */
export const failed = element(NS, 'failed', {
  h: attr('h', uint32).optional,
  condition: named(stanzaCondition, { ns: NS_STANZA_ERRORS, absent: 'undefined-condition' }),
})

/** Asks for `<a/>` (§4). */
export const r = element(NS, 'r')

/** How many stanzas have been handled, modulo 2^32 (§4). */
export const a = element(NS, 'a', { h: attr('h', uint32) })

/** Application condition of the stream error to a peer that acknowledges what was never sent (§4). */
export const handledCountTooHigh = element(NS, 'handled-count-too-high', {
  h: attr('h', uint32),
  sendCount: attr('send-count', uint32),
})
