// PRECIS profiles UsernameCaseMapped and OpaqueString (RFC 8265 §3.3, §4.2; RFC 8264), on the tables of one Unicode version.

import { bidiRuleHolds, isRightToLeft } from './bidi.ts'
import { CONTEXT, DISALLOWED, FREE, codePointsOf, derivedOf, isKnownToEngine, propertiesOf } from './code-point.ts'
import { contextsHold } from './context-rules.ts'

export { UNICODE_VERSION } from './precis.table.ts'

/**
 * Why a string does not conform: nothing in it, a code point its class lacks, a code point out of its context
 * (RFC 5892 App. A), the Bidi Rule (RFC 5893 §2), or no stable form (RFC 8264 §7).
 */
export type PrecisCode = 'empty' | 'disallowed' | 'context' | 'bidi' | 'unstable'

const TEXTS: Record<PrecisCode, string> = {
  empty: 'Write at least one character',
  disallowed: 'Leave out the characters that are not allowed here',
  context: 'A character stands where its script does not use it',
  bidi: 'Do not mix writing directions this way',
  unstable: 'The text has no stable form',
}

/** A string that a PRECIS profile refuses; the message never quotes it, since it may be a password. */
export class PrecisError extends Error {
  override readonly name = 'PrecisError'
  readonly code: PrecisCode

  constructor(code: PrecisCode) {
    super(TEXTS[code])
    this.code = code
  }
}

/**
 * Enforces UsernameCaseMapped: the form in which user names are stored and compared.
 *
 * Σ becomes σ everywhere, also at the end of a word (RFC 8265 §3.6).
 *
 * A name of several words is several userparts (RFC 8265 §3.5): call this for each.
 *
 * @throws {PrecisError} the text is no userpart
 * @see RFC 8265 §3.3.3
 */
export function usernameCaseMapped(text: string): string {
  let upper = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return enforce(text, caseMappedOnce)
    if (unit < 0x21 || unit === 0x7f) throw new PrecisError('disallowed')
    if (unit >= 0x41 && unit <= 0x5a) upper = true
  }
  if (text === '') throw new PrecisError('empty')
  return upper ? text.toLowerCase() : text
}

/**
 * Enforces OpaqueString: the form in which passwords are hashed and resources compared. Case is kept, every space
 * becomes U+0020.
 *
 * @throws {PrecisError} the text is empty or holds control, private or unassigned characters
 * @see RFC 8265 §4.2.2
 */
export function opaqueString(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return enforce(text, opaqueOnce)
    if (unit < 0x20 || unit === 0x7f) throw new PrecisError('disallowed')
  }
  if (text === '') throw new PrecisError('empty')
  return text
}

// Wide and narrow forms (Decomposition_Type) are here and nowhere else. Their NFKC is their mapping, but for a few
// (jamo, the macron) where mapping and NFKC are both disallowed.
const WIDE_AND_NARROW = /[\u3000\uff01-\uffee]/g
const NON_ASCII_SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g

/** RFC 8264 §7: apply the rules until nothing changes, at most three times more. */
function enforce(text: string, applyOnce: (text: string) => string): string {
  if (!isKnownToEngine(text)) throw new PrecisError('disallowed')
  let before = text
  for (let round = 0; round < 4; round++) {
    const after = applyOnce(before)
    if (after === before) return after
    before = after
  }
  throw new PrecisError('unstable')
}

function caseMappedOnce(text: string): string {
  const narrow = text.replace(WIDE_AND_NARROW, character => character.normalize('NFKC'))
  const before = requireClass(narrow, FREE)
  // toLowerCase looks at the end of words for Σ alone; PRECIS has no such rule (RFC 7622 §3.5).
  const mapped = narrow.replaceAll('Σ', 'σ').toLowerCase().normalize('NFC')
  const { context, rightToLeft } = mapped === narrow ? before : requireClass(mapped, FREE)
  if (context && !contextsHold(codePointsOf(mapped))) throw new PrecisError('context')
  if (rightToLeft && !bidiRuleHolds(codePointsOf(mapped))) throw new PrecisError('bidi')
  return mapped
}

function opaqueOnce(text: string): string {
  const { context } = requireClass(text, DISALLOWED)
  const mapped = text.replace(NON_ASCII_SPACES, ' ').normalize('NFC')
  if (context && !contextsHold(codePointsOf(mapped))) throw new PrecisError('context')
  return mapped
}

/** Throws if the derived property of a code point is not above `floor`; tells which rules have something to judge. */
function requireClass(text: string, floor: number): { context: boolean; rightToLeft: boolean } {
  let context = false
  let rightToLeft = false
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!
    if (code > 0xffff) index++
    const properties = propertiesOf(code)
    const derived = derivedOf(properties)
    if (derived <= floor) throw new PrecisError('disallowed')
    if (derived === CONTEXT) context = true
    if (isRightToLeft(properties)) rightToLeft = true
  }
  return { context, rightToLeft }
}
