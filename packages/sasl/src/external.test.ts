// EXTERNAL and ANONYMOUS: the two mechanisms in which the client says next to nothing.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certificateIdentity } from './external.ts'
import { account, bytes, contextOf, play } from './fixture.ts'
import type { Credentials } from './mechanism.ts'
import { clientMechanism } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const local = (address: string) => address.endsWith('@a.test')
const juliet = 'juliet@a.test'
const romeo = 'romeo@a.test'
const foreign = 'juliet@b.test'

describe('EXT-01: whom a certificate proves (XEP-0178 §2)', () => {
  test.each([
    ['one address and no wish', [juliet], undefined, undefined, juliet],
    ['one address that is wished for', [juliet], juliet, undefined, juliet],
    ['one of several that is wished for', [juliet, romeo], romeo, undefined, romeo],
    ['the same address twice', [juliet, juliet], undefined, undefined, juliet],
    ['a local address beside a foreign one', [foreign, juliet], undefined, undefined, juliet],
    ['no address but a local mapping', [], undefined, juliet, juliet],
    ['no address, a mapping and the same wish', [], juliet, juliet, juliet],
  ])('%s', (_, addresses, authzid, mapped, expected) => {
    expect(certificateIdentity(addresses, authzid, { local, mapped })).toBe(expected)
  })

  test.each([
    ['several addresses and no wish', [juliet, romeo], undefined, undefined, 'invalid-authzid'],
    ['a wish for another', [juliet], romeo, undefined, 'invalid-authzid'],
    ['no address and no mapping', [], juliet, undefined, 'not-authorized'],
    ['a mapping to another than wished for', [], romeo, juliet, 'invalid-authzid'],
    ['a foreign address', [foreign], undefined, undefined, 'not-authorized'],
    ['a foreign address that is wished for', [foreign], foreign, undefined, 'not-authorized'],
    ['a foreign address despite a mapping', [foreign], undefined, juliet, 'not-authorized'],
    ['a foreign address wished for beside a local one', [foreign, juliet], foreign, undefined, 'invalid-authzid'],
  ])('not %s', (_, addresses, authzid, mapped, condition) => {
    const choose = () => certificateIdentity(addresses, authzid, { local, mapped })
    expect(choose).toThrow(expect.objectContaining({ name: 'SaslError', condition }))
  })
})

describe('EXTERNAL between both ends', () => {
  const certified: Partial<Credentials> = {
    external: authzid => certificateIdentity([juliet], authzid, { local }).slice(0, 6),
  }
  const serverOf = (more = certified) =>
    serverMechanism('EXTERNAL', contextOf({ offeredMechanisms: ['EXTERNAL'], credentials: account({}, more) }))!
  const clientOf = (authzid?: string) =>
    clientMechanism('EXTERNAL', { offered: ['EXTERNAL'], secure: true, credentials: { external: true, authzid } })

  test('EXT-01: an empty response is enough for one address (XEP-0178 §2)', async () => {
    const client = clientOf()
    expect(await client.initial()).toHaveLength(0)
    const success = { kind: 'success', username: 'juliet', authzid: undefined, data: undefined }
    expect(await play(client, serverOf())).toEqual(success)
  })

  test('SASL-03: a missing initial response is asked for, and may then be empty (RFC 6120 §6.4.2)', async () => {
    const server = serverOf()
    expect(await server.respond(undefined)).toEqual({ kind: 'challenge', data: bytes('') })
    expect(await server.respond(bytes(''))).toHaveProperty('kind', 'success')
  })

  test('SASL-06: the identity to act as is asked about', async () => {
    expect(await play(clientOf(juliet), serverOf())).toMatchObject({ kind: 'success', authzid: juliet })
    expect(await play(clientOf(romeo), serverOf())).toHaveProperty('condition', 'invalid-authzid')
    expect(await play(clientOf(`${juliet}/x`), serverOf())).toHaveProperty('condition', 'invalid-authzid')
    const nobody = { external: () => undefined }
    expect(await play(clientOf(juliet), serverOf(nobody))).toHaveProperty('condition', 'invalid-authzid')
    expect(await play(clientOf(), serverOf(nobody))).toHaveProperty('condition', 'not-authorized')
  })

  test('SASL-02: any other bytes are a failure (RFC 6120 §6.5.8)', async () => {
    expect(await serverOf().respond(bytes('a\0b'))).toHaveProperty('condition', 'malformed-request')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async data => {
        expect(await serverOf().respond(data)).toHaveProperty('kind', 'failure')
      }),
    )
  })
})

describe('ANONYMOUS (RFC 4505)', () => {
  const credentials = account({}, { anonymous: () => 'somebody' })
  const serverOf = () => serverMechanism('ANONYMOUS', contextOf({ offeredMechanisms: ['ANONYMOUS'], credentials }))!

  test('gives a name of the server’s choice and forgets what the client said', async () => {
    const client = clientMechanism('ANONYMOUS', {
      offered: ['ANONYMOUS'],
      secure: true,
      credentials: { anonymous: true },
    })
    const success = { kind: 'success', username: 'somebody', authzid: undefined, data: undefined }
    expect(await play(client, serverOf())).toEqual(success)
    expect(await serverOf().respond(bytes('juliet@a.test'))).toEqual(success)
    expect(await serverOf().respond(bytes('🎭'.repeat(255)))).toEqual(success)
  })

  test.each([
    ['256 characters', bytes('a'.repeat(256))],
    ['bytes that are no UTF-8', new Uint8Array([0xff])],
  ])('SASL-02: %s of trace data are malformed-request (RFC 6120 §6.5.8)', async (_, data) => {
    expect(await serverOf().respond(data)).toHaveProperty('condition', 'malformed-request')
  })
})
