// SCRAM between our two ends and against the vectors of the RFCs, on both platform files.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64Strict, encodeBase64 } from './base64.ts'
import type { SaslCrypto } from './crypto.ts'
import { account, bindings, bytes, contextOf, play, playTampered, text } from './fixture.ts'
import type { ScramCache, ServerContext, ServerStep } from './mechanism.ts'
import { SCRAM_HASHES, scramName } from './names.ts'
import { platform as node } from './platform/node.ts'
import { platform as web } from './platform/web.ts'
import { preparePassword, prepareUsername } from './prepare.ts'
import { deriveScramKeys, fakeScramKeys, verifyPasswordAgainst } from './scram-keys.ts'
import { clientMechanism, type SelectOptions } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const platforms = [
  ['node', node],
  ['web', web],
] as const

const salt = bytes('sixteen salt byt')
const plain = { offered: ['SCRAM-SHA-256', 'SCRAM-SHA-1'], bindingTypesOffered: undefined }
const bound = {
  offered: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
  bindingTypesOffered: ['tls-exporter', 'tls-server-end-point'],
}
type Offered = Pick<SelectOptions, 'offered' | 'bindingTypesOffered'>

/** A client who is `user` with the password `pencil`, quick to derive. */
function clientOf(name: string, offer: Offered, more: Partial<SelectOptions> = {}) {
  return clientMechanism(name, {
    ...offer,
    secure: true,
    profile: 'sasl2',
    credentials: { username: 'user', password: 'pencil' },
    minIterations: 1,
    ...more,
  })
}

/** A server that knows `user` with the password `pencil`. */
async function serverOf(name: string, offer: Offered, more: Partial<ServerContext> = {}, crypto: SaslCrypto = node) {
  const keys = await deriveScramKeys('pencil', scramName(name)!.hash, salt, 2)
  const context = contextOf({
    offeredMechanisms: offer.offered,
    offeredBindingTypes: offer.bindingTypesOffered,
    plusOffered: offer.offered.some(offered => offered.endsWith('-PLUS')),
    channelBindings: offer.bindingTypesOffered === undefined ? [] : bindings,
    credentials: account({ user: keys }, { iterations: 2 }),
    ...more,
  })
  return serverMechanism(name, context, crypto)!
}

/** Sends one client-first to a server and returns what it says. */
async function first(name: string, message: string, offer: Offered = plain, more: Partial<ServerContext> = {}) {
  return (await serverOf(name, offer, more)).respond(bytes(message))
}

const refusedAs = (condition: string) => expect.objectContaining({ kind: 'failure', condition })
const doubt = (condition: string) => expect.objectContaining({ name: 'SaslError', condition })

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

/** Plays an exchange in which the client's last message is rewritten, and properly proven, by `change`. */
async function playFinal(change: (message: string) => string): Promise<ServerStep> {
  const server = await serverOf('SCRAM-SHA-1', plain)
  return playTampered(clientOf('SCRAM-SHA-1', plain), server, (data, at) =>
    at === 2 ? bytes(change(text(data))) : data,
  )
}

test.each([
  ['SCR-02: another nonce', 'not-authorized', (message: string) => message.replace(/,r=./, ',r=?')],
  [
    'SCR-02: the client’s part of the nonce alone',
    'not-authorized',
    (m: string) => m.replace(/,r=.{24}[^,]+/, ',r=abc'),
  ],
  ['SCR-03: another GS2 header in c=', 'not-authorized', (message: string) => message.replace('c=biws', 'c=eSws')],
  ['SCR-03: c= that is no base64', 'not-authorized', (message: string) => message.replace('c=biws', 'c=biw')],
  ['SCR-03: no c=', 'malformed-request', (message: string) => message.replace('c=biws,', '')],
  ['a proof of another length', 'malformed-request', (message: string) => message.replace(/p=.*/, 'p=AAEC')],
  ['no proof', 'malformed-request', (message: string) => message.replace(/,p=.*/, '')],
  ['an extension the proof does not cover', 'not-authorized', (message: string) => message.replace(',p=', ',x=1,p=')],
])('%s in client-final fails (RFC 5802 §5.1)', async (_, condition, change) => {
  expect(await playFinal(change)).toEqual(refusedAs(condition))
})

