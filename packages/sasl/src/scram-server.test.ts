// The server's side of SCRAM: what it refuses, and what it does not tell.
import { describe, expect, test } from 'vitest'
import { decodeBase64Strict, encodeBase64 } from './base64.ts'
import type { SaslCrypto } from './crypto.ts'
import { account, bytes, contextOf, play, text } from './fixture.ts'
import type { ServerStep } from './mechanism.ts'
import { platform as node } from './platform/node.ts'
import { bound, clientOf, first, plain, refusedAs, salt, serverOf } from './scram-fixture.ts'
import { deriveScramKeys, fakeScramKeys, verifyPasswordAgainst } from './scram-keys.ts'
import { serverMechanism } from './server-mechanism.ts'

describe('SCR-07: salts of unknown users', () => {
  const fake = (username: string, hash: 'SHA-1' | 'SHA-256' = 'SHA-1', secret = 'sixteen bytes or more') =>
    fakeScramKeys(username, hash, { secret: bytes(secret), iterations: 4096 })

  test('are the same at each attempt and as long as real ones', async () => {
    expect((await fake('nobody')).salt).toEqual((await fake('nobody')).salt)
    expect((await fake('nobody')).salt).toHaveLength(salt.length)
  })

  test.each([
    ['users', fake('somebody')],
    ['hashes', fake('nobody', 'SHA-256')],
    ['servers', fake('nobody', 'SHA-1', 'another sixteen bytes')],
  ])('differ between %s', async (_, other) => expect((await fake('nobody')).salt).not.toEqual((await other).salt))

  test('belong to keys that no password fits', async () => {
    expect(await verifyPasswordAgainst(await fake('nobody'), 'SHA-1', 'pencil')).toBe(false)
  })

  test('let nobody in who knows the secret they are made of', async () => {
    const nonces = { ...node, nonce: () => 'def' }
    const server = await serverOf('SCRAM-SHA-1', plain, { downgradeProtection: false }, nonces)
    const challenge = await server.respond(bytes('n,,n=nobody,r=abc'))
    if (challenge.kind !== 'challenge') throw new Error(challenge.kind)
    const made = await node.hmac('SHA-512', bytes('sixteen bytes or more'), 'SHA-1\0nobody')
    const clientKey = made.subarray(16)
    const authMessage = `n=nobody,r=abc,${text(challenge.data)},c=biws,r=abcdef`
    const signature = await node.hmac('SHA-1', await node.hash('SHA-1', clientKey), authMessage)
    const proof = encodeBase64(clientKey.subarray(0, 20).map((byte, at) => byte ^ signature[at]!))
    expect(await server.respond(bytes(`c=biws,r=abcdef,p=${proof}`))).toEqual(refusedAs('not-authorized'))
  })

  test('the last step does the same work for known and unknown users (SASL-05)', async () => {
    const work: string[][] = []
    for (const username of ['user', 'nobody']) {
      const done: string[] = []
      const counting: SaslCrypto = {
        ...node,
        hash: (hash, data) => (done.push('hash'), node.hash(hash, data)),
        hmac: (hash, key, data) => (done.push('hmac'), node.hmac(hash, key, data)),
      }
      const server = await serverOf('SCRAM-SHA-1', plain, {}, counting)
      const client = clientOf('SCRAM-SHA-1', plain, { credentials: { username, password: 'wrong' } })
      const challenge = await server.respond(client.initial() as Uint8Array)
      const final = await client.challenge((challenge as { data: Uint8Array }).data)
      done.length = 0
      await server.respond(final)
      work.push(done)
    }
    expect(work[1]).toEqual(work[0])
  })

  test('SCR-08: an account without keys of the hash is as good as unknown (XEP-0480 §3)', async () => {
    const credentials = account({}, { scramKeys: (_, hash) => (hash === 'SHA-1' ? fake('x') : undefined) })
    const step = await first('SCRAM-SHA-256', 'n,,n=user,r=abc', plain, { credentials })
    expect(step.kind).toBe('challenge')
  })
})

