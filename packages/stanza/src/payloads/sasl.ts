// SASL: RFC 6120 §6. Bytes that are not base64 are a DecodeError of reason `malformed` whose path ends in `text()`: `<incorrect-encoding/>`.
import { element, elementOf } from '../codec.ts'
import { saslCondition } from '../conditions.ts'
import { type OptionalField, attr, content, named, text } from '../fields.ts'
import { type Scalar, base64 } from '../scalars.ts'

/** Namespace of SASL. */
export const NS = 'urn:ietf:params:xml:ns:xmpp-sasl'

/** Bytes that may be no bytes at all, `=`, which is not the same as nothing (RFC 6120 §6.4.2, §6.4.6). */
const present: Scalar<Uint8Array> = {
  is: base64.is,
  read: text => (text === '=' ? new Uint8Array() : base64.read(text)),
  write: bytes => (bytes.length === 0 ? '=' : base64.write(bytes)),
}

/** Bytes of a step that always has some, `=` tolerated. */
const step: Scalar<Uint8Array> = { ...present, write: bytes => base64.write(bytes) }

const data: OptionalField<Uint8Array> = content(present).optional

/** Stream feature: the mechanisms on offer (RFC 6120 §6.4.1). */
export const mechanisms = elementOf(NS, 'mechanisms', text('mechanism').many)

/** Begins with a mechanism; without `data` the mechanism is to be asked first (RFC 6120 §6.4.2). */
export const auth = element(NS, 'auth', { mechanism: attr('mechanism'), data })

/** The receiver's next step (RFC 6120 §6.4.3). */
export const challenge = elementOf(NS, 'challenge', content(step))

/** The initiator's next step (RFC 6120 §6.4.3). */
export const response = elementOf(NS, 'response', content(step))

/** The initiator gives up (RFC 6120 §6.4.4). */
export const abort = element(NS, 'abort')

/** Refused; no condition or an unknown one is `not-authorized` (RFC 6120 §6.4.5, §6.5). */
export const failure = element(NS, 'failure', {
  condition: named(saslCondition, { absent: 'not-authorized' }),
  text: text('text').optional,
})

/** Authenticated, with the mechanism's last data if it has any (RFC 6120 §6.4.6). */
export const success = elementOf(NS, 'success', data)
