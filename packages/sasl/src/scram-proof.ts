// The two computations of SCRAM that both ends make from bytes (RFC 5802 §3, §5.1).
import { encodeBase64 } from './base64.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { EMPTY, encodeText } from './text.ts'

/** What `c=` says: base64 of the GS2 header and the binding's data (RFC 5802 §5.1). */
export function bindingValue(gs2Header: string, binding: ChannelBinding | undefined): string {
  const header = encodeText(gs2Header)
  const data = binding?.data ?? EMPTY
  const input = new Uint8Array(header.length + data.length)
  input.set(header)
  input.set(data, header.length)
  return encodeBase64(input)
}

/** Two byte strings of one length, bit by bit. */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length)
  for (let at = 0; at < a.length; at++) result[at] = a[at]! ^ b[at]!
  return result
}
