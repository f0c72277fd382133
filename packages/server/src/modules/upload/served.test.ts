import fc from 'fast-check'
import { expect, test } from 'vitest'
import { disposition, fileName, mediaType, rangeOf } from './served.ts'

test.each([
  ['très cool.jpg', 'très cool.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\romeo\\rose.png', 'rose.png'],
  ['..', 'file'],
  ['.', 'file'],
  ['', 'file'],
  ['/', 'file'],
  ['a\u0000b\r\nc.txt', 'abc.txt'],
  ['gpj.\u202eexe', 'gpj.exe'],
  ['\ud800.jpg', '.jpg'],
  [`${'x'.repeat(300)}.tar.gz`, `${'x'.repeat(128)}.gz`],
  ['😀'.repeat(200), '😀'.repeat(128)],
])('a file name: %j is kept as %j (SEC-04)', (given, kept) => expect(fileName(given)).toBe(kept))

test('a file name is one part of a path, whatever is proposed', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(0xffff), fc.nat(127))), units => {
      const given = String.fromCharCode(...units)
      const name = fileName(given)
      const url = new URL(`https://a.test/upload/token/${encodeURIComponent(name)}`)
      expect(url.pathname.split('/')).toHaveLength(4)
      expect(decodeURIComponent(url.pathname.split('/')[3]!)).toBe(name)
      expect(name).not.toMatch(/[\p{Cc}/\\]/u)
    }),
  )
})

test.each([
  ['image/jpeg', 'image/jpeg'],
  ['Text/HTML; charset=utf-8', 'text/html'],
  ['nonsense', 'application/octet-stream'],
  ['a/b\r\nx: y', 'application/octet-stream'],
  [undefined, 'application/octet-stream'],
])('a media type: %j is %j', (given, type) => expect(mediaType(given)).toBe(type))

test.each([
  ['image/png', 'inline'],
  ['video/mp4', 'inline'],
  ['image/svg+xml', 'attachment'],
  ['text/html', 'attachment'],
  ['application/pdf', 'attachment'],
  ['application/xhtml+xml', 'attachment'],
])('SEC-04: %s is shown %s', (type, kind) => {
  expect(disposition(type, `a'"b.x`)).toBe(`${kind}; filename*=UTF-8''a%27%22b.x`)
})

test.each([
  [null, undefined],
  ['bytes=0-', { first: 0, last: 99 }],
  ['bytes=10-19', { first: 10, last: 19 }],
  ['bytes=90-1000', { first: 90, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-1000', { first: 0, last: 99 }],
  ['bytes=100-', 'none'],
  ['bytes=-0', 'none'],
  ['bytes=20-10', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,5-6', undefined],
  ['lines=0-1', undefined],
  ['bytes=9999999999999999-', undefined],
])('a range of 100 bytes: %j is %j (RFC 9110 §14)', (header, range) => expect(rangeOf(header, 100)).toEqual(range))