describe('SCR-01, SCR-04: what a server refuses at once (RFC 5802 §6)', () => {
  test.each([
    ['a flag that RFC 5802 does not know', 'SCRAM-SHA-1', 'x,,n=user,r=abc', plain, 'malformed-request'],
    ['a mandatory extension', 'SCRAM-SHA-1', 'n,,m=x,n=user,r=abc', plain, 'malformed-request'],
    ['p without -PLUS', 'SCRAM-SHA-1', 'p=tls-exporter,,n=user,r=abc', bound, 'malformed-request'],
    ['n with -PLUS', 'SCRAM-SHA-1-PLUS', 'n,,n=user,r=abc', bound, 'malformed-request'],
    ['y with -PLUS', 'SCRAM-SHA-1-PLUS', 'y,,n=user,r=abc', bound, 'malformed-request'],
    ['y where -PLUS was offered', 'SCRAM-SHA-1', 'y,,n=user,r=abc', bound, 'not-authorized'],
    ['a type the connection cannot do', 'SCRAM-SHA-1-PLUS', 'p=tls-unique,,n=user,r=abc', bound, 'not-authorized'],
    ['a name nobody can have', 'SCRAM-SHA-1', 'n,,n=us\u0007er,r=abc', plain, 'not-authorized'],
    ['a full address to act as', 'SCRAM-SHA-1', 'n,a=user@a.test/r,n=user,r=abc', plain, 'invalid-authzid'],
  ])('%s', async (_, name, message, offer, condition) => {
    expect(await first(name, message, offer)).toEqual(refusedAs(condition))
  })

  test.each([
    ['y where no -PLUS was offered', 'SCRAM-SHA-1', 'y,,n=user,r=abc', plain],
    ['n where -PLUS was offered', 'SCRAM-SHA-1', 'n,,n=user,r=abc', bound],
    ['unknown optional extensions', 'SCRAM-SHA-1', 'n,,n=user,r=abc,x=1', plain],
    ['a name in another case', 'SCRAM-SHA-1', 'n,,n=USER,r=abc', plain],
  ])('but not %s', async (_, name, message, offer) => {
    expect(await first(name, message, offer)).toHaveProperty('kind', 'challenge')
  })
})

/**
 * Sends a last message that is what a test says and properly proven by one who knows the password, so that
 * nothing but the rule in question can refuse it.
 */
async function playFinal(withoutProof: string, bare = 'n=user,r=abc'): Promise<ServerStep> {
  const nonces = { ...node, nonce: () => 'def' }
  const server = await serverOf('SCRAM-SHA-1', plain, { downgradeProtection: false }, nonces)
  await server.respond(bytes(`n,,${bare}`))
  const salted = await node.pbkdf2('SHA-1', 'pencil', salt, 2)
  const clientKey = await node.hmac('SHA-1', salted, 'Client Key')
  const authMessage = `${bare},r=abcdef,s=${encodeBase64(salt)},i=2,${withoutProof}`
  const signature = await node.hmac('SHA-1', await node.hash('SHA-1', clientKey), authMessage)
  const proof = encodeBase64(clientKey.map((byte, at) => byte ^ signature[at]!))
  return server.respond(bytes(`${withoutProof},p=${proof}`))
}

test.each([
  ['as it should be', 'c=biws,r=abcdef', undefined],
  [
    'with unknown extensions, included in the AuthMessage verbatim',
    'c=biws,r=abcdef,x=1,y=a=b',
    'n=user,r=abc,z=1,w=a=b',
  ],
])('SCR-01: client-final %s lets in (RFC 5802 §5.1)', async (_, withoutProof, bare) => {
  expect(await playFinal(withoutProof, bare)).toHaveProperty('kind', 'success')
})

