// SCRAM between our two ends and against the vectors of the RFCs, on both platform files.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64Strict } from './base64.ts'
import { account, bindings, bytes, contextOf, play, playTampered, text } from './fixture.ts'
import type { ServerStep } from './mechanism.ts'
import { SCRAM_HASHES } from './names.ts'
import { preparePassword, prepareUsername } from './prepare.ts'
import { bound, clientOf, doubt, plain, platforms, salt, serverOf } from './scram-fixture.ts'
import { deriveScramKeys } from './scram-keys.ts'
import { clientMechanism } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

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

describe.each(platforms)('on %s', (_, platform) => {
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

  test.each(SCRAM_HASHES)('SCR-03: both ends agree by SCRAM-%s with and without binding', async hash => {
    for (const offer of [plain, bound]) {
      const offered = [...offer.offered, 'SCRAM-SHA-512', 'SCRAM-SHA-512-PLUS']
      const name = offer === bound ? `SCRAM-${hash}-PLUS` : `SCRAM-${hash}`
      const here = { ...offer, offered: offer === bound ? offered : offered.slice(0, -1) }
      const client = clientOf(name, here, { crypto: platform, channelBindings: offer === bound ? bindings : [] })
      const step = await play(client, await serverOf(name, here, {}, platform))
      expect(step).toMatchObject({ kind: 'success', username: 'user', authzid: undefined })
    }
  })

  test('SCR-07: an unknown user fails by the same steps as a wrong password (RFC 5802 §9)', async () => {
    const steps: ServerStep[][] = []
    for (const username of ['user', 'nobody']) {
      const server = await serverOf('SCRAM-SHA-1', plain, {}, platform)
      const client = clientOf('SCRAM-SHA-1', plain, { credentials: { username, password: 'wrong' }, crypto: platform })
      const challenge = await server.respond(client.initial() as Uint8Array)
      const final = challenge.kind === 'challenge' ? await client.challenge(challenge.data) : undefined
      steps.push([challenge, await server.respond(final)])
    }
    expect(steps[0]![1]).toEqual({ kind: 'failure', condition: 'not-authorized' })
    expect(steps[1]![1]).toEqual(steps[0]![1])
    const [known, unknown] = steps.map(([step]) => (step?.kind === 'challenge' ? text(step.data) : ''))
    expect(unknown).toHaveLength(known!.length)
    expect(unknown).toContain(',i=2,')
  })
})

test('random users with random passwords agree, and no other password does', async () => {
  const word = fc.string({ minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(word, word, word, fc.constantFrom(...SCRAM_HASHES), async (username, password, other, hash) => {
      let key: string
      try {
        key = prepareUsername(username)
        preparePassword(password)
        preparePassword(other)
      } catch {
        return
      }
      const name = `SCRAM-${hash}`
      const offer = { offered: [name], bindingTypesOffered: undefined }
      const credentials = account({ [key]: await deriveScramKeys(password, hash, salt, 1) })
      for (const tried of [password, other]) {
        const client = clientOf(name, offer, { credentials: { username, password: tried } })
        const step = await play(client, await serverOf(name, offer, { credentials }))
        expect(step.kind).toBe(preparePassword(tried) === preparePassword(password) ? 'success' : 'failure')
      }
    }),
  )
})

test('one bit changed on the way, wherever, never ends in success on both sides', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.nat(), fc.nat(7), async (message, at, bit) => {
      const client = clientOf('SCRAM-SHA-256-PLUS', bound, { channelBindings: bindings })
      const server = await serverOf('SCRAM-SHA-256-PLUS', bound)
      const flipped = playTampered(client, server, (data, number) => {
        if (number !== message) return data
        const changed = data.slice()
        changed[at % data.length]! ^= 1 << bit
        return changed
      })
      const outcome = await flipped.then(
        step => step.kind,
        (error: unknown) => (error as Error).name,
      )
      expect(['failure', 'SaslError']).toContain(outcome)
    }),
    { numRuns: 500 },
  )
})

test('whatever bytes come in whichever order, a server ends with a step and a client with SaslError', async () => {
  const noise = fc.oneof(
    fc.uint8Array(),
    fc.string().map(bytes),
    fc.constantFrom('n,,n=user,r=abc', 'c=biws,r=a,p=AA==').map(bytes),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { maxLength: 4 }), async messages => {
      const server = await serverOf('SCRAM-SHA-1', plain)
      const client = clientOf('SCRAM-SHA-1', plain)
      await client.initial()
      for (const message of messages) {
        expect(['challenge', 'failure']).toContain((await server.respond(message)).kind)
        await expect((async () => client.challenge(message))()).rejects.toHaveProperty('name', 'SaslError')
        expect(() => client.success(message)).toThrow(doubt('not-authorized'))
      }
    }),
  )
})
