// XEP-0297 1.0: a stanza inside of another one.
import { type Codec, type Read, element } from '../codec.ts'
import { DecodeError } from '../decode-error.ts'
import { fromElement, toElement } from '../edge.ts'
import { type Field, child } from '../fields.ts'
import { type Stanza, isStanza } from '../stanza.ts'
import { delay } from './delay.ts'

/** Namespace of forwarded stanzas. */
export const NS = 'urn:xmpp:forward:0'

/** The stanza inside, its addresses as they are written: the forwarder vouches for them, nobody else. */
const stanza: Field<Stanza> = {
  read(from) {
    const inner = from.elements().find(isStanza)
    if (!inner) throw new DecodeError('*', 'missing', 'a stanza')
    try {
      return fromElement(inner)
    } catch (cause) {
      throw new DecodeError(inner.name, 'malformed', 'a stanza', { cause })
    }
  },
  write: (value, into) => void into.children.push(toElement(value)),
}

const fields = { delay: child(delay).optional, stanza }

/** A stanza, and when it was first sent. */
export type Forwarded = Read<typeof fields>

/** `<forwarded/>`. */
export const forwarded: Codec<Forwarded> = element(NS, 'forwarded', fields)
