// The client's side of SCRAM: what it doubts, and what it remembers.
import { describe, expect, test } from 'vitest'
import type { SaslCrypto } from './crypto.ts'
import { bindings, bytes, play, text } from './fixture.ts'
import type { ScramCache } from './mechanism.ts'
import { platform as node } from './platform/node.ts'
import { bound, clientOf, doubt, first, plain, refusedAs, serverOf } from './scram-fixture.ts'
import { clientMechanism, type SelectOptions } from './select.ts'

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
    // Keys of an old password are tried once.
    scramCache.entry = { ...scramCache.entry!, clientKey: bytes('twenty bytes exactly') }
    expect((await login('pencil')).kind).toBe('failure')
    expect((await login('pencil')).kind).toBe('success')
  })
})

test.each([
  ['another user', { username: 'other' }],
  ['another hash', { hash: 'SHA-256' as const }],
  ['another salt', { salt: bytes('another salt byt') }],
  ['another count', { iterations: 3 }],
])('SCR-06: keys that were derived for %s do not serve', async (_, other) => {
  const scramCache: ScramCache = {}
  const credentials = { username: 'user', password: 'pencil', scramCache }
  const login = async () => play(clientOf('SCRAM-SHA-1', plain, { credentials }), await serverOf('SCRAM-SHA-1', plain))
  await login()
  const twenty = new Uint8Array(20)
  scramCache.entry = { ...scramCache.entry!, ...other, clientKey: twenty, serverKey: twenty }
  expect(await login()).toHaveProperty('kind', 'success')
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