test('SCR-01: unknown extensions are ignored and included in the AuthMessage verbatim (RFC 5802 §5.1)', async () => {
  const nonces = { ...node, nonce: () => 'abc' }
  const server = await serverOf('SCRAM-SHA-1', plain, { downgradeProtection: false }, nonces)
  await server.respond(bytes('n,,n=user,r=abc,x=1,z=a=b'))
  const salted = await node.pbkdf2('SHA-1', 'pencil', salt, 2)
  const clientKey = await node.hmac('SHA-1', salted, 'Client Key')
  const message = `n=user,r=abc,x=1,z=a=b,r=abcabc,s=${encodeBase64(salt)},i=2,c=biws,r=abcabc,y=2`
  const signature = await node.hmac('SHA-1', await node.hash('SHA-1', clientKey), message)
  const proof = encodeBase64(clientKey.map((byte, at) => byte ^ signature[at]!))
  expect(await server.respond(bytes(`c=biws,r=abcabc,y=2,p=${proof}`))).toHaveProperty('kind', 'success')
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

test('CB-05: another binding at the other end fails: somebody ends TLS in between (RFC 5802 §6)', async () => {
  const name = 'SCRAM-SHA-256-PLUS'
  const elsewhere = [{ type: 'tls-exporter', data: bytes('exported elsewhere') }] as const
  const client = clientOf(name, bound, { channelBindings: elsewhere })
  expect(await play(client, await serverOf(name, bound))).toEqual(refusedAs('not-authorized'))
})

describe('the client', () => {
  const start = () => {
    const client = clientOf('SCRAM-SHA-1', plain, { crypto: { ...node, nonce: () => 'abc' } })
    void client.initial()
    return client
  }
  const challenge = async (message: string, more: Partial<SelectOptions> = {}) => {
    const client = clientOf('SCRAM-SHA-1', plain, { crypto: { ...node, nonce: () => 'abc' }, ...more })
    await client.initial()
    return client.challenge(bytes(message))
  }

  test.each([
    ['SCR-02: a nonce that is not ours', 'r=xyz123,s=AAEC,i=4096', {}, 'not-authorized'],
    ['SCR-02: our nonce with nothing added', 'r=abc,s=AAEC,i=4096', {}, 'not-authorized'],
    ['SCR-06: too few iterations', 'r=abcd,s=AAEC,i=4095', { minIterations: 4096 }, 'mechanism-too-weak'],
    ['SCR-06: absurdly many iterations', 'r=abcd,s=AAEC,i=2000001', {}, 'not-authorized'],
    ['SCR-06: more iterations than its own bound', 'r=abcd,s=AAEC,i=11', { maxIterations: 10 }, 'not-authorized'],
    ['SCR-01: a mandatory extension', 'm=x,r=abcd,s=AAEC,i=4096', {}, 'malformed-request'],
    ['CB-05: a hash of another offer', 'r=abcd,s=AAEC,i=2,h=AAEC', {}, 'not-authorized'],
  ])('refuses %s', async (_, message, more, condition) => {
    await expect(challenge(message, more)).rejects.toEqual(doubt(condition))
  })

  test.each([['4096 by default', 4096]])('SCR-06: takes %s', async (_, iterations) => {
    const client = clientMechanism('SCRAM-SHA-1', {
      offered: ['SCRAM-SHA-1'],
      secure: true,
      credentials: { username: 'user', password: 'pencil' },
      crypto: { ...node, nonce: () => 'abc' },
    })
    await client.initial()
    expect(text(await client.challenge(bytes(`r=abcd,s=AAEC,i=${iterations}`)))).toMatch(/^c=biws,r=abcd,p=/)
  })

  test.each([
    ['nothing', undefined],
    ['empty data', ''],
    ['a wrong verifier', 'v=AAECAwQFBgcICQoLDA0ODxAREhM='],
    ['half a verifier', 'v=AAEC'],
    ['an error', 'e=other-error'],
  ])('SCR-05: does not believe a success with %s (RFC 5802 §5)', async (_, data) => {
    const client = start()
    await client.challenge(bytes('r=abcd,s=AAEC,i=4096'))
    expect(() => client.success(data === undefined ? undefined : bytes(data))).toThrow(doubt('not-authorized'))
  })

  test.each([[undefined], ['v=AAECAwQFBgcICQoLDA0ODxAREhM=']])(
    'SCR-05: does not believe a success that comes before any challenge (%s)',
    data => {
      const client = start()
      expect(() => client.success(data === undefined ? undefined : bytes(data))).toThrow(doubt('not-authorized'))
    },
  )

  test('SCR-05: takes a verifier that comes as a challenge, and then a success without data', async () => {
    const client = clientOf('SCRAM-SHA-1', plain)
    const server = await serverOf('SCRAM-SHA-1', plain)
    const challenge = (await server.respond(client.initial() as Uint8Array)) as { data: Uint8Array }
    const success = (await server.respond(await client.challenge(challenge.data))) as { data: Uint8Array }
    expect(await client.challenge(success.data)).toHaveLength(0)
    await client.success(undefined)
    expect(() => client.challenge(success.data)).toThrow(doubt('malformed-request'))
  })

  test('SCR-06: derives once for an account, and again after its keys were refused', async () => {
    let derived = 0
    const crypto: SaslCrypto = { ...node, pbkdf2: (...input) => (derived++, node.pbkdf2(...input)) }
    const scramCache: ScramCache = {}
    const login = async (password: string) => {
      const client = clientOf('SCRAM-SHA-1', plain, { crypto, credentials: { username: 'user', password, scramCache } })
      return play(client, await serverOf('SCRAM-SHA-1', plain))
    }
    expect((await login('wrong')).kind).toBe('failure')
    expect(scramCache.entry).toBeUndefined()
    expect((await login('pencil')).kind).toBe('success')
    expect((await login('pencil')).kind).toBe('success')
    expect(derived).toBe(2)
    // Keys of another salt do not serve.
    scramCache.entry = { ...scramCache.entry!, salt: bytes('another salt byt') }
    expect((await login('pencil')).kind).toBe('success')
    expect(derived).toBe(3)
    // Keys of an old password are tried once.
    scramCache.entry = { ...scramCache.entry, clientKey: bytes('twenty bytes exactly') }
    expect((await login('pencil')).kind).toBe('failure')
    expect((await login('pencil')).kind).toBe('success')
  })
})

describe('CB-06: the TLS version in server-first (XEP-0515 §4)', () => {
  const name = 'SCRAM-SHA-1'

  test('is told together with h=, never alone (XEP-0515 §5)', async () => {
    const told = await first(name, 'n,,n=user,r=abc', plain, { tlsVersion: '0304' })
    expect(told.kind === 'challenge' && text(told.data)).toMatch(/,i=2,h=[^,]+,t=0304$/)
    const silent = await first(name, 'n,,n=user,r=abc', plain, { tlsVersion: '0304', downgradeProtection: false })
    expect(silent.kind === 'challenge' && text(silent.data)).toMatch(/,i=2$/)
  })

  test.each([
    ['the same', '0304', '0304', true],
    ['another', '0303', '0304', false],
    ['one the client cannot know', '0304', undefined, true],
    ['none told', undefined, '0304', true],
  ])('%s version', async (_, serverSees, tlsVersion, agrees) => {
    const server = await serverOf(name, plain, { tlsVersion: serverSees })
    const played = play(clientOf(name, plain, { tlsVersion }), server)
    if (agrees) expect(await played).toHaveProperty('kind', 'success')
    else await expect(played).rejects.toEqual(doubt('not-authorized'))
  })
})

describe('CB-05: the offer in server-first (XEP-0474 §6)', () => {
  test.each([
    ['a mechanism is missing', { ...bound, offered: bound.offered.slice(1) }],
    ['a mechanism was added', { ...bound, offered: [...bound.offered, 'PLAIN'] }],
    ['a binding type is missing', { ...bound, bindingTypesOffered: ['tls-server-end-point'] }],
    ['a binding type was added', { ...bound, bindingTypesOffered: [...bound.bindingTypesOffered, 'x'] }],
  ])('the client fails when %s', async (_, seen) => {
    const client = clientOf('SCRAM-SHA-1-PLUS', seen, { channelBindings: bindings })
    await expect(play(client, await serverOf('SCRAM-SHA-1-PLUS', bound))).rejects.toEqual(doubt('not-authorized'))
  })

  test('the order of the lists does not matter', async () => {
    const seen = { offered: bound.offered.toReversed(), bindingTypesOffered: bound.bindingTypesOffered.toReversed() }
    const client = clientOf('SCRAM-SHA-1-PLUS', seen, { channelBindings: bindings })
    expect(await play(client, await serverOf('SCRAM-SHA-1-PLUS', bound))).toHaveProperty('kind', 'success')
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
