// What holds for every mechanism on the server.
import { describe, expect, test } from 'vitest'
import { SaslError } from './error.ts'
import { account, bindings, bytes, contextOf } from './fixture.ts'
import type { Credentials, ServerContext, ServerStep } from './mechanism.ts'
import { MECHANISMS } from './names.ts'
import { serverMechanism } from './server-mechanism.ts'

const all: Partial<Credentials> = { bearer: () => 'user', external: () => 'user', anonymous: () => 'user' }
const message = bytes('\0user\0pencil')

function plain(verifyPassword: NonNullable<Credentials['verifyPassword']>, more: Partial<ServerContext> = {}) {
  const credentials = account({}, { verifyPassword })
  return serverMechanism('PLAIN', contextOf({ offeredMechanisms: ['PLAIN'], credentials, ...more }))!
}

describe('SASL-02: a mechanism that is not there (RFC 6120 §6.5.7)', () => {
  test.each([
    ['is unknown', 'DIGEST-MD5', ['DIGEST-MD5'], all],
    ['has no name', '', [''], all],
    ['is written in lower case', 'plain', ['plain'], all],
    ['was not offered', 'PLAIN', ['SCRAM-SHA-1'], all],
    ['has no binding', 'SCRAM-SHA-1-PLUS', ['SCRAM-SHA-1-PLUS'], all],
    ['has no certificates', 'EXTERNAL', ['EXTERNAL'], {}],
    ['has no tokens', 'OAUTHBEARER', ['OAUTHBEARER'], {}],
    ['has no names to give', 'ANONYMOUS', ['ANONYMOUS'], {}],
  ])('%s', (_, name, offeredMechanisms, more) => {
    expect(serverMechanism(name, contextOf({ offeredMechanisms, credentials: account({}, more) }))).toBeUndefined()
  })
})

describe.each(MECHANISMS)('%s', name => {
  const start = () => {
    const credentials = account({}, all)
    return serverMechanism(name, contextOf({ offeredMechanisms: MECHANISMS, channelBindings: bindings, credentials }))!
  }

  test('SASL-03: a missing initial response is asked for by an empty challenge (RFC 6120 §6.4.2)', () => {
    expect(start()).toHaveProperty('name', name)
    expect(start().respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) })
  })

  test('SASL-02: a message of any length has an end (RFC 6120 §6.5.8)', async () => {
    const step = await start().respond(new Uint8Array(65_537).fill(97))
    expect(step).toMatchObject({ kind: 'failure', condition: 'malformed-request' })
  })

  test('SASL-04: after a failure nothing more is answered: a new attempt is a new mechanism (RFC 6120 §6.4.4)', async () => {
    const server = start()
    await server.respond(new Uint8Array([0xff, 0xfe]))
    expect(await server.respond(message)).toHaveProperty('kind', 'failure')
    expect(await server.respond(undefined)).toHaveProperty('kind', 'failure')
  })
})

test('SASL-04: after a success nothing more is answered (RFC 6120 §6.4.4)', async () => {
  const server = plain(() => true)
  expect(await server.respond(message)).toHaveProperty('kind', 'success')
  expect(await server.respond(message)).toEqual(
    expect.objectContaining({ kind: 'failure', condition: 'malformed-request' }),
  )
})

test('SASL-04: a second message does not overtake one that is being answered', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = plain(() => promise)
  const first = server.respond(message)
  expect(server.respond(message)).toHaveProperty('kind', 'failure')
  resolve(true)
  expect(await first).toHaveProperty('kind', 'success')
  expect(await server.respond(message)).toHaveProperty('kind', 'failure')
})

test.each([
  [
    'a refusal of the store',
    new SaslError('account-disabled', { text: 'Ask the admin' }),
    { condition: 'account-disabled', text: 'Ask the admin' },
  ],
  [
    'a refusal by another copy of this package',
    Object.assign(new Error('x'), { name: 'SaslError', condition: 'credentials-expired' }),
    { condition: 'credentials-expired' },
  ],
  ['a store that is away', new Error('disk'), { condition: 'temporary-auth-failure', cause: new Error('disk') }],
  ['a bug', 'thrown text', { condition: 'temporary-auth-failure', cause: 'thrown text' }],
])('%s is a failure step and never thrown', async (_, thrown, expected) => {
  const throwing = () => {
    throw thrown as Error
  }
  const rejecting = async () => throwing()
  const steps: ServerStep[] = [
    await plain(throwing).respond(message),
    await plain(rejecting).respond(message),
    await plain(() => true, { allowAuthzid: throwing }).respond(bytes('a@b\0user\0pencil')),
    await plain(async () => true, { allowAuthzid: rejecting }).respond(bytes('a@b\0user\0pencil')),
  ]
  for (const step of steps) expect(step).toEqual({ kind: 'failure', ...expected })
})

test('SEC-01: nobody is let in who was refused while the store took its time', async () => {
  const step = await plain(async () => false).respond(message)
  expect(step).toEqual({ kind: 'failure', condition: 'not-authorized' })
})

test('SASL-02: without a way to verify passwords PLAIN is not there', () => {
  const { verifyPassword: _, ...credentials } = account({})
  expect(serverMechanism('PLAIN', contextOf({ offeredMechanisms: ['PLAIN'], credentials }))).toBeUndefined()
})
