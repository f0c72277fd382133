// Bytes to text and back, strict UTF-8 (RFC 3629) in both directions.
import { malformed } from './error.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** No bytes: the empty challenge or response. */
export const EMPTY = new Uint8Array(0)

/** @throws {SaslError} `malformed-request` when the bytes are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed('The message is not UTF-8')
  }
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/** How many bytes a text has in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length
}
