import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DISALLOWED, derivedOf, propertiesOf } from './code-point.ts'
import { PrecisError, opaqueString, usernameCaseMapped } from './precis.ts'

/** What `profile` makes of `text`: its result, or the code of its refusal in brackets. */
function outcome(profile: (text: string) => string, text: string): string {
  try {
    return profile(text)
  } catch (error) {
    if (error instanceof PrecisError) return `[${error.code}]`
    throw error
  }
}

// JID-03
describe('UsernameCaseMapped', () => {
  test.each([
    [1, 'juliet@example.com', 'juliet@example.com'],
    [2, 'fussball', 'fussball'],
    [3, 'fu\u00dfball', 'fu\u00dfball'],
    [4, '\u03c0', '\u03c0'],
    [5, '\u03a3', '\u03c3'],
    [6, '\u03c3', '\u03c3'],
    [7, '\u03c2', '\u03c2'],
    [8, 'foo bar', '[disallowed]'],
    [9, '', '[empty]'],
    [10, 'henry\u2163', '[disallowed]'],
    [11, '\u221e', '[disallowed]'],
  ])('example %i of RFC 8265 §3.6: %j', (_, text, expected) => {
    expect(outcome(usernameCaseMapped, text)).toBe(expected)
  })

  test.each([
    ['wide letters become ASCII before anything is refused', '\uff2a\uff35\uff2c', 'jul'],
    ['narrow katakana become wide and compose', '\uff76\uff9e', '\u30ac'],
    ['the wide space becomes U+0020, and that is refused', 'a\u3000b', '[disallowed]'],
    ['a narrow jamo becomes a compatibility jamo, refused', '\uffa1', '[disallowed]'],
    ['the wide macron becomes U+00AF, refused', '\uffe3', '[disallowed]'],
    ['upper and title case fall', 'ÄÖÜ', 'äöü'],
    ['title case letters have a compatibility form', '\u01c5', '[disallowed]'],
    ['dotted capital I takes its dot along', '\u0130', 'i\u0307'],
    ['a capital sigma at the end of a word becomes the plain one', '\u0391\u03a3', '\u03b1\u03c3'],
    ['Cherokee falls to its small letters', '\u13a0', '\uab70'],
    ['NFC composes', 'e\u0301', '\u00e9'],
    ['NFC orders marks', 'a\u0301\u0323', '\u1ea1\u0301'],
    ['astral letters fall too', '\u{10400}', '\u{10428}'],
    ['compatibility characters are refused', 'ﬁ', '[disallowed]'],
    ['the kelvin sign is refused', '\u212a', '[disallowed]'],
    ['tab is refused', 'a\tb', '[disallowed]'],
    ['delete is refused', 'a\u007f', '[disallowed]'],
    ['a C1 control is refused', 'a\u0085', '[disallowed]'],
    ['soft hyphen is refused', 'a\u00adb', '[disallowed]'],
    ['a byte order mark is refused', '\ufeffa', '[disallowed]'],
    ['an override of direction is refused', 'a\u202eb', '[disallowed]'],
    ['a variation selector is refused', 'a\ufe0f', '[disallowed]'],
    ['emoji are refused', '\u{1f600}', '[disallowed]'],
    ['private use is refused', '\ue000', '[disallowed]'],
    ['a lone surrogate is refused', 'a\ud800', '[disallowed]'],
    ['a noncharacter is refused', '\uffff', '[disallowed]'],
    ['an unassigned code point is refused', '\u0378', '[disallowed]'],
    ['conjoining jamo are refused (OldHangulJamo)', '\u1100\u1161', '[disallowed]'],
    ['Hangul syllables are fine', '\uac00', '\uac00'],
    ['Kirat Rai vowels are letters, not jamo', '\u{16d67}', '\u{16d67}'],
    ['tatweel is an exception', 'ب\u0640', '[disallowed]'],
    ['the Tibetan tsheg is an exception', 'ཀ\u0f0b', 'ཀ\u0f0b'],
    ['a capital Garay letter of Unicode 16 falls', '\u{10d50}', '\u{10d70}'],
  ])('%s (RFC 8265 §3.3, RFC 8264 §8)', (_, text, expected) => {
    expect(outcome(usernameCaseMapped, text)).toBe(expected)
  })

  test.each([
    ['A.1 non-joiner behind a virama', 'क\u094d\u200cष', true],
    ['A.1 non-joiner between joining letters', 'ب\u200cب', true],
    ['A.1 non-joiner past transparent marks', 'ب\u064e\u200c\u064eب', true],
    ['A.1 non-joiner at the end', 'ب\u200c', false],
    ['A.1 non-joiner behind a letter that joins to the right alone', 'ا\u200cب', false],
    ['A.1 non-joiner between Latin letters', 'a\u200cb', false],
    ['A.2 joiner behind a virama', 'क\u094d\u200dष', true],
    ['A.2 joiner behind a voiced sound mark, which is no virama', 'カ\u3099\u200dカ', false],
    ['A.2 joiner elsewhere', 'a\u200db', false],
    ['A.2 joiner first', '\u200da', false],
    ['A.3 middle dot between two l', 'paral\u00b7lel', true],
    ['A.3 middle dot between two L, which fall', 'PARAL\u00b7LEL', true],
    ['A.3 middle dot elsewhere', 'a\u00b7l', false],
    ['A.3 middle dot last', 'l\u00b7', false],
    ['A.4 keraia before Greek', '\u0375α', true],
    ['A.4 keraia before Latin', '\u0375a', false],
    ['A.5 geresh behind Hebrew', 'א\u05f3', true],
    ['A.5 geresh behind Latin', 'a\u05f3', false],
    ['A.6 gershayim inside Hebrew', 'א\u05f4ב', true],
    ['A.6 gershayim first', '\u05f4ב', false],
    ['A.7 katakana dot with katakana', 'ア\u30fba', true],
    ['A.7 katakana dot with Han', 'a\u30fb日', true],
    ['A.7 katakana dot alone', 'a\u30fbb', false],
    ['A.8 Arabic-Indic digits alone', 'ب\u0660\u0661', true],
    ['A.8, A.9 both kinds of digits', 'ب\u0660\u06f1', false],
    ['A.9 extended Arabic-Indic digits alone', 'ب\u06f0\u06f1', true],
  ])('RFC 5892 %s', (_, text, allowed) => {
    expect(outcome(usernameCaseMapped, text)).toBe(allowed ? text.toLowerCase() : '[context]')
  })

  test.each([
    ['1 a number first in a right-to-left string', '1א', false],
    ['1 a mark first', '\u0307א', false],
    ['2 left-to-right in right-to-left', 'אaב', false],
    ['2 neutral in right-to-left', 'א-ב', true],
    ['3 a mark at the end', 'אב\u05b0', true],
    ['3 a neutral at the end', 'א-', false],
    ['3 a number at the end', 'א1', true],
    ['4 European and Arabic numbers', 'ب1\u0661', false],
    ['5 right-to-left in left-to-right', 'aא', false],
    ['5 an Arabic number in left-to-right', 'a\u0661', false],
    ['none: no right-to-left at all', '-1a_', true],
  ])('RFC 5893 §2 condition %s', (_, text, allowed) => {
    expect(outcome(usernameCaseMapped, text)).toBe(allowed ? text : '[bidi]')
  })

  test('a rule about the whole string stays linear', () => {
    const text = '\u30fb'.repeat(100_000) + 'ア'
    expect(usernameCaseMapped(text)).toBe(text)
  })
})

