/** The little of ASN.1 DER (X.690) that reading a certificate takes: definite lengths, single-byte tags, no recursion. */

/** One value: its tag byte and its contents. */
export interface Der {
  readonly tag: number
  readonly contents: Uint8Array
}

/** Tags that certificates use. */
export const TAG = { oid: 0x06, utf8: 0x0c, octets: 0x04, sequence: 0x30, ia5: 0x16, integer: 0x02 } as const

/**
 * The values that follow each other in `bytes`.
 *
 * @throws {RangeError} a length runs over the end, is indefinite, or a tag takes more than one byte
 */
export function derValues(bytes: Uint8Array): Der[] {
  const values: Der[] = []
  for (let at = 0; at < bytes.length;) {
    const value = derValue(bytes, at)
    values.push(value)
    at = value.contents.byteOffset - bytes.byteOffset + value.contents.length
  }
  return values
}

function derValue(bytes: Uint8Array, at: number): Der {
  const tag = bytes[at]
  let length = bytes[at + 1]
  if (tag === undefined || length === undefined) throw new RangeError('DER ends inside a value')
  if ((tag & 0x1f) === 0x1f) throw new RangeError('DER tag of several bytes')
  let start = at + 2
  if (length & 0x80) {
    const size = length & 0x7f
    if (size === 0 || size > 3) throw new RangeError('DER length out of range')
    length = 0
    for (const end = start + size; start < end; start++) length = (length << 8) | (bytes[start] ?? 0)
  }
  if (start + length > bytes.length) throw new RangeError('DER length runs over the end')
  return { tag, contents: bytes.subarray(start, start + length) }
}

/** The contents of an object identifier as lower-case hexadecimal, a form that compares quickly. */
export function oidHex(der: Der | undefined): string {
  if (der?.tag !== TAG.oid) throw new RangeError('DER object identifier expected')
  return Buffer.from(der.contents.buffer, der.contents.byteOffset, der.contents.length).toString('hex')
}

/** Encodes one value: bytes as they are, texts as UTF-8. */
export function der(tag: number, ...contents: readonly (Uint8Array | string)[]): Uint8Array {
  const body = Buffer.concat(contents.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  const size = body.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  if (size > 0xffff) throw new RangeError('DER value too long')
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

/** An object identifier from the hexadecimal form of {@link oidHex}. */
export function derOid(hex: string): Uint8Array {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}
