import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, isLoopback, parseAddress } from './address.ts'

test.each([
  ['127.0.0.1:5222', { address: '127.0.0.1', port: 5222 }],
  ['[::1]:0', { address: '::1', port: 0 }],
  ['[::ffff:127.0.0.1]:1', { address: '::ffff:127.0.0.1', port: 1 }],
  ['*:65535', { address: undefined, port: 65_535 }],
  ['chat.example.org:80', { address: 'chat.example.org', port: 80 }],
])('%s is an address, and is written as it was read', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
  expect(formatAddress(address)).toBe(text)
})

test.each([
  '',
  'x',
  ':5222',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:x',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '::1:5222',
  '[::1]',
  '[::g]:1',
  '[1.2.3.4]:1',
  '1.2.3:4',
  '256.0.0.1:1',
  'a b:1',
  'a:1:2',
  '127.0.0.1:5222 ',
])('"%s" is no address', text => expect(parseAddress(text)).toBeUndefined())

test('any text is an address that can be written, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('[', ']', ':', '.', '*', '1', 'a', '0') }), text => {
      const address = parseAddress(text)
      if (address) expect(parseAddress(formatAddress(address))).toEqual(address)
    }),
  )
})

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['::ffff:127.0.0.1', true],
  ['192.0.2.1', false],
  ['::', false],
  ['127.0.0.1.example.org', false],
  [undefined, false],
])('%s is on this machine: %s', (address, expected) => expect(isLoopback(address)).toBe(expected))
