// HT-SHA-256-* (draft-schmaus-kitten-sasl-ht-09) as XEP-0484 uses it, on both platform files.
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { account, bindings, bytes, contextOf, play, playTampered } from './fixture.ts'
import { fastTokenKey, parseHt } from './ht.ts'
import type { FastToken, ServerContext } from './mechanism.ts'
import { platform as node } from './platform/node.ts'
import { platform as web } from './platform/web.ts'
import { clientMechanism, type SelectOptions } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const fresh: FastToken = { key: bytes('fresh token'), expired: false }
const old: FastToken = { key: bytes('old token'), expired: false }
const gone: FastToken = { key: bytes('gone token'), expired: true }
const NONE = 'HT-SHA-256-NONE'

/** Tokens are bound to a mechanism: those of juliet's client to the one without binding, or to EXPR. */
const credentials = account(
  {},
  {
    token: (username, mechanism) => {
      if (username !== 'juliet') return []
      return mechanism === NONE
        ? [fresh, old, gone]
        : mechanism === 'HT-SHA-256-EXPR'
          ? [{ ...fresh, key: bytes('bound') }]
          : []
    },
  },
)

function serverOf(name: string, crypto = node, more: Partial<ServerContext> = {}) {
  return serverMechanism(name, contextOf({ credentials, channelBindings: bindings, ...more }), crypto)!
}

function clientOf(name: string, token: string, crypto = node, more: Partial<SelectOptions> = {}) {
  const credentials = { username: 'juliet', token: { mechanism: name, token } }
  return clientMechanism(name, { offered: [], secure: true, credentials, channelBindings: bindings, crypto, ...more })
}

describe.each([
  ['node', node],
  ['web', web],
])('on %s', (_, platform) => {
  test.each([
    ['the new token', 'fresh token', { kind: 'success', username: 'juliet', token: fresh }],
    ['the current token', 'old token', { kind: 'success', username: 'juliet', token: old }],
    ['an expired token', 'gone token', { kind: 'failure', condition: 'credentials-expired' }],
    ['no token of the user', 'no token', { kind: 'failure', condition: 'not-authorized' }],
  ])('FAST-01: %s (XEP-0484 §4.2, §4.3)', async (_, token, step) => {
    expect(await play(clientOf(NONE, token, platform), serverOf(NONE, platform))).toMatchObject(step)
  })

  test('a token bound to the connection lets in on that connection only', async () => {
    const name = 'HT-SHA-256-EXPR'
    expect(await play(clientOf(name, 'bound', platform), serverOf(name, platform))).toHaveProperty('kind', 'success')
    const elsewhere = [{ type: 'tls-exporter', data: bytes('elsewhere') }] as const
    const stolen = clientOf(name, 'bound', platform, { channelBindings: elsewhere })
    expect(await play(stolen, serverOf(name, platform))).toHaveProperty('condition', 'not-authorized')
  })
})

test('the message is the name, NUL and HMAC(token, "Initiator" and the binding)', async () => {
  const hash = createHmac('sha256', 'bound').update('Initiator').update(bindings[0].data).digest()
  const expected = Buffer.concat([bytes('juliet\0'), hash])
  expect(Buffer.from((await clientOf('HT-SHA-256-EXPR', 'bound').initial())!)).toEqual(expected)
  const answer = createHmac('sha256', 'bound').update('Responder').update(bindings[0].data).digest()
  const step = await serverOf('HT-SHA-256-EXPR').respond(expected)
  expect(step.kind === 'success' && Buffer.from(step.data!)).toEqual(answer)
})

test.each([64, 65])(
  'a server checks a token of %d bytes by its key, which is no long token (RFC 2104 §2)',
  async length => {
    const token = 'x'.repeat(length)
    const key = await fastTokenKey(token)
    expect(Buffer.from(key).equals(Buffer.from(token))).toBe(length === 64)
    const keeps = account({}, { token: () => [{ key, expired: false }] })
    expect(await play(clientOf(NONE, token), serverOf(NONE, node, { credentials: keeps }))).toHaveProperty(
      'kind',
      'success',
    )
  },
)