test.each([
  ['SCR-02: another nonce', 'not-authorized', 'c=biws,r=abcdeg'],
  ['SCR-02: the client’s part of the nonce alone', 'not-authorized', 'c=biws,r=abc'],
  ['SCR-02: a longer nonce', 'not-authorized', 'c=biws,r=abcdefg'],
  ['SCR-03: the GS2 header of another flag in c=', 'not-authorized', 'c=eSws,r=abcdef'],
  ['SCR-03: binding data nobody asked for in c=', 'not-authorized', 'c=biwsYWJj,r=abcdef'],
  ['SCR-03: the right c= with pad bits', 'not-authorized', 'c=biws=,r=abcdef'],
  ['SCR-03: c= that is no base64', 'not-authorized', 'c=biw,r=abcdef'],
  ['SCR-03: no c=', 'malformed-request', 'r=abcdef'],
  ['SCR-01: a mandatory extension', 'malformed-request', 'c=biws,r=abcdef,m=1'],
])('%s in client-final fails, however well proven (RFC 5802 §5.1)', async (_, condition, withoutProof) => {
  expect(await playFinal(withoutProof)).toEqual(refusedAs(condition))
})

test.each([
  ['of another length', 'malformed-request', 'p=AAEC'],
  ['of the right length', 'not-authorized', 'p=AAECAwQFBgcICQoLDA0ODxAREhM='],
])('a wrong proof %s fails (RFC 5802 §5.1)', async (_, condition, proof) => {
  const server = await serverOf('SCRAM-SHA-1', plain, {}, { ...node, nonce: () => 'def' })
  await server.respond(bytes('n,,n=user,r=abc'))
  expect(await server.respond(bytes(`c=biws,r=abcdef,${proof}`))).toEqual(refusedAs(condition))
})

test('SASL-06: the identity to act as is carried, covered by the proof and asked about', async () => {
  const credentials = { username: 'user', password: 'pencil' }
  for (const [authzid, step] of [
    ['user@a.test', { kind: 'success', authzid: 'user@a.test' }],
    ['other@a.test', { kind: 'failure', condition: 'invalid-authzid' }],
  ] as const) {
    const client = clientOf('SCRAM-SHA-1', plain, { credentials: { ...credentials, authzid } })
    expect(await play(client, await serverOf('SCRAM-SHA-1', plain))).toMatchObject(step)
  }
})

test.each([
  [
    'CB-05: XEP-0474 §6.3',
    undefined,
    '',
    ',x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=',
    'MQrMPvv7yv4x4Cq4W4Ih25EqS2c=',
  ],
  ['CB-06: XEP-0515 §4.3', '0304', ',t=0304', ',p=KHUfN8dSy1K95crT4D5y1ItLJfs=', '3w34ZIMVRkx2f2Ozb3/ecRPVdv4='],
])('%s: the example is told and accepted as printed', async (_, tlsVersion, attribute, end, verifier) => {
  const nonces = ['12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6', 'a09117a6-ac50-4f2f-93f1-93799c2bddf6'] as const
  const keys = await deriveScramKeys('pencil', 'SHA-1', decodeBase64Strict('QSXCR+Q6sek8bf92'), 4096)
  const context = contextOf({
    credentials: account({ user: keys }),
    offeredMechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'],
    offeredBindingTypes: ['tls-server-end-point', 'tls-exporter'],
    plusOffered: true,
    channelBindings: [{ type: 'tls-exporter', data: bytes('THIS IS FAKE CB DATA') }],
    tlsVersion,
  })
  const server = serverMechanism('SCRAM-SHA-1-PLUS', context, { ...node, nonce: () => nonces[1] })!
  expect(await server.respond(bytes(`p=tls-exporter,,n=user,r=${nonces[0]}`))).toEqual({
    kind: 'challenge',
    data: bytes(`r=${nonces.join('')},s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=${attribute}`),
  })
  const final = `c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r=${nonces.join('')}${end}`
  expect(await server.respond(bytes(final))).toMatchObject({ kind: 'success', data: bytes(`v=${verifier}`) })
})
