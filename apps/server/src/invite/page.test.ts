import fc from 'fast-check'
import { expect, test } from 'vitest'
import { platformsFor } from './apps.ts'
import { escapeHtml } from './html.ts'
import { donePage, invitePage, xmppUri } from './page.ts'
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
  const invite = { hash: 'h', account: true, uses: 1, madeAt: 0, expiresAt: 0, inviter: '<u>' }
  const shown = { domain: 'localhost', invite, uri: 'xmpp:x', csrf: '"<s>', userAgent: '<em>' }
  const { html } = invitePage(shown, { name: '"><b>', problem: '<i>' })
  expect(html).toContain('value="&#34;&#62;&#60;b&#62;"')
  expect(html).not.toMatch(/<b>|<i>|<u>|<s>|<em>/)
  expect(donePage("x'$y@a.test", '').html).toContain('xmpp:x&#39;%24y@a.test')
})

test.each([
  ['Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/140.0', 'Android'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1', 'iPhone and iPad'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1', 'macOS'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36', 'Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Linux'],
  ['', 'Android'],
])('apps for what the visitor has come first: %s', (agent, name) => {
  const names = platformsFor(agent).map(({ name }) => name)
  expect(names[0]).toBe(name)
  expect(new Set(names).size).toBe(5)
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
