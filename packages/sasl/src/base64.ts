// Base64 of RFC 4648 §4, refusing everything RFC 6120 §6.4.2 calls incorrect encoding.
import { SaslError } from './error.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Int8Array(128).fill(-1)
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** Writes bytes as base64 with padding and no line breaks. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  for (; at + 2 < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    text +=
      ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]! + ALPHABET[(group >> 6) & 63]! + ALPHABET[group & 63]!
  }
  const left = bytes.length - at
  if (left === 1) {
    const group = bytes[at]!
    text += ALPHABET[group >> 2]! + ALPHABET[(group & 3) << 4]! + '=='
  } else if (left === 2) {
    const group = (bytes[at]! << 8) | bytes[at + 1]!
    text += ALPHABET[group >> 10]! + ALPHABET[(group >> 4) & 63]! + ALPHABET[(group & 15) << 2]! + '='
  }
  return text
}

/**
 * Reads base64 as strictly as RFC 6120 §6.4.2 asks: no white space, no missing or extra padding, no pad bits set, and
 * not the URL-safe alphabet. The empty text is no bytes; the `=` that stands for them in XML is the stream's matter.
 *
 * @throws {SaslError} `incorrect-encoding`
 */
export function decodeBase64Strict(text: string): Uint8Array {
  if (text.length === 0) return new Uint8Array(0)
  if (text.length % 4 !== 0) throw incorrect()
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  let held = 0
  let out = 0
  for (let at = 0; at < digits; at++) {
    const code = text.charCodeAt(at)
    const value = code < 128 ? VALUES[code]! : -1
    if (value < 0) throw incorrect()
    bits = ((bits << 6) | value) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[out++] = (bits >> held) & 0xff
    }
  }
  if ((bits & ((1 << held) - 1)) !== 0) throw incorrect()
  return bytes
}

function incorrect(): SaslError {
  return new SaslError('incorrect-encoding', { text: 'The data is not base64' })
}
