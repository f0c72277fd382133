// SCRAM between our two ends and against the vectors of the RFCs, on both platform files.
import { describe, expect, test } from 'vitest'
import { decodeBase64Strict } from './base64.ts'
import { clientMechanism } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'
import { deriveScramKeys } from './scram-keys.ts'
import { platform as node } from './platform/node.ts'
import { platform as web } from './platform/web.ts'
import { account, bytes, contextOf, text } from './fixture.ts'

const vectors = [
  {
    title: 'SCRAM-SHA-1 (RFC 5802 §5)',
    hash: 'SHA-1',
    nonces: ['fyko+d2lbbFgONRv9qkxdawL', '3rfcNHYJY1ZVvWVs7j'],
    salt: 'QSXCR+Q6sek8bf92',
    first: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    verifier: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    title: 'SCRAM-SHA-256 (RFC 7677 §3)',
    hash: 'SHA-256',
    nonces: ['rOprNGfwEbeRWgbNEkqO', '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'],
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const

describe.each([
  ['node', node],
  ['web', web],
])('on %s', (_, platform) => {
  test.each(vectors)('$title is computed as printed, on both sides', async vector => {
    const [clientNonce, serverNonce] = vector.nonces
    const salt = decodeBase64Strict(vector.salt)
    const keys = await deriveScramKeys('pencil', vector.hash, salt, 4096, platform)
    const name = `SCRAM-${vector.hash}`
    const client = clientMechanism(name, {
      offered: [name],
      credentials: { username: 'user', password: 'pencil' },
      secure: true,
      crypto: { ...platform, nonce: () => clientNonce },
    })
    const context = contextOf({
      offeredMechanisms: [name],
      downgradeProtection: false,
      credentials: account({ user: keys }),
    })
    const server = serverMechanism(name, context, { ...platform, nonce: () => serverNonce })!

    const first = (await client.initial())!
    expect(text(first)).toBe(vector.first)
    const challenge = await server.respond(first)
    expect(challenge).toEqual({
      kind: 'challenge',
      data: bytes(`r=${clientNonce}${serverNonce},s=${vector.salt},i=4096`),
    })
    if (challenge.kind !== 'challenge') return
    const final = await client.challenge(challenge.data)
    expect(text(final)).toBe(`c=biws,r=${clientNonce}${serverNonce},p=${vector.proof}`)
    const success = await server.respond(final)
    expect(success).toEqual({
      kind: 'success',
      username: 'user',
      authzid: undefined,
      data: bytes(`v=${vector.verifier}`),
    })
    await client.success(bytes(`v=${vector.verifier}`))
  })
})
