// Both platform files compute the same, and what node:crypto's own functions compute.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { platform as node } from './node.ts'
import { platform as web } from './web.ts'

const platforms = [
  ['node', node],
  ['web', web],
] as const
const hashes = ['SHA-1', 'SHA-256', 'SHA-512'] as const
const nodeName = (hash: string) => hash.replace('-', '').toLowerCase()
/** Lengths on both sides of the hash blocks and of the scratch buffer. */
const sized = (sizes: number[]) =>
  fc.constantFrom(...sizes).chain(size => fc.uint8Array({ minLength: size, maxLength: size }))
const data = fc.oneof(fc.string({ unit: 'grapheme' }), sized([0, 1, 55, 64, 128, 1983, 1984, 1985, 5000]))

test.each(platforms)('HMAC on %s is that of RFC 2104 for keys and data of any length', async (_, platform) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...hashes),
      sized([1, 20, 32, 63, 64, 65, 127, 128, 129, 300]),
      data,
      async (hash, key, data) => {
        const expected = createHmac(nodeName(hash), key).update(data).digest('hex')
        expect(Buffer.from(await platform.hmac(hash, key, data)).toString('hex')).toBe(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test.each(platforms)('hashes and PBKDF2 on %s are those of the standard', async (_, platform) => {
  for (const hash of [...hashes, 'SHA-384'] as const) {
    const expected = createHash(nodeName(hash)).update('żółw').digest('hex')
    expect(Buffer.from(await platform.hash(hash, 'żółw')).toString('hex')).toBe(expected)
  }
  for (const hash of hashes) {
    const salt = new Uint8Array([1, 2, 3])
    const derived = await platform.pbkdf2(hash, 'pass wörd', salt, 7)
    expect(Buffer.from(derived)).toEqual(pbkdf2Sync('pass wörd', salt, 7, derived.length, nodeName(hash)))
  }
})

test.each(platforms)('SEC-02: nonces on %s have 144 random bits and are never the same', (_, platform) => {
  const nonces = new Set(Array.from({ length: 1000 }, () => platform.nonce()))
  expect(nonces.size).toBe(1000)
  for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9+/]{24}$/)
})

test('what was returned is not overwritten by the next computation', async () => {
  const first = await node.hmac('SHA-256', new Uint8Array(32), 'first')
  const copy = first.slice()
  await node.hmac('SHA-256', new Uint8Array(32), 'second')
  expect(first).toEqual(copy)
})
