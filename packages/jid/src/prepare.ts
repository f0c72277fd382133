// Enforcement of localparts and resourceparts (RFC 7622 §3.3, §3.4).

import { JidError } from './error.ts'
import type { JidPart } from './error.ts'
import { opaqueString, usernameCaseMapped } from './precis.ts'

const MAX_OCTETS = 1023
// No mapping makes an octet of UTF-8 out of more than two UTF-16 units, so what is longer stays too long.
const MAX_RAW_LENGTH = MAX_OCTETS * 2

/**
 * Enforces a localpart: UsernameCaseMapped without `" & ' / : < > @`.
 *
 * @throws {JidError} `empty-local`, `too-long`, or `local-invalid`
 * @see RFC 7622 §3.3
 */
export function prepareLocal(text: string): string {
  if (text === '') throw new JidError('empty-local', 'local')
  const local = enforce(text, 'local', usernameCaseMapped)
  for (let index = 0; index < local.length; index++) {
    if (isExcluded(local.charCodeAt(index))) throw new JidError('local-invalid', 'local')
  }
  return local
}

/**
 * Enforces a resourcepart: OpaqueString. Leading and trailing spaces stay, since no rule of the profile forbids them
 * (example 18 of RFC 7622 §3.5 has no rule to stand on).
 *
 * @throws {JidError} `empty-resource`, `too-long`, or `resource-invalid`
 * @see RFC 7622 §3.4
 */
export function prepareResource(text: string): string {
  if (text === '') throw new JidError('empty-resource', 'resource')
  return enforce(text, 'resource', opaqueString)
}

function enforce(text: string, part: Exclude<JidPart, 'domain'>, profile: (text: string) => string): string {
  if (text.length > MAX_RAW_LENGTH) throw new JidError('too-long', part)
  let prepared: string
  try {
    prepared = profile(text)
  } catch (cause) {
    throw new JidError(`${part}-invalid`, part, { cause })
  }
  if (!fits(prepared)) throw new JidError('too-long', part)
  return prepared
}

/** RFC 7622 §3.3.1. */
function isExcluded(unit: number): boolean {
  switch (unit) {
    case 0x22: // "
    case 0x26: // &
    case 0x27: // '
    case 0x2f: // /
    case 0x3a: // :
    case 0x3c: // <
    case 0x3e: // >
    case 0x40: // @
      return true
    default:
      return false
  }
}

/** Whether well-formed `text` has at most 1023 octets of UTF-8. */
function fits(text: string): boolean {
  if (text.length * 3 <= MAX_OCTETS) return true
  let octets = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Each half of a surrogate pair counts two: four octets in all.
    const surrogate = unit >= 0xd800 && unit <= 0xdfff
    octets += unit < 0x80 ? 1 : unit < 0x800 || surrogate ? 2 : 3
  }
  return octets <= MAX_OCTETS
}
