import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JidError } from './error.ts'
import { escapeLocal, unescapeLocal } from './escape.ts'
import { Jid } from './jid.ts'

// JID-08
test.each([
  ['space cadet', 'space\\20cadet'],
  ['call me "ishmael"', 'call\\20me\\20\\22ishmael\\22'],
  ['at&t guy', 'at\\26t\\20guy'],
  ["d'artagnan", 'd\\27artagnan'],
  ['/.fanboy', '\\2f.fanboy'],
  ['::foo::', '\\3a\\3afoo\\3a\\3a'],
  ['<foo>', '\\3cfoo\\3e'],
  ['user@host', 'user\\40host'],
  ['c:\\net', 'c\\3a\\net'],
  ['c:\\\\net', 'c\\3a\\\\net'],
  ['c:\\cool stuff', 'c\\3a\\cool\\20stuff'],
  ['c:\\5commas', 'c\\3a\\5c5commas'],
  ['\\3and\\2is\\5cool', '\\5c3and\\2is\\5c5cool'],
  ['\\2plus\\2is\\4', '\\2plus\\2is\\4'],
  ['foo\\bar', 'foo\\bar'],
  ['foob\\41r', 'foob\\41r'],
  ['\\20', '\\5c20'],
  ['a\\', 'a\\'],
  ['a\\ b', 'a\\\\20b'],
  ['A\\2F', 'A\\2F'],
  ['', ''],
])('%j is escaped to %j and back (XEP-0106 §3, §4, §5.1)', (text, escaped) => {
  expect(escapeLocal(text)).toBe(escaped)
  expect(unescapeLocal(escaped)).toBe(text)
})

test.each([' a', 'a ', ' '])('%j: an escaped localpart neither begins nor ends with \\20 (XEP-0106 §4.1)', text => {
  expect(() => escapeLocal(text)).toThrow(JidError)
})

test.each(['\\2', '\\2g', '\\2F', '\\5C', '\\41', '\\', '\\\\', '\\00'])('%j is no escape (XEP-0106 §4.3)', text => {
  expect(unescapeLocal(text)).toBe(text)
})

test('what was escaped comes back, and is a localpart (XEP-0106 §2)', () => {
  const text = fc
    .string({ unit: fc.constantFrom(...Array.from(' "&\'/:<>@\\0123456789abcdef')), minLength: 1 })
    .filter(text => !text.startsWith(' ') && !text.endsWith(' '))
  fc.assert(
    fc.property(text, text => {
      const escaped = escapeLocal(text)
      expect(unescapeLocal(escaped)).toBe(text)
      expect(Jid.from({ local: escaped, domain: 'example.com' }).local).toBe(escaped)
    }),
  )
})
