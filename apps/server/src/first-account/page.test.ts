import fc from 'fast-check'
import { expect, test } from 'vitest'
import { donePage, escapeHtml, formPage, xmppUri } from './page.ts'
import { qrPath } from './qr.ts'

test('escaped text has nothing that HTML reads, and says the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('&', '<', '>', '"', "'", '#', '3', ';', 'a', 'é') }), text => {
      const escaped = escapeHtml(text)
      expect(escaped).not.toMatch(/[<>"']|&(?!#\d+;)/)
      expect(escaped.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(text)
    }),
  )
})

test.each([
  ['alice@localhost', 'xmpp:alice@localhost'],
  ['a%b?c@x.test', 'xmpp:a%25b%3Fc@x.test'],
  ['jürgen@x.test', 'xmpp:j%C3%BCrgen@x.test'],
])('the address of %s is %s (RFC 5122 §2)', (jid, uri) => expect(xmppUri(jid)).toBe(uri))

test('what was typed stays text', () => {
  const { html } = formPage('localhost', { name: '"><b>', problem: '<i>' })
  expect(html).toContain('value="&#34;&#62;&#60;b&#62;"')
  expect(html).not.toMatch(/<b>|<i>/)
  expect(donePage("x'$y@a.test").html).toContain('xmpp:x&#39;%24y@a.test')
})

/** The modules that a path covers, without the quiet zone. */
function modulesOf(text: string): boolean[][] {
  const { path, size } = qrPath(text)
  const rows = Array.from({ length: size - 8 }, () => Array.from({ length: size - 8 }, () => false))
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g))
    rows[Number(y) - 4]?.fill(true, Number(x) - 4, Number(x) - 4 + Number(length))
  return rows
}

test.each(['xmpp:a@b', `xmpp:${'x'.repeat(500)}@example.org`])(
  'a QR code has its three finders and its timing',
  text => {
    const rows = modulesOf(text)
    const size = rows.length
    expect((size - 17) % 4).toBe(0)
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111']
    for (const [x, y] of [
      [0, 0],
      [size - 7, 0],
      [0, size - 7],
    ] as const)
      for (const [row, bits] of finder.entries())
        expect(
          rows[y + row]
            ?.slice(x, x + 7)
            .map(Number)
            .join(''),
        ).toBe(bits)
    for (let at = 8; at < size - 8; at++) expect(rows[6]?.[at]).toBe(at % 2 === 0)
  },
)
