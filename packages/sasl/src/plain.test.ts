// PLAIN (RFC 4616) between our two ends, and what the server makes of everything else.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SaslError } from './error.ts'
import { account, bytes, contextOf, play } from './fixture.ts'
import type { Credentials, ServerContext } from './mechanism.ts'
import { parsePlain } from './plain.ts'
import { preparePassword } from './prepare.ts'
import { clientMechanism } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const credentials = account(
  {},
  { verifyPassword: (username, password) => username === 'juliet' && password === 'ro meo' },
)

function server(more: Partial<ServerContext> = {}) {
  return serverMechanism('PLAIN', contextOf({ offeredMechanisms: ['PLAIN'], credentials, ...more }))!
}

function client(username: string, password: string, authzid?: string) {
  return clientMechanism('PLAIN', { offered: ['PLAIN'], secure: true, credentials: { username, password, authzid } })
}

test('SASL-09: a right password lets in, and PLAIN answers at once', async () => {
  const success = { kind: 'success', username: 'juliet', authzid: undefined, data: undefined }
  expect(server().respond(bytes('\0juliet\0ro meo'))).toEqual(success)
  expect(await play(client('juliet', 'ro meo'), server())).toEqual(success)
})

test('SASL-09: name and password are prepared on both sides (RFC 8265 §3.3, §4.2)', async () => {
  const success: unknown = expect.objectContaining({ kind: 'success', username: 'juliet' })
  expect(await play(client('JULIET', 'ro\u00a0meo'), server())).toEqual(success)
  expect(server().respond(bytes('\0JuLiEt\0ro\u2003meo'))).toEqual(success)
})

test.each([
  ['nothing', ''],
  ['no NUL', 'juliet'],
  ['one NUL', 'juliet\0romeo'],
  ['three NULs', '\0juliet\0ro\0meo'],
  ['a trailing NUL', '\0juliet\0romeo\0'],
  ['no user name', '\0\0romeo'],
  ['no password', '\0juliet\0'],
])('SASL-09: a message with %s is malformed-request (RFC 4616 §2)', (_, text) => {
  expect(server().respond(bytes(text))).toMatchObject({ kind: 'failure', condition: 'malformed-request' })
})

test('SASL-02: a message that is not UTF-8 is malformed-request (RFC 6120 §6.5.8)', () => {
  expect(server().respond(new Uint8Array([0, 0xff, 0, 0xff]))).toMatchObject({ condition: 'malformed-request' })
})

test.each([
  ['an unknown user', '\0nobody\0ro meo'],
  ['a wrong password', '\0juliet\0wrong'],
])('SASL-05: %s fails alike (RFC 6120 §6.5.10)', (_, text) => {
  expect(server().respond(bytes(text))).toEqual({ kind: 'failure', condition: 'not-authorized' })
})

test.each([
  ['a name', '\0ju\u0007liet\0romeo'],
  ['a password', '\0juliet\0ro\u0007meo'],
  ['a name of 1024 bytes', `\0${'é'.repeat(512)}\0romeo`],
])('SASL-09: %s that cannot be prepared is nobody’s (RFC 8265)', (_, text) => {
  const trusting = account({}, { verifyPassword: () => true })
  const step = server({ credentials: trusting }).respond(bytes(text))
  expect(step).toMatchObject({ kind: 'failure', condition: 'not-authorized' })
})

describe('SASL-06: the identity to act as (RFC 6120 §6.3.8)', () => {
  test('one’s own bare address is accepted', () => {
    const step = server().respond(bytes('juliet@a.test\0juliet\0ro meo'))
    expect(step).toMatchObject({ kind: 'success', username: 'juliet', authzid: 'juliet@a.test' })
  })

  test.each([
    ['SASL-06: a full address', 'juliet@a.test/balcony'],
    ['SEC-01: another account', 'romeo@a.test'],
    ['SEC-01: another domain', 'juliet@b.test'],
  ])('%s is invalid-authzid', (_, authzid) => {
    const step = server().respond(bytes(`${authzid}\0juliet\0ro meo`))
    expect(step).toMatchObject({ kind: 'failure', condition: 'invalid-authzid' })
  })

  test('SEC-01: whether an identity is allowed is told to those only who have the password', () => {
    const step = server().respond(bytes('romeo@a.test\0juliet\0wrong'))
    expect(step).toEqual({ kind: 'failure', condition: 'not-authorized' })
  })

  test('an administrator may act as another where the server allows it, and both names are told apart', async () => {
    const allowed = server({ allowAuthzid: async username => username === 'juliet' })
    expect(await allowed.respond(bytes('romeo@a.test\0juliet\0ro meo'))).toMatchObject({
      username: 'juliet',
      authzid: 'romeo@a.test',
    })
  })
})

test('any bytes are read or refused with SaslError, and what is read says what was sent', () => {
  const part = fc.uint8Array({ maxLength: 20 })
  const nul = new Uint8Array(1)
  const message = fc.array(part).map(parts => new Uint8Array(parts.flatMap(item => [...item, ...nul])))
  fc.assert(
    fc.property(fc.oneof(part, message), data => {
      try {
        const { authzid = '', username, password } = parsePlain(data)
        expect(bytes([authzid, username, password].join('\0'))).toEqual(data)
      } catch (error) {
        expect(error).toBeInstanceOf(SaslError)
      }
      expect(server().respond(data)).toHaveProperty('kind')
    }),
    { numRuns: 1000 },
  )
})

test('any password arrives as it was prepared', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async password => {
      let prepared: string
      try {
        prepared = preparePassword(password)
      } catch {
        return
      }
      const seen: string[] = []
      const watching: Credentials = { ...credentials, verifyPassword: (_, given) => seen.push(given) > 0 }
      expect(await play(client('juliet', password), server({ credentials: watching }))).toHaveProperty(
        'kind',
        'success',
      )
      expect(seen).toEqual([prepared])
    }),
  )
})
