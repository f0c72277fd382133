// SASL-02: the encoding of RFC 6120 §6.4.2, refusals included.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64Strict, encodeBase64 } from './base64.ts'
import { constantTimeEqual } from './constant-time.ts'
import { SaslError } from './error.ts'

test.each([
  ['nothing', ''],
  ['one byte', 'Zg=='],
  ['two bytes', 'Zm8='],
  ['three bytes', 'Zm9v'],
  ['both letters beside the alphanumeric', '+/+/'],
])('SASL-02: base64 of %s is read and written back (RFC 4648 §10)', (_, encoded) => {
  expect(encodeBase64(decodeBase64Strict(encoded))).toBe(encoded)
})

test.each([
  ['a space', 'Zm 9v'],
  ['a space that makes the length fit', 'Zm9 '],
  ['a line break at the end', 'Zm9v\n'],
  ['missing padding', 'Zg'],
  ['half the padding', 'Zg='],
  ['too much padding', 'Zm9v===='],
  ['three pad characters', 'Z==='],
  ['padding alone', '===='],
  ['the sign for empty data', '='],
  ['padding inside', 'Zg==Zm9v'],
  ['pad bits set after one byte', 'Zh=='],
  ['pad bits set after two bytes', 'Zm9='],
  ['the URL-safe alphabet', '-_-_'],
  ['a character beyond ASCII', 'Zm9é'],
  ['NUL', 'Zm9\0'],
])('SASL-02: base64 with %s is incorrect-encoding (RFC 6120 §6.5.5)', (_, encoded) => {
  expect(() => decodeBase64Strict(encoded)).toThrow(expect.objectContaining({ condition: 'incorrect-encoding' }))
})

test('SASL-02: whatever is read as base64 is what would have been written, and any bytes survive', () => {
  fc.assert(
    fc.property(fc.uint8Array(), data => {
      expect(encodeBase64(data)).toBe(btoa(String.fromCharCode(...data)))
      expect(decodeBase64Strict(encodeBase64(data))).toEqual(data)
    }),
  )
  const near = fc.string({ unit: fc.constantFrom(...'AZaz09+/=-_ \nQ'.split('')) })
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), encoded => {
      try {
        expect(encodeBase64(decodeBase64Strict(encoded))).toBe(encoded)
      } catch (error) {
        expect(error).toBeInstanceOf(SaslError)
      }
    }),
    { numRuns: 2000 },
  )
})

test('SEC-02: equality of secrets looks at every byte', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(constantTimeEqual(a, b)).toBe(a.join() === b.join())
      expect(constantTimeEqual(a, a.slice())).toBe(true)
    }),
  )
})