// JID-04
describe('OpaqueString', () => {
  test.each([
    [12, 'correct horse battery staple', 'correct horse battery staple'],
    [13, 'Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    [14, '\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5'],
    [15, 'Jack of \u2666s', 'Jack of \u2666s'],
    [16, 'foo\u1680bar', 'foo bar'],
    [17, '', '[empty]'],
    [18, 'my cat is a \u0009by', '[disallowed]'],
  ])('example %i of RFC 8265 §4.3: %j', (_, text, expected) => {
    expect(outcome(opaqueString, text)).toBe(expected)
  })

  test.each([
    ['wide letters stay', '\uff2a', '\uff2a'],
    ['every space becomes U+0020', '\u00a0\u2003\u202f\u205f\u3000', '     '],
    ['spaces at the ends stay', ' é ', ' é '],
    ['NFC composes', 'e\u0301', '\u00e9'],
    ['compatibility characters stay', 'ﬁⅣ', 'ﬁⅣ'],
    ['the ångström sign composes to its letter', '\u212b', '\u00c5'],
    ['emoji are fine', '\u{1f600}', '\u{1f600}'],
    ['emoji joined by U+200D are out of context', '\u{1f468}\u200d\u{1f469}', '[context]'],
    ['a variation selector is refused', '\u2764\ufe0f', '[disallowed]'],
    ['mixed directions are fine', 'aא', 'aא'],
    ['delete is refused', 'é\u007f', '[disallowed]'],
    ['NUL is refused', '\u0000', '[disallowed]'],
    ['a line separator is refused', '\u2028', '[disallowed]'],
    ['private use is refused', '\u{f0000}', '[disallowed]'],
    ['a lone surrogate is refused', '\udc00', '[disallowed]'],
    ['an unassigned code point is refused', '\u{e0fff}', '[disallowed]'],
  ])('%s (RFC 8265 §4.2)', (_, text, expected) => {
    expect(outcome(opaqueString, text)).toBe(expected)
  })
})

test('a refusal never quotes what may be a password', () => {
  expect(() => opaqueString('hunter\u0007')).toThrow(/^(?!.*hunter)/)
})

describe.each([
  ['usernameCaseMapped', usernameCaseMapped],
  ['opaqueString', opaqueString],
])('%s', (_, profile) => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.nat(0xffff).map(unit => String.fromCharCode(unit)) }),
    // One script and its neighbours, so that much is accepted.
    fc.string({ unit: fc.integer({ min: 0x0590, max: 0x06ff }).map(code => String.fromCodePoint(code)) }),
    fc.string({ unit: fc.integer({ min: 0x00c0, max: 0x03ff }).map(code => String.fromCodePoint(code)) }),
  )

  test('is idempotent and throws nothing but PrecisError (RFC 8264 §7)', () => {
    fc.assert(
      fc.property(anything, text => {
        const once = outcome(profile, text)
        if (once.startsWith('[') && !text.startsWith('[')) return
        expect(outcome(profile, once)).toBe(once)
        expect(once.normalize('NFC')).toBe(once)
      }),
    )
  })

  test('each code point alone is stable or refused', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      if (derivedOf(propertiesOf(code)) === DISALLOWED) continue
      const once = outcome(profile, String.fromCodePoint(code))
      if (!once.startsWith('[') && outcome(profile, once) !== once) throw new Error(`U+${code.toString(16)}`)
    }
  })
})
