import { expect, test } from 'vitest'
import { deriveScramKeys, SALT_BYTES } from './scram-keys.ts'
import { readScramKeys, writeScramKeys, type StoredScramKeys } from './stored-keys.ts'

test('keys are the same after they were stored as JSON (RFC 5802 §9)', async () => {
  const keys = await deriveScramKeys('pencil', 'SHA-256')
  const stored = JSON.stringify(writeScramKeys(keys))
  // Written the line before.
  const read = JSON.parse(stored) as StoredScramKeys
  const back = readScramKeys(read)
  expect(back.iterations).toBe(keys.iterations)
  for (const member of ['salt', 'storedKey', 'serverKey'] as const) expect([...back[member]]).toEqual([...keys[member]])
  expect(Object.keys(read)).toEqual(['salt', 'iterations', 'storedKey', 'serverKey'])
})

test('a salt that is left out is a new one of the right length, and the count is 10,000 (SCR-07)', async () => {
  const [one, other] = await Promise.all([deriveScramKeys('pencil', 'SHA-1'), deriveScramKeys('pencil', 'SHA-1')])
  expect(one.salt).toHaveLength(SALT_BYTES)
  expect(one.salt).not.toEqual(other.salt)
  expect(one.iterations).toBe(10_000)
})

test.each(['salt', 'storedKey', 'serverKey'])('a damaged %s is refused', async member => {
  const stored = writeScramKeys(await deriveScramKeys('pencil', 'SHA-1'))
  expect(() => readScramKeys({ ...stored, [member]: 'not base64!' })).toThrow(
    expect.objectContaining({ condition: 'incorrect-encoding' }),
  )
})

test('nothing stored gives no keys', () => {
  expect(readScramKeys(undefined)).toBeUndefined()
})
