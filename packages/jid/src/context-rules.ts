// The contextual rules of RFC 5892, Appendix A, for CONTEXTJ and CONTEXTO code points.

import { CONTEXT, JOINING, SCRIPT, derivedOf, isVirama, joiningOf, propertiesOf, scriptOf } from './code-point.ts'

/** Whether every code point that needs a context has it. Code points with other properties are not judged. */
export function contextsHold(codes: readonly number[]): boolean {
  let whole: Whole | undefined
  for (let index = 0; index < codes.length; index++) {
    if (derivedOf(propertiesOf(codes[index]!)) !== CONTEXT) continue
    // Looked at once: a rule about the whole string, asked again for each code point, would be quadratic.
    whole ??= lookAtWhole(codes)
    if (!contextHolds(codes, index, whole)) return false
  }
  return true
}

/** What A.7 to A.9 ask of all code points together. */
interface Whole {
  readonly japanese: boolean
  readonly arabicIndicDigits: boolean
  readonly extendedArabicIndicDigits: boolean
}

function lookAtWhole(codes: readonly number[]): Whole {
  return {
    japanese: codes.some(code => hasScript(code, SCRIPT.JAPANESE)),
    arabicIndicDigits: codes.some(isArabicIndicDigit),
    extendedArabicIndicDigits: codes.some(isExtendedArabicIndicDigit),
  }
}

function contextHolds(codes: readonly number[], index: number, whole: Whole): boolean {
  const code = codes[index]!
  const before = codes[index - 1]
  const after = codes[index + 1]
  switch (code) {
    case 0x200c: // A.1 zero width non-joiner
      return followsVirama(before) || breaksCursiveJoin(codes, index)
    case 0x200d: // A.2 zero width joiner
      return followsVirama(before)
    case 0xb7: // A.3 middle dot, between two l
      return before === 0x6c && after === 0x6c
    case 0x375: // A.4 Greek keraia
      return after !== undefined && hasScript(after, SCRIPT.GREEK)
    case 0x5f3: // A.5, A.6 Hebrew geresh and gershayim
    case 0x5f4:
      return before !== undefined && hasScript(before, SCRIPT.HEBREW)
    case 0x30fb: // A.7 katakana middle dot
      return whole.japanese
  }
  if (isArabicIndicDigit(code)) return !whole.extendedArabicIndicDigits // A.8
  if (isExtendedArabicIndicDigit(code)) return !whole.arabicIndicDigits // A.9
  return false
}

function isArabicIndicDigit(code: number): boolean {
  return code >= 0x660 && code <= 0x669
}

function isExtendedArabicIndicDigit(code: number): boolean {
  return code >= 0x6f0 && code <= 0x6f9
}

function followsVirama(before: number | undefined): boolean {
  return before !== undefined && isVirama(propertiesOf(before))
}

function hasScript(code: number, script: number): boolean {
  return scriptOf(propertiesOf(code)) === script
}

/** (Joining_Type:{L,D})(Joining_Type:T)* ZWNJ (Joining_Type:T)*(Joining_Type:{R,D}) */
function breaksCursiveJoin(codes: readonly number[], index: number): boolean {
  const left = joiningBeyond(codes, index, -1)
  const right = joiningBeyond(codes, index, 1)
  return (left === JOINING.LEFT || left === JOINING.DUAL) && (right === JOINING.RIGHT || right === JOINING.DUAL)
}

function joiningBeyond(codes: readonly number[], index: number, step: 1 | -1): number {
  for (let at = index + step; at >= 0 && at < codes.length; at += step) {
    const joining = joiningOf(propertiesOf(codes[at]!))
    if (joining !== JOINING.TRANSPARENT) return joining
  }
  return 0
}
