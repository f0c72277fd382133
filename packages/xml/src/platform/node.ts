/** Bytes to text with Node's native slices. */
import { Buffer, isUtf8 } from 'node:buffer'

type Slice = (this: Uint8Array, start: number, end: number) => string

// Both methods exist on every Buffer and accept any Uint8Array as `this`; the type definitions leave them out.
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Readonly<Record<'latin1Slice' | 'utf8Slice', Slice>>

/** Text of bytes known to be ASCII. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end)
}

/** Text of bytes known to be UTF-8. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes, start, end)
}

/** True when the range is valid UTF-8 on its own. */
export function validUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8(bytes.subarray(start, end))
}

/** Memory of our own. Buffers as what comes from sockets, so that the scan meets one kind of array; not zeroed. */
export function allocate(length: number): Uint8Array {
  return Buffer.allocUnsafeSlow(length)
}

/** Text as UTF-8. */
export function encode(text: string): Uint8Array {
  return Buffer.from(text)
}
