/** Bytes to text with what every browser has. */

// U+FEFF is a character of the stream, never a byte order mark (RFC 6120 §11.6).
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** Text of bytes known to be ASCII. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end))
}

/** Text of bytes known to be UTF-8. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end))
}

/** True when the range is valid UTF-8 on its own. */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    strict.decode(bytes.subarray(start, end))
    return true
  } catch {
    return false
  }
}

/** Memory of our own. */
export function allocate(length: number): Uint8Array {
  return new Uint8Array(length)
}

/** Text as UTF-8. */
export function encode(text: string): Uint8Array {
  return encoder.encode(text)
}
