// The Bidi Rule, RFC 5893 §2.

import { BIDI, bidiOf, propertiesOf } from './code-point.ts'

/** Whether `codes` satisfy all six conditions, or have no right-to-left code point and so need not. */
export function bidiRuleHolds(codes: readonly number[]): boolean {
  const classes = codes.map(code => bidiOf(propertiesOf(code)))
  if (!classes.some(isRightToLeft)) return true

  const first = classes[0]
  const last = classes.findLast(value => value !== BIDI.NSM)
  if (first === BIDI.R) {
    const ends = last === BIDI.R || last === BIDI.EN || last === BIDI.AN // condition 3
    const oneKindOfNumber = !(classes.includes(BIDI.EN) && classes.includes(BIDI.AN)) // condition 4
    return ends && oneKindOfNumber && !classes.includes(BIDI.L) // condition 2
  }
  // Conditions 1, 5, 6: a string that starts otherwise may not hold R, AL or AN, and this one does.
  return false
}

function isRightToLeft(value: number): boolean {
  return value === BIDI.R || value === BIDI.AN
}
