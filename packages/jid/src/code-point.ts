// Properties of a code point as PRECIS (RFC 8264 §8), its context rules (RFC 5892 App. A) and the Bidi Rule (RFC 5893) ask for them.

import { LETTERS, RANGES, VALUES } from './precis.table.ts'

/** The derived property, the low two bits of `propertiesOf`: 2, PVALID, is allowed in both classes. Unassigned code points are disallowed. */
export const DISALLOWED = 0
/** Allowed in the FreeformClass alone (FREE_PVAL). */
export const FREE = 1
/** Allowed where its contextual rule says so (CONTEXTJ, CONTEXTO). */
export const CONTEXT = 3

/** Bidi classes, as far as the Bidi Rule tells them apart: R is R and AL; NEUTRAL is ES, CS, ET, ON and BN. */
export const BIDI = { L: 0, R: 1, AN: 2, EN: 3, NEUTRAL: 4, NSM: 5 } as const

/** Joining types; none is 0. */
export const JOINING = { LEFT: 1, RIGHT: 2, DUAL: 3, TRANSPARENT: 4 } as const

/** The scripts that context rules name; JAPANESE is Hiragana, Katakana and Han. */
export const SCRIPT = { GREEK: 1, HEBREW: 2, JAPANESE: 3 } as const

const { starts, values } = /* @__PURE__ */ decode()

function decode(): { starts: Uint32Array; values: Uint16Array } {
  const starts: number[] = []
  const values: number[] = []
  let start = 0
  let delta = ''
  for (const letter of RANGES) {
    const index = LETTERS.indexOf(letter)
    if (index < 0) {
      delta += letter
      continue
    }
    start += delta === '' ? 1 : parseInt(delta, 36)
    starts.push(start)
    values.push(VALUES[index]!)
    delta = ''
  }
  return { starts: Uint32Array.from(starts), values: Uint16Array.from(values) }
}

/** All properties of `code` in one number; take it apart with the functions below. Bidi and the rest are set only for VALID and CONTEXT. */
export function propertiesOf(code: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= code) low = middle
    else high = middle - 1
  }
  return values[low]!
}

/** One of DISALLOWED, FREE, VALID, CONTEXT. */
export function derivedOf(properties: number): number {
  return properties & 3
}

/** One of BIDI. */
export function bidiOf(properties: number): number {
  return (properties >> 2) & 7
}

/** One of JOINING, or 0. */
export function joiningOf(properties: number): number {
  return (properties >> 5) & 7
}

/** Whether Canonical_Combining_Class is Virama. */
export function isVirama(properties: number): boolean {
  return (properties & 0x100) !== 0
}

/** One of SCRIPT, or 0. */
export function scriptOf(properties: number): number {
  return properties >> 9
}

/** The code points of `text`; a lone surrogate stays one (and is DISALLOWED). */
export function codePointsOf(text: string): number[] {
  const codes: number[] = []
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!
    if (code > 0xffff) index++
    codes.push(code)
  }
  return codes
}

const UNASSIGNED_IN_ENGINE = /\p{Cn}/u

/**
 * Whether the engine's Unicode has every code point of `text`. An engine older than our tables neither lower-cases nor
 * normalises what it does not know, and two spellings of one name would both pass.
 */
export function isKnownToEngine(text: string): boolean {
  return !UNASSIGNED_IN_ENGINE.test(text)
}
