// OAUTHBEARER (RFC 7628): its grammar, its odd way to fail, and both ends together.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SaslError } from './error.ts'
import { account, bytes, contextOf, play, text } from './fixture.ts'
import type { BearerOrigin, ServerContext } from './mechanism.ts'
import { parseBearer } from './oauthbearer.ts'
import { clientMechanism } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=='
const credentials = account({}, { bearer: token => (token === TOKEN ? 'user' : undefined) })

function serverOf(more: Partial<ServerContext> = {}) {
  return serverMechanism('OAUTHBEARER', contextOf({ offeredMechanisms: ['OAUTHBEARER'], credentials, ...more }))!
}

function clientOf(token: string, authzid?: string) {
  const credentials = { bearer: { token, host: 'server.example.com', port: 143 }, authzid }
  return clientMechanism('OAUTHBEARER', { offered: ['OAUTHBEARER'], secure: true, credentials })
}

test('the client writes the message of RFC 7628 §4.1', async () => {
  expect(text((await clientOf(TOKEN, 'user@example.com').initial())!)).toBe(
    `n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer ${TOKEN}\x01\x01`,
  )
})

test('a good token lets in, and the server learns where the client thinks it is (RFC 7628 §3.2)', async () => {
  const seen: BearerOrigin[] = []
  const watching = account({}, { bearer: (_, __, origin) => (seen.push(origin), 'user') })
  const step = await play(clientOf(TOKEN, 'user@a.test'), serverOf({ credentials: watching }))
  expect(step).toMatchObject({ kind: 'success', username: 'user', authzid: 'user@a.test' })
  expect(seen).toEqual([{ host: 'server.example.com', port: '143' }])
})

test('SEC-01: a good token does not open another account', async () => {
  expect(await play(clientOf(TOKEN, 'other@a.test'), serverOf())).toHaveProperty('condition', 'invalid-authzid')
})

test.each([
  ['a token that nobody has', 'n,,\x01auth=Bearer wrong\x01\x01'],
  ['a question for what is needed (RFC 7628 §4.3)', 'n,a=user@example.com,\x01host=h\x01port=143\x01auth=\x01\x01'],
])(
  '%s is answered with an error first, and fails whatever the client says then (RFC 7628 §3.2.3)',
  async (_, message) => {
    const oauth = { scope: 'example_scope', openidConfiguration: 'https://example.com/.well-known/openid-config' }
    for (const answer of ['\x01', '', `n,,\x01auth=Bearer ${TOKEN}\x01\x01`]) {
      const server = serverOf({ oauth })
      const step = await server.respond(bytes(message))
      expect(step.kind === 'challenge' && JSON.parse(text(step.data))).toEqual({
        status: 'invalid_token',
        scope: 'example_scope',
        'openid-configuration': 'https://example.com/.well-known/openid-config',
      })
      expect(await server.respond(bytes(answer))).toEqual({ kind: 'failure', condition: 'not-authorized' })
    }
  },
)

test('the client acknowledges an error with one separator, and believes no success after it', async () => {
  const client = clientOf('wrong')
  expect(await play(client, serverOf())).toEqual({ kind: 'failure', condition: 'not-authorized' })
  expect(await client.challenge(bytes('{}'))).toEqual(bytes('\x01'))
  expect(() => client.success(undefined)).toThrow(SaslError)
})

test.each([
  ['the scheme in any case', `n,,\x01auth=bEaReR ${TOKEN}\x01\x01`, { token: TOKEN, authzid: undefined }],
  [
    'unknown keys',
    'n,,\x01user=x\x01auth=Bearer a\x01\x01',
    { token: 'a', origin: { host: undefined, port: undefined } },
  ],
  ['a name with =2C', 'y,a=a=2Cb,\x01auth=Bearer a\x01\x01', { authzid: 'a,b' }],
])('%s is read (RFC 7628 §3.1)', (_, message, expected) => expect(parseBearer(bytes(message))).toMatchObject(expected))

test.each([
  ['nothing', ''],
  ['a separator alone, which answers an error only', '\x01'],
  ['no GS2 header', 'auth=Bearer a\x01\x01'],
  ['channel binding', 'p=tls-exporter,,\x01auth=Bearer a\x01\x01'],
  ['no end', 'n,,\x01auth=Bearer a\x01'],
  ['something after the end', 'n,,\x01auth=Bearer a\x01\x01x'],
  ['an empty pair inside', 'n,,\x01\x01auth=Bearer a\x01\x01'],
  ['no auth', 'n,,\x01host=a\x01\x01'],
  ['two auths', 'n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01'],
  ['another scheme', 'n,,\x01auth=Basic YTpi\x01\x01'],
  ['a token with a blank', 'n,,\x01auth=Bearer a b\x01\x01'],
  ['a scheme without token', 'n,,\x01auth=Bearer \x01\x01'],
  ['a key with a digit', 'n,,\x01k1=a\x01auth=Bearer a\x01\x01'],
  ['a control character', 'n,,\x01k=\x02\x01auth=Bearer a\x01\x01'],
])('a message with %s is malformed-request (RFC 7628 §3.1)', async (_, message) => {
  expect(await serverOf().respond(bytes(message))).toMatchObject({ kind: 'failure', condition: 'malformed-request' })
})

test('any bytes are read or refused with SaslError', () => {
  const near = fc
    .array(fc.constantFrom('n,,', 'a=', '\x01', 'auth=', 'Bearer ', 'x', '=', ',', 'host='))
    .map(parts => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), near.map(bytes)), data => {
      try {
        parseBearer(data)
      } catch (error) {
        expect(error).toBeInstanceOf(SaslError)
      }
    }),
    { numRuns: 3000 },
  )
})
