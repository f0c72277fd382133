import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prepareDomain } from './domain.ts'
import { JidError } from './error.ts'

/** The enforced domain, or the code of the refusal in brackets. */
function outcome(text: string): string {
  try {
    return prepareDomain(text)
  } catch (error) {
    if (error instanceof JidError && error.part === 'domain') return `[${error.code}]`
    throw error
  }
}

const A63 = 'a'.repeat(63)

// JID-05
describe('domainparts', () => {
  test.each([
    ['a name in upper case', 'Example.COM', 'example.com'],
    ['a single label', 'localhost', 'localhost'],
    ['digits first', '1and1.example', '1and1.example'],
    ['one final dot', 'example.com.', 'example.com'],
    ['a final dot behind an A-label', 'xn--bcher-kva.example.', 'bücher.example'],
    ['an A-label', 'xn--bcher-kva.example', 'bücher.example'],
    ['an A-label in upper case', 'XN--BCHER-KVA.Example', 'bücher.example'],
    ['two A-labels', 'xn--BCHER-kva.xn--9ca', 'bücher.é'],
    ['a U-label', 'bücher.example', 'bücher.example'],
    ['a U-label in upper case', 'BÜCHER.example', 'bücher.example'],
    ['a decomposed U-label', 'bu\u0308cher.example', 'bücher.example'],
    ['wide letters', 'ｅｘａｍｐｌｅ.com', 'example.com'],
    ['the ideographic full stop', '例え。テスト', '例え.テスト'],
    ['sharp s stays', 'faß.example', 'faß.example'],
    ['final sigma stays', 'βόλος.example', 'βόλος.example'],
    ['right-to-left labels', 'אבג.example', 'אבג.example'],
    ['a non-joiner in its context', 'نامه\u200cای.example', 'نامه\u200cای.example'],
    ['a middle dot between two l', 'paral\u00b7lel.cat', 'paral\u00b7lel.cat'],
    ['IPv4', '192.0.2.1', '192.0.2.1'],
    ['a label of 63 octets', `${A63}.example`, `${A63}.example`],
    ['a name of 253 octets', `${A63}.${A63}.${A63}.${'a'.repeat(61)}`, `${A63}.${A63}.${A63}.${'a'.repeat(61)}`],
  ])('%s (RFC 7622 §3.2)', (_, text, expected) => {
    expect(outcome(text)).toBe(expected)
  })

  test.each([
    ['nothing', '', '[empty-domain]'],
    ['a dot alone', '.', '[empty-domain]'],
    ['two final dots', 'example.com..', '[domain-invalid]'],
    ['an empty label', 'a..b', '[domain-invalid]'],
    ['an empty label first', '.a', '[domain-invalid]'],
    ['an empty label beside a U-label', 'ü..b', '[domain-invalid]'],
    ['a final ideographic full stop', 'ü。', '[domain-invalid]'],
    ['a space', 'exam ple.com', '[domain-invalid]'],
    ['an underscore', 'a_b', '[domain-invalid]'],
    ['an at sign', 'a@b', '[domain-invalid]'],
    ['a slash from a mapping', 'a℀b', '[domain-invalid]'],
    ['a wide at sign', 'a＠b', '[domain-invalid]'],
    ['a colon', 'example.com:5222', '[domain-invalid]'],
    ['a hyphen first', '-a.example', '[domain-invalid]'],
    ['a hyphen last', 'a-.example', '[domain-invalid]'],
    ['a hyphen last beside a U-label', 'a-.ü', '[domain-invalid]'],
    ['a reserved label', 'ab--cd.example', '[domain-invalid]'],
    ['an A-label with no content', 'xn--.example', '[domain-invalid]'],
    ['an A-label that is ASCII', 'xn--abc-.example', '[domain-invalid]'],
    ['an A-label that does not decode', 'xn--a-\u00fc.example', '[domain-invalid]'],
    ['a symbol: IDNA2008, not UTS #46', 'i\u2764.example', '[domain-invalid]'],
    ['an A-label of a symbol', 'xn--i-7iq.example', '[domain-invalid]'],
    ['a combining mark first', '\u0301a.example', '[domain-invalid]'],
    ['a mark of an ignorable block', 'a\u20d0.example', '[domain-invalid]'],
    ['a joiner out of context', 'a\u200db.example', '[domain-invalid]'],
    ['a middle dot out of context', 'a\u00b7b.example', '[domain-invalid]'],
    ['both kinds of Arabic digits', 'ب\u0660\u06f1.example', '[domain-invalid]'],
    ['mixed directions', 'aא.example', '[domain-invalid]'],
    ['a lone surrogate', 'a\ud800.example', '[domain-invalid]'],
    ['an unassigned code point', 'a\u0378.example', '[domain-invalid]'],
    ['a control character', 'a\u0000b', '[domain-invalid]'],
    ['a label of 64 octets', `${'a'.repeat(64)}.example`, '[too-long]'],
    ['a U-label of 64 octets as A-label', `${'ü'.repeat(60)}${'ж'.repeat(40)}.example`, '[too-long]'],
    ['a name of 254 octets', `${A63}.${A63}.${A63}.${'a'.repeat(62)}`, '[too-long]'],
    ['1024 octets', 'a.'.repeat(512) + 'a', '[too-long]'],
  ])('%s: refused (RFC 7622 §3.2)', (_, text, expected) => {
    expect(outcome(text)).toBe(expected)
  })

  test.each([
    ['[::1]', '[::1]'],
    ['[::]', '[::]'],
    ['[2001:DB8::A]', '[2001:db8::a]'],
    ['[1:2:3:4:5:6:7:8]', '[1:2:3:4:5:6:7:8]'],
    ['[1:2:3:4:5:6:7::]', '[1:2:3:4:5:6:7::]'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
    ['[1:2:3:4:5:6:192.0.2.1]', '[1:2:3:4:5:6:192.0.2.1]'],
    ['[FE80::1%25eth0]', '[fe80::1%25eth0]'],
    ['[fe80::1%25En%2F]', '[fe80::1%25En%2F]'],
    ['[::1].', '[::1]'],
    ['[]', '[domain-invalid]'],
    ['[::1', '[domain-invalid]'],
    ['[::1]x', '[domain-invalid]'],
    ['[:]', '[domain-invalid]'],
    ['[:::]', '[domain-invalid]'],
    ['[1]', '[domain-invalid]'],
    ['[1::2::3]', '[domain-invalid]'],
    ['[:1::]', '[domain-invalid]'],
    ['[1:2:3:4:5:6:7]', '[domain-invalid]'],
    ['[1:2:3:4:5:6:7:8:9]', '[domain-invalid]'],
    ['[1:2:3:4:5:6:7:8::]', '[domain-invalid]'],
    ['[12345::]', '[domain-invalid]'],
    ['[g::]', '[domain-invalid]'],
    ['[192.0.2.1]', '[domain-invalid]'],
    ['[192.0.2.1::]', '[domain-invalid]'],
    ['[::192.0.2.256]', '[domain-invalid]'],
    ['[::192.0.2.01]', '[domain-invalid]'],
    ['[::192.0.2]', '[domain-invalid]'],
    ['[::192.0.2.1:1]', '[domain-invalid]'],
    ['[::1%eth0]', '[domain-invalid]'],
    ['[::1%25]', '[domain-invalid]'],
    ['[::1%25a/b]', '[domain-invalid]'],
    ['[v1.a]', '[domain-invalid]'],
    ['::1', '[domain-invalid]'],
    [`[::1%25${'a'.repeat(300)}]`, '[domain-invalid]'],
  ])('%s is %s (RFC 3986 §3.2.2, RFC 6874 §2)', (text, expected) => {
    expect(outcome(text)).toBe(expected)
  })

  test('enforcement is idempotent and throws nothing but JidError', () => {
    const label = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ019-')), maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom(...Array.from('aäßςΣ日アبا1\u0661\u200c\u200d\u094dक\u00b7l-。．')),
        maxLength: 8,
      }),
      fc.string({ unit: fc.constantFrom(...Array.from('abc019-')), maxLength: 12 }).map(tail => `xn--${tail}`),
      fc.string({ unit: fc.constantFrom(...Array.from('[]:.%25af1')) }),
    )
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), labels => {
        const once = outcome(labels.join('.'))
        if (!once.endsWith('-invalid]') && !once.endsWith('-domain]') && !once.endsWith('-long]')) {
          expect(outcome(once)).toBe(once)
        }
      }),
      { numRuns: 500 },
    )
  })
})