test('FAST-01: a token of one mechanism is none of another (XEP-0484 §3.4)', async () => {
  const client = clientOf('HT-SHA-256-ENDP', 'fresh token')
  expect(await play(client, serverOf('HT-SHA-256-ENDP'))).toEqual({ kind: 'failure', condition: 'not-authorized' })
})

test('SASL-05: an unknown user fails like a wrong token, with the same work', async () => {
  const hmacs: number[] = []
  for (const username of ['juliet', 'nobody']) {
    let count = 0
    const counting: typeof node = { ...node, hmac: (...input) => (count++, node.hmac(...input)) }
    const one = account({}, { token: name => (name === 'juliet' ? [fresh] : []) })
    const step = await serverOf(NONE, counting, { credentials: one }).respond(
      Buffer.concat([bytes(`${username}\0`), new Uint8Array(32)]),
    )
    expect(step).toEqual({ kind: 'failure', condition: 'not-authorized' })
    hmacs.push(count)
  }
  expect(hmacs[0]).toBe(hmacs[1])
})

test('SEC-02: the token that stands in for none, and an empty one, let nobody in', async () => {
  const empty = account({}, { token: () => [{ key: bytes(''), expired: false }] })
  const proof = (token: string) => createHmac('sha256', token).update('Initiator').digest()
  for (const [credentials, token] of [
    [account({}, { token: () => [] }), 'nobody'],
    [empty, ''],
  ] as const) {
    const message = Buffer.concat([bytes('juliet\0'), proof(token)])
    expect(await serverOf(NONE, node, { credentials }).respond(message)).toHaveProperty('condition', 'not-authorized')
  }
  expect(() => clientOf(NONE, '')).toThrow(expect.objectContaining({ condition: 'not-authorized' }))
})

test.each([
  ['nothing', new Uint8Array(0)],
  ['no name', new Uint8Array(33)],
  ['no NUL', bytes('juliet')],
  ['a proof too short', new Uint8Array([106, 0, 1, 2])],
  ['a proof too long', Buffer.concat([bytes('juliet\0'), new Uint8Array(33)])],
  ['a name that is no UTF-8', Buffer.concat([new Uint8Array([0xff, 0]), new Uint8Array(32)])],
])('a message with %s is malformed-request', async (_, message) => {
  expect(await serverOf(NONE).respond(message)).toMatchObject({ kind: 'failure', condition: 'malformed-request' })
})

test.each([
  ['nothing', undefined],
  ['empty data', new Uint8Array(0)],
  ['something else', new Uint8Array(32)],
])('SCR-05: the client does not believe a success with %s', async (_, data) => {
  const client = clientOf(NONE, 'fresh token')
  await client.initial()
  expect(() => client.success(data)).toThrow(expect.objectContaining({ condition: 'not-authorized' }))
})

test('the mechanism exists only where its binding and its tokens do', () => {
  expect(serverMechanism('HT-SHA-256-UNIQ', contextOf({ credentials, channelBindings: bindings }))).toBeUndefined()
  expect(serverMechanism(NONE, contextOf({ channelBindings: bindings }))).toBeUndefined()
})

test('one bit changed, in either message, never ends in success', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1), fc.nat(), fc.nat(7), async (message, at, bit) => {
      const flipped = playTampered(clientOf(NONE, 'fresh token'), serverOf(NONE), (data, number) => {
        const changed = data.slice()
        if (number === message) changed[at % data.length]! ^= 1 << bit
        return changed
      })
      const outcome = await flipped.then(
        step => step.kind,
        (error: unknown) => (error as Error).name,
      )
      // The case of a letter of the name is not covered by the proof, and does not matter.
      if (outcome === 'success') expect([message, bit, at % 39 < 6]).toEqual([0, 5, true])
      else expect(['failure', 'SaslError']).toContain(outcome)
    }),
    { numRuns: 500 },
  )
})

test('any bytes are read or refused with SaslError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), data => {
      try {
        expect(parseHt(data).proof).toHaveLength(32)
      } catch (error) {
        expect(error).toHaveProperty('name', 'SaslError')
      }
    }),
  )
})
