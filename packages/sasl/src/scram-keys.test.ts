// What a server stores of a password.
import { describe, expect, test } from 'vitest'
import { bytes } from './fixture.ts'
import { platforms, salt } from './scram-fixture.ts'
import { deriveScramKeys, saltPassword, scramKeysFromSalted, verifyPasswordAgainst } from './scram-keys.ts'

describe.each(platforms)('on %s', (_, platform) => {
  test('SCR-08: keys from an upgrade task are those from the password (XEP-0480 §3)', async () => {
    const salted = await saltPassword('pencil', 'SHA-512', salt, 3, platform)
    const keys = await scramKeysFromSalted(salted, 'SHA-512', salt, 3, platform)
    expect(keys).toEqual(await deriveScramKeys('pencil', 'SHA-512', salt, 3, platform))
    expect(keys).toMatchObject({ salt, iterations: 3 })
  })

  test('SASL-09: a password is prepared on storing and on checking (RFC 8265 §4.2)', async () => {
    const keys = await deriveScramKeys('re\u0301sume\u0301\u00a0x', 'SHA-256', salt, 3, platform)
    expect(await verifyPasswordAgainst(keys, 'SHA-256', 'r\u00e9sum\u00e9 x', platform)).toBe(true)
    expect(await verifyPasswordAgainst(keys, 'SHA-256', 'resume x', platform)).toBe(false)
    expect(await verifyPasswordAgainst(keys, 'SHA-1', 'r\u00e9sum\u00e9 x', platform)).toBe(false)
  })
})

test.each([
  ['an empty one', ''],
  ['one with a control character', 'a\u0007'],
])('SASL-09: %s is no password (RFC 8265 §4.2)', async (_, password) => {
  await expect(deriveScramKeys(password, 'SHA-1', salt, 3)).rejects.toMatchObject({ condition: 'not-authorized' })
})

test('SCR-08: a salted password of another hash is refused', async () => {
  await expect(scramKeysFromSalted(bytes('short'), 'SHA-1', salt, 3)).rejects.toMatchObject({
    condition: 'malformed-request',
  })
})

test('PBKDF2 is not on the event loop: it goes on meanwhile (SCR-06)', async () => {
  const derived = deriveScramKeys('pencil', 'SHA-512', salt, 50_000).then(() => 'derived')
  const turned = new Promise(resolve => setTimeout(resolve, 0, 'turned'))
  expect(await Promise.race([derived, turned])).toBe('turned')
  await derived
})
