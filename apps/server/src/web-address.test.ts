import { expect, test } from 'vitest'
import { webAddressOf } from './web-address.ts'

const plain = { url: undefined, origins: undefined, addresses: [] }
const at = (port: number): { option: string; at: { address: string; port: number } }[] => [
  { option: 'c2s', at: { address: '::', port: 5222 } },
  { option: 'http', at: { address: '::', port } },
]

test.each([
  ['a port', plain, true, at(5280), 'https://xn--bcher-kva.test:5280'],
  ['the port of https', plain, true, at(443), 'https://xn--bcher-kva.test'],
  ['no TLS', plain, false, at(5280), 'http://xn--bcher-kva.test:5280'],
  ['what the operator says', { ...plain, url: 'https://chat.example' }, true, at(5280), 'https://chat.example'],
  ['nobody listens', plain, true, at(5280).slice(0, 1), undefined],
])('seen from outside: %s', (_, http, requireTls, listening, address) => {
  expect(webAddressOf({ http, requireTls }, listening)('bücher.test')).toBe(address)
})
