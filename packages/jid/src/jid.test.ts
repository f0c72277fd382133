import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { prepareDomain } from './domain.ts'
import { BareJid, FullJid, Jid, JidError, isFull } from './index.ts'
import { prepareLocal, prepareResource } from './prepare.ts'

/** The code and part of the JidError that `run` throws. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof JidError) return error.part === undefined ? error.code : `${error.code} ${error.part}`
    throw error
  }
  return 'accepted'
}

// RFC 7622 §3.5, table 1. [number, JID, local, domain, resource]
const LEGAL: [number, string, string, string, string][] = [
  [1, 'juliet@example.com', 'juliet', 'example.com', ''],
  [2, 'juliet@example.com/foo', 'juliet', 'example.com', 'foo'],
  [3, 'juliet@example.com/foo bar', 'juliet', 'example.com', 'foo bar'],
  [4, 'juliet@example.com/foo@bar', 'juliet', 'example.com', 'foo@bar'],
  [5, 'foo\\20bar@example.com', 'foo\\20bar', 'example.com', ''],
  [6, 'fussball@example.com', 'fussball', 'example.com', ''],
  [7, 'fu\u00dfball@example.com', 'fu\u00dfball', 'example.com', ''],
  [8, '\u03c0@example.com', '\u03c0', 'example.com', ''],
  [9, '\u03a3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  [10, '\u03c3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  [11, '\u03c2@example.com/foo', '\u03c2', 'example.com', 'foo'],
  [12, 'king@example.com/\u265a', 'king', 'example.com', '\u265a'],
  [13, 'example.com', '', 'example.com', ''],
  [14, 'example.com/foobar', '', 'example.com', 'foobar'],
  [15, 'a.example.com/b@example.net', '', 'a.example.com', 'b@example.net'],
]

// RFC 7622 §3.5, table 2, without 18 (see below).
const ILLEGAL: [number, string, string][] = [
  [16, '"juliet"@example.com', 'local-invalid local'],
  [17, 'foo bar@example.com', 'local-invalid local'],
  [19, '@example.com/', 'empty-local local'],
  [20, 'henry\u2163@example.com', 'local-invalid local'],
  [21, '\u265a@example.com', 'local-invalid local'],
  [22, 'juliet@', 'empty-domain domain'],
  [23, '/foobar', 'empty-domain domain'],
]

describe('the examples of RFC 7622 §3.5', () => {
  test.each(LEGAL)('%i: %s is a JID', (_, text, local, domain, resource) => {
    const jid = Jid.parse(text)
    expect([jid.local, jid.domain, jid.resource]).toEqual([local, domain, resource])
    expect(jid.text).toBe(text.replace('\u03a3', '\u03c3'))
    expect(isFull(jid)).toBe(resource !== '')
  })

  test.each(ILLEGAL)('%i: %s is none', (_, text, why) => {
    expect(refusal(() => Jid.parse(text))).toBe(why)
  })

  test('18: a space in front of the resource is kept: OpaqueString has no rule against it (RFC 8265 §4.2.2)', () => {
    expect(Jid.parse('juliet@example.com/ foo').resource).toBe(' foo')
  })

  test('6 and 7, 10 and 11 stay different, 9 and 10 are the same', () => {
    const at = (index: number) => Jid.parse(LEGAL[index - 1]![1])
    expect(Jid.equal(at(6), at(7))).toBe(false)
    expect(Jid.equal(at(10), at(11))).toBe(false)
    expect(Jid.equal(at(9), at(10))).toBe(true)
  })
})

// JID-01
test.each([
  ['the resource begins behind the first slash', 'a@b/c@d/e', 'a', 'b', 'c@d/e'],
  ['the local ends before the first at sign', 'b/c@d', '', 'b', 'c@d'],
  ['slashes in a row belong to the resource', 'a@b//', 'a', 'b', '/'],
  ['separators are looked for before mapping', 'a@b/c\uff0fd', 'a', 'b', 'c\uff0fd'],
  ['a dot behind the domain goes', 'a@b./c', 'a', 'b', 'c'],
  ['an IPv6 literal', 'a@[::1]/c', 'a', '[::1]', 'c'],
  ['characters outside the BMP', 'a@b/\u{1f431}', 'a', 'b', '\u{1f431}'],
])('%s: %s (RFC 7622 §3.1, §3.2)', (_, text, local, domain, resource) => {
  const jid = Jid.parse(text)
  expect([jid.local, jid.domain, jid.resource]).toEqual([local, domain, resource])
})

// JID-02, JID-03, JID-04
test.each([
  ['nothing', '', 'empty'],
  ['an empty local', '@d', 'empty-local local'],
  ['an empty resource', 'd/', 'empty-resource resource'],
  ['an empty resource behind a local', 'a@d/', 'empty-resource resource'],
  ['an empty domain', 'a@', 'empty-domain domain'],
  ['an empty domain before a resource', 'a@/r', 'empty-domain domain'],
  ['a second at sign', 'a@b@c', 'domain-invalid domain'],
  ['separators alone', '@/', 'empty-local local'],
  ['a space in the domain', 'a@b c', 'domain-invalid domain'],
  ['a tab in the resource', 'a@b/\t', 'resource-invalid resource'],
  ['a line feed behind it all', 'a@b\n', 'domain-invalid domain'],
  ['a lone surrogate', 'a@b/\ud800', 'resource-invalid resource'],
  ['a wide at sign in the local', 'a\uff20b@c', 'local-invalid local'],
  ['a wide slash in the local', 'a\uff0fb@c', 'local-invalid local'],
  ['a space in the local', 'a b@c', 'local-invalid local'],
  ...Array.from('"&\':<>').map((character): [string, string, string] => [
    `${character} in the local`,
    `a${character}b@c`,
    'local-invalid local',
  ]),
])('%s: %j is none (RFC 7622 §3.2, §3.3, §3.4)', (_, text, why) => {
  expect(refusal(() => Jid.parse(text))).toBe(why)
})

// JID-02
test.each([
  ['1023 octets of local', `${'a'.repeat(1023)}@b`, 'accepted'],
  ['1024 octets of local', `${'a'.repeat(1024)}@b`, 'too-long local'],
  ['1022 octets of local, two each', `${'é'.repeat(511)}@b`, 'accepted'],
  ['1024 octets of local, two each', `${'é'.repeat(512)}@b`, 'too-long local'],
  ['1023 octets of local after mapping', `${'\uff41'.repeat(1023)}@b`, 'accepted'],
  ['1023 octets of local after composing', `${'e\u0301'.repeat(511)}a@b`, 'accepted'],
  ['1023 octets of resource', `b/${'a'.repeat(1023)}`, 'accepted'],
  ['1024 octets of resource', `b/${'a'.repeat(1024)}`, 'too-long resource'],
  ['1023 octets of resource, three each', `b/${'日'.repeat(341)}`, 'accepted'],
  ['1026 octets of resource, three each', `b/${'日'.repeat(342)}`, 'too-long resource'],
  ['1020 octets of resource, four each', `b/${'\u{1f431}'.repeat(255)}`, 'accepted'],
  ['1024 octets of resource, four each', `b/${'\u{1f431}'.repeat(256)}`, 'too-long resource'],
  ['1024 octets of domain', `${'a'.repeat(1024)}/b`, 'too-long domain'],
  ['a megabyte', `${'é'.repeat(1 << 20)}@b`, 'too-long local'],
])('%s: %3$s (RFC 7622 §3.2, §3.3, §3.4)', (_, text, expected) => {
  expect(refusal(() => Jid.parse(text))).toBe(expected)
})

// JID-06
test('comparison is of the enforced form: case of the resource counts, of the rest it does not (RFC 7622 §4)', () => {
  const balcony = FullJid.parse('JULIET@Example.COM/Balcony')
  expect(balcony.text).toBe('juliet@example.com/Balcony')
  expect(Jid.equal(balcony.bare, Jid.parse('juliet@example.com'))).toBe(true)
  expect(Jid.equal(balcony, Jid.parse('juliet@example.com/balcony'))).toBe(false)
  expect(Jid.equal(balcony, balcony.bare)).toBe(false)
  expect(Jid.equal(balcony, undefined)).toBe(false)
  expect(Jid.equal(undefined, undefined)).toBe(true)
})

describe('making addresses', () => {
  test('of parts, each enforced for itself', () => {
    expect(Jid.from({ local: 'Romeo', domain: 'Example.NET', resource: 'Orchard' }).text).toBe(
      'romeo@example.net/Orchard',
    )
    expect(Jid.from({ domain: 'example.net', resource: 'a/b@c' }).text).toBe('example.net/a/b@c')
    expect(Jid.from({ local: '', domain: 'example.net', resource: '' }).text).toBe('example.net')
    expect(BareJid.of('Romeo', 'example.net').text).toBe('romeo@example.net')
    expect(BareJid.of('', 'example.net').text).toBe('example.net')
  })

  test.each([
    ['a separator in the local', { local: 'a@b', domain: 'c' }, 'local-invalid local'],
    ['a slash in the local', { local: 'a/b', domain: 'c' }, 'local-invalid local'],
    ['a local in the domain', { domain: 'a@b' }, 'domain-invalid domain'],
    ['a resource in the domain', { domain: 'a/b' }, 'domain-invalid domain'],
    ['no domain', { local: 'a', domain: '' }, 'empty-domain domain'],
    ['a control character in the resource', { domain: 'a', resource: '\u0000' }, 'resource-invalid resource'],
  ])('%s is refused', (_, parts, why) => {
    expect(refusal(() => Jid.from(parts))).toBe(why)
  })

  test('with a resource', () => {
    const room = BareJid.parse('room@muc.example')
    expect(room.withResource('Thirdwitch').text).toBe('room@muc.example/Thirdwitch')
    expect(room.withResource('Thirdwitch').bare).toBe(room)
    expect(refusal(() => room.withResource(''))).toBe('empty-resource resource')
    expect(refusal(() => room.withResource('a\u0007'))).toBe('resource-invalid resource')
  })

  test('of one kind only', () => {
    expect(refusal(() => BareJid.parse('a@b/c'))).toBe('resource-invalid resource')
    expect(refusal(() => FullJid.parse('a@b'))).toBe('empty-resource resource')
    expect(BareJid.parse('a@b')).toBeInstanceOf(BareJid)
    expect(FullJid.parse('a@b/c')).toBeInstanceOf(FullJid)
  })

  test('they print as their text', () => {
    expect(String(Jid.parse('A@b/C'))).toBe('a@b/C')
    expect(String(Jid.parse('A@b'))).toBe('a@b')
  })
})

describe('one address, one object while it is in use', () => {
  test('every spelling leads to it', () => {
    const one = Jid.parse('nurse@example.com/Room')
    expect(Jid.parse('NURSE@example.com/Room')).toBe(one)
    expect(Jid.parse('NURSE@example.com/Room')).toBe(one)
    expect(Jid.from({ local: 'Nurse', domain: 'example.com', resource: 'Room' })).toBe(one)
    expect(one.bare).toBe(Jid.parse('nurse@EXAMPLE.com'))
    expect(one.bare.bare).toBe(one.bare)
  })

  test('long texts are not kept', () => {
    const text = `a@b/${'c'.repeat(300)}`
    expect(Jid.parse(text)).not.toBe(Jid.parse(text))
    expect(Jid.equal(Jid.parse(text), Jid.parse(text))).toBe(true)
  })

  test('a flood of others drives it out and harms nothing', () => {
    const before = Jid.parse('peter@example.com')
    for (let index = 0; index < 20_000; index++) Jid.parse(`flood${index}@example.com`)
    const after = Jid.parse('peter@example.com')
    expect(after).not.toBe(before)
    expect(Jid.equal(after, before)).toBe(true)
  })
})

test('the types keep bare and full apart', () => {
  expectTypeOf<FullJid>().not.toExtend<BareJid>()
  expectTypeOf<BareJid>().not.toExtend<FullJid>()
  expectTypeOf<BareJid['resource']>().toEqualTypeOf<''>()
  const jid = Jid.parse('a@b')
  if (isFull(jid)) expectTypeOf(jid).toEqualTypeOf<FullJid>()
  else expectTypeOf(jid).toEqualTypeOf<BareJid>()
  // @ts-expect-error nothing changes an address
  const change = () => (jid.text = 'c@d')
  expect(change).toBeTypeOf('function')
})

describe('whatever the text', () => {
  const plain = fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ019-._ @/\\"&\'<>:[]%')) })
  const wild = fc.string({ unit: 'binary' })
  const units = fc.string({ unit: fc.nat(0xffff).map(unit => String.fromCharCode(unit)) })
  const tricky = fc.string({
    unit: fc.constantFrom(
      ...Array.from('aÄßςΣİ日アبا1\u0661\u200c\u200d\u094dक\u00b7l-。．＠／@/.\u0301\u00ad\u3000\u{1f431}'),
    ),
  })
  const part = fc.oneof(plain, wild, units, tricky)
  const text = fc.oneof(
    part,
    fc.tuple(part, part, part).map(([local, domain, resource]) => `${local}@${domain}/${resource}`),
    fc.tuple(part, part).map(([local, resource]) => `${local}@xn--bcher-kva.example/${resource}`),
  )

  test('a JID or a JidError comes of it; its text is stable; its parts fit (RFC 7622 §3)', () => {
    fc.assert(
      fc.property(text, text => {
        let jid: Jid
        try {
          jid = Jid.parse(text)
        } catch (error) {
          expect(error).toBeInstanceOf(JidError)
          return
        }
        expect(Jid.parse(jid.text)).toBe(jid)
        expect(Jid.equal(Jid.from(jid), jid)).toBe(true)
        // Past the cache, which would answer for both.
        expect(prepareDomain(jid.domain)).toBe(jid.domain)
        if (jid.local !== '') expect(prepareLocal(jid.local)).toBe(jid.local)
        if (jid.resource !== '') expect(prepareResource(jid.resource)).toBe(jid.resource)
        expect(jid.text).toBe(
          (jid.local === '' ? '' : `${jid.local}@`) + jid.domain + (jid.resource === '' ? '' : `/${jid.resource}`),
        )
        for (const part of [jid.local, jid.domain, jid.resource]) {
          expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(1023)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
