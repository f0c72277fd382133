/** What the scan passes besides plain ASCII: references and characters of more than one byte. */
import { HASH, isLegalChar, SEMI } from './bytes.ts'

/** The range ended inside the element. */
export const MORE = -1
/** Something outside of the subset, or wrong: the sax reader decides. */
export const HAND_OVER = -2

/** Offset behind the reference at `i`: one of the five entities, or a legal character by number. */
export function reference(b: Uint8Array, i: number, end: number): number {
  if (i + 5 >= end) return MORE
  const a = b[i + 1]
  const c = b[i + 2]
  if ((a === 0x6c || a === 0x67) && c === 0x74 && b[i + 3] === SEMI) return i + 4
  if (a === 0x61 && c === 0x6d && b[i + 3] === 0x70 && b[i + 4] === SEMI) return i + 5
  if (a === 0x71 && c === 0x75 && b[i + 3] === 0x6f && b[i + 4] === 0x74 && b[i + 5] === SEMI) return i + 6
  if (a === 0x61 && c === 0x70 && b[i + 3] === 0x6f && b[i + 4] === 0x73 && b[i + 5] === SEMI) return i + 6
  return a === HASH ? numeric(b, i + 2, end) : HAND_OVER
}

/** Offset behind a character reference whose number begins at `i`; Go and GLib write apostrophes so. */
function numeric(b: Uint8Array, i: number, end: number): number {
  const radix = b[i] === 0x78 ? 16 : 10
  if (radix === 16) i++
  const digits = i
  let code = 0
  for (; i < end && i - digits < 8; i++) {
    const c = b[i]!
    if (c === SEMI) return i > digits && isLegalChar(code) ? i + 1 : HAND_OVER
    const digit = c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57
    if (digit < 0 || digit >= radix || (c > 0x39 && digit < 10)) return HAND_OVER
    code = code * radix + digit
  }
  return i < end ? HAND_OVER : MORE
}

/** Offset behind the character above ASCII at `i`; its bytes are checked as a whole later (RFC 6120 §11.6). */
export function nonAscii(b: Uint8Array, i: number, end: number): number {
  const c = b[i]!
  const length = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4
  if (i + length > end) return MORE
  // C1 controls are legal but read differently by some; U+FFFE and U+FFFF are forbidden.
  if (c < 0xc3 && (c < 0xc2 || b[i + 1]! < 0xa0)) return HAND_OVER
  if (c === 0xef && b[i + 1] === 0xbf && b[i + 2]! >= 0xbe) return HAND_OVER
  return c < 0xf5 ? i + length : HAND_OVER
}

/** Bytes minus UTF-16 units of a character by its first byte. */
export function charsSaved(c: number): number {
  return c < 0xe0 ? 1 : 2
}
