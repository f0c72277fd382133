// The Bidi Rule, RFC 5893 §2, for strings that have right-to-left code points.

import { BIDI, bidiOf, propertiesOf } from './code-point.ts'

/** Whether a code point of these properties asks for the rule: R, AL or AN (RFC 5893 §1.4). */
export function isRightToLeft(properties: number): boolean {
  const value = bidiOf(properties)
  return value === BIDI.R || value === BIDI.AN
}

/** Whether `codes`, one of which is right-to-left, satisfy all six conditions. */
export function bidiRuleHolds(codes: readonly number[]): boolean {
  const classes = codes.map(code => bidiOf(propertiesOf(code)))
  // Conditions 1, 5, 6: only a string that starts with R or AL may hold R, AL or AN.
  if (classes[0] !== BIDI.R) return false
  if (classes.includes(BIDI.L)) return false // 2
  const last = classes.findLast(value => value !== BIDI.NSM)
  if (last !== BIDI.R && last !== BIDI.EN && last !== BIDI.AN) return false // 3
  return !(classes.includes(BIDI.EN) && classes.includes(BIDI.AN)) // 4
}
