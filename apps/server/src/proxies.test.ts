import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { clientOf, parseRange, rangeTest } from './proxies.ts'

test.each([
  ['192.0.2.1', { address: '192.0.2.1', bits: 32 }],
  ['127.0.0.1/8', { address: '127.0.0.1', bits: 8 }],
  ['::1', { address: '::1', bits: 128 }],
  ['fd00::/8', { address: 'fd00::', bits: 8 }],
  ['0.0.0.0/0', { address: '0.0.0.0', bits: 0 }],
  ['', undefined],
  ['localhost', undefined],
  ['127.0.0.1/33', undefined],
  ['127.0.0.1/', undefined],
  ['127.0.0.1/8/8', undefined],
  ['::1/129', undefined],
  ['127.0.0.1/-1', undefined],
])('a range: %j', (text, range) => expect(parseRange(text)).toEqual(range))

const trusts = rangeTest([parseRange('127.0.0.0/8')!, parseRange('fd00::/8')!, parseRange('198.51.100.7')!])

test.each([
  ['127.9.9.9', true],
  ['::ffff:127.0.0.1', true],
  ['198.51.100.8', false],
  ['fd12::1', true],
  ['::1', false],
  ['', false],
  ['nonsense', false],
])('%s is in it: %j', (address, is) => expect(trusts(address)).toBe(is))

function request(remoteAddress: string, headers: Record<string, string>): IncomingMessage {
  // What is read of a request.
  return { socket: { remoteAddress, remotePort: 4711 }, headers } as unknown as IncomingMessage
}

test.each([
  ['a stranger is himself, whatever he says', '192.0.2.9', '203.0.113.1', '192.0.2.9'],
  ['the client of a proxy', '127.0.0.1', '203.0.113.1', '203.0.113.1'],
  ['what the client has written before is his own talk', '127.0.0.1', '10.1.1.1, 203.0.113.1', '203.0.113.1'],
  ['a proxy before a proxy', '127.0.0.1', '203.0.113.1, 198.51.100.7', '203.0.113.1'],
  ['proxies alone', '127.0.0.1', '127.0.0.3, 198.51.100.7', '127.0.0.3'],
  ['a proxy that tells nothing', '127.0.0.1', '', '127.0.0.1'],
  ['with a port', '127.0.0.1', '203.0.113.1:4000', '203.0.113.1'],
  ['IPv6 with a port', '127.0.0.1', '[2001:db8::1]:4000', '2001:db8::1'],
  ['IPv6', '127.0.0.1', '2001:db8::1', '2001:db8::1'],
  ['one spelling of IPv4', '::ffff:127.0.0.1', '::ffff:203.0.113.1', '203.0.113.1'],
  ['no address at all', '127.0.0.1', '203.0.113.1, unknown', '127.0.0.1'],
])('SEC-05: %s', (_, peer, forwarded, address) => {
  expect(clientOf(request(peer, { 'x-forwarded-for': forwarded }), false, trusts).address).toBe(address)
})

test.each([
  ['a proxy with TLS', '127.0.0.1', 'https', false, true],
  ['a proxy without', '127.0.0.1', 'http', true, false],
  ['one of two ways in clear', '127.0.0.1', 'https, http', true, false],
  ['a proxy that tells nothing, in clear', '127.0.0.1', '', false, false],
  ['a proxy that tells nothing, over TLS', '127.0.0.1', '', true, true],
  ['a stranger', '192.0.2.9', 'https', false, false],
])('SEC-05: encrypted: %s', (_, peer, scheme, tls, encrypted) => {
  expect(clientOf(request(peer, { 'x-forwarded-proto': scheme }), tls, trusts).encrypted).toBe(encrypted)
})
