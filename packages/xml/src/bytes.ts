/** Bytes of XML 1.0 by what they may be; shared by the cutter and the scan. */

export const LT = 0x3c
export const GT = 0x3e
export const AMP = 0x26
export const APOS = 0x27
export const QUOT = 0x22
export const EQ = 0x3d
export const SLASH = 0x2f
export const BANG = 0x21
export const QUERY = 0x3f
export const RBRACKET = 0x5d
export const SEMI = 0x3b
export const HASH = 0x23

/** May begin a name; bytes above ASCII are judged when they are characters. */
export const NAME_START = 1
/** May continue a name. */
export const NAME = 2
export const SPACE = 4
/** Means nothing special in character data or in a value of any quote. */
export const PLAIN = 8
/** ASCII that the scan takes in a name: no colon, nothing above ASCII. */
export const SCAN_START = 16
export const SCAN_NAME = 32
/** What the scan passes over in character data, and in a value. */
export const SCAN_TEXT = 64
export const SCAN_VALUE = 128
/** Has a meaning of its own in character data or in a value. */
const SPECIAL = 256

/** For each byte the sum of the above; 0 for the control characters that XML forbids. */
export const CLASS: Uint16Array = classes()

function classes(): Uint16Array {
  const table = new Uint16Array(256)
  for (let c = 0x20; c < 256; c++) {
    const letter = (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x5f
    const more = (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x2e
    const special = c === LT || c === GT || c === AMP || c === APOS || c === QUOT || c === RBRACKET
    const graphic = c < 0x7f
    table[c] =
      (letter || c === 0x3a || c >= 0x80 ? NAME_START | NAME : 0) |
      (more ? NAME : 0) |
      (special ? SPECIAL : PLAIN) |
      (letter ? SCAN_START | SCAN_NAME : 0) |
      (more ? SCAN_NAME : 0) |
      (graphic && c !== LT && c !== AMP && c !== RBRACKET ? SCAN_TEXT : 0) |
      (graphic && c !== LT && c !== AMP && c !== APOS && c !== QUOT ? SCAN_VALUE : 0)
  }
  table[0x20]! |= SPACE
  table[0x09] = SPACE | PLAIN
  table[0x0d] = SPACE | PLAIN
  table[0x0a] = SPACE | PLAIN | SCAN_TEXT
  return table
}

/** Char of XML 1.0 §2.2: may a character reference name it? */
export function isLegalChar(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
}
