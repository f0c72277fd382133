// The platform file of wherever this runs, Node or a browser, against the vectors of the RFCs.
import { platform } from '#platform'
import { expect, test } from 'vitest'

const bytes = (hex: string): Uint8Array =>
  new Uint8Array((hex.match(/../g) ?? []).map(pair => Number.parseInt(pair, 16)))
const hex = (data: Uint8Array): string => [...data].map(byte => byte.toString(16).padStart(2, '0')).join('')

test.each([
  ['SHA-1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['SHA-256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['SHA-384', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'SHA-512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
] as const)('%s of abc (RFC 6234 §8.5)', async (hash, expected) => {
  expect(hex(await platform.hash(hash, 'abc'))).toBe(expected)
})

test.each([
  ['SHA-1', '0b'.repeat(20), 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00'],
  ['SHA-1', '4a656665', 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  [
    'SHA-256',
    '4a656665',
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'SHA-256',
    'aa'.repeat(131),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'SHA-512',
    '4a656665',
    'what do ya want for nothing?',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
] as const)('HMAC of %s (RFC 2202 §3, RFC 4231 §4)', async (hash, key, data, expected) => {
  expect(hex(await platform.hmac(hash, bytes(key), data))).toBe(expected)
  expect(hex(await platform.hmac(hash, bytes(key), new TextEncoder().encode(data)))).toBe(expected)
})

test.each([
  ['SHA-1', 1, '0c60c80f961f0e71f3a9b524af6012062fe037a6'],
  ['SHA-1', 4096, '4b007901b765489abead49d926f721d065a429c1'],
  ['SHA-256', 4096, 'c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a'],
  [
    'SHA-512',
    4096,
    'd197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5',
  ],
] as const)('PBKDF2 with %s, %d times (RFC 6070 §2)', async (hash, iterations, expected) => {
  expect(hex(await platform.pbkdf2(hash, 'password', new TextEncoder().encode('salt'), iterations))).toBe(expected)
})

test('SEC-02: nonces have 144 random bits and are never the same', () => {
  const nonces = new Set(Array.from({ length: 1000 }, () => platform.nonce()))
  expect(nonces.size).toBe(1000)
  for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9+/]{24}$/)
})
