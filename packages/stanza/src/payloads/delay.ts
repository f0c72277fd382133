// XEP-0203 2.0: delayed delivery.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, content } from '../fields.ts'
import { dateTime, jid } from '../scalars.ts'

/** Namespace of delays. */
export const NS = 'urn:xmpp:delay'

const fields = {
  from: attr('from', jid).lenient,
  stamp: attr('stamp', dateTime),
  reason: content().optional,
}

/** When a stanza was first sent, and who held it back. */
export type Delay = Read<typeof fields>

/** `<delay/>`. */
export const delay: Codec<Delay> = element(NS, 'delay', fields)
