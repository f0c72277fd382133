// For tests of payloads: an XML literal and its value, both ways, and literals that are refused.
import { readStanza, write } from '@tercet/xml'
import { expect, test } from 'vitest'
import type { Codec } from './codec.ts'
import type { DecodeReason } from './decode-error.ts'

/** Each `xml` is read as `value` and `value` is written as `xml`; write literals as our writer does. */
export function golden<T>(
  codec: Codec<T>,
  cases: readonly (readonly [title: string, xml: string, value: NoInfer<T>])[],
) {
  test.each(cases)('%s', (_, xml, value) => {
    const read = codec.read(readStanza(xml).toElement())
    expect(read).toEqual(value)
    expect(write(codec.write(value))).toBe(xml)
  })
}

/** Each `xml` is read as `value`, but we write it otherwise. */
export function reads<T>(
  codec: Codec<T>,
  cases: readonly (readonly [title: string, xml: string, value: NoInfer<T>])[],
) {
  test.each(cases)('%s', (_, xml, value) => {
    expect(codec.read(readStanza(xml).toElement())).toEqual(value)
  })
}

/** Each `xml` is refused with a DecodeError of that path and reason. */
export function refuses(
  codec: Codec<unknown>,
  cases: readonly (readonly [title: string, xml: string, path: string, reason: DecodeReason])[],
) {
  test.each(cases)('%s is refused', (_, xml, path, reason) => {
    const element = readStanza(xml).toElement()
    expect(() => codec.read(element)).toThrow(expect.objectContaining({ name: 'DecodeError', path, reason }))
  })
}
