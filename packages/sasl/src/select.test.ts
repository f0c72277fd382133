// What a client chooses, and when it would rather not log in at all.
import { describe, expect, test } from 'vitest'
import { account, bindings, bytes, contextOf, play, text } from './fixture.ts'
import { deriveScramKeys } from './scram-keys.ts'
import { clientMechanism, selectMechanism, type SelectOptions } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

const password = { username: 'user', password: 'pencil' }
const scram = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256']
const plus = [...scram, 'SCRAM-SHA-1-PLUS']
const types = ['tls-exporter', 'tls-server-end-point']

function select(more: Partial<SelectOptions>) {
  return selectMechanism({ offered: scram, credentials: password, secure: true, ...more })
}

const refused = (condition: string): unknown => expect.objectContaining({ name: 'SaslError', condition })

describe('SASL-08: the client’s own order decides (RFC 6120 §6.3.3)', () => {
  test.each<[string, Partial<SelectOptions>, string]>([
    ['the strongest hash, wherever it stands', {}, 'SCRAM-SHA-256'],
    ['PLAIN when nothing else is there', { offered: ['PLAIN'] }, 'PLAIN'],
    [
      'binding before a stronger hash',
      { offered: plus, bindingTypesOffered: types, channelBindings: bindings },
      'SCRAM-SHA-1-PLUS',
    ],
    [
      'a certificate before all',
      { offered: ['PLAIN', 'EXTERNAL'], credentials: { ...password, external: true } },
      'EXTERNAL',
    ],
    ['no EXTERNAL without a certificate', { offered: ['EXTERNAL', 'PLAIN'] }, 'PLAIN'],
    [
      'a password before a bearer token',
      { offered: ['OAUTHBEARER', ...scram], credentials: { ...password, bearer: { token: 'a' } } },
      'SCRAM-SHA-256',
    ],
    [
      'a bearer token alone',
      { offered: ['OAUTHBEARER', ...scram], credentials: { bearer: { token: 'a' } } },
      'OAUTHBEARER',
    ],
    ['nameless', { offered: ['ANONYMOUS', ...scram], credentials: { anonymous: true } }, 'ANONYMOUS'],
    ['SCRAM without TLS', { secure: false }, 'SCRAM-SHA-256'],
    [
      'a fast token where it was offered',
      {
        fastOffered: ['HT-SHA-256-NONE'],
        credentials: { ...password, token: { mechanism: 'HT-SHA-256-NONE', token: 't' } },
      },
      'HT-SHA-256-NONE',
    ],
    [
      'no fast token where it was not',
      { credentials: { ...password, token: { mechanism: 'HT-SHA-256-NONE', token: 't' } } },
      'SCRAM-SHA-256',
    ],
    [
      'no fast token whose binding cannot be done',
      {
        fastOffered: ['HT-SHA-256-EXPR'],
        credentials: { ...password, token: { mechanism: 'HT-SHA-256-EXPR', token: 't' } },
      },
      'SCRAM-SHA-256',
    ],
    ['another SCRAM than the one before (XEP-0474 §7)', { pin: 'SCRAM-SHA-512-PLUS' }, 'SCRAM-SHA-256'],
    ['PLAIN again where it was used before', { offered: ['PLAIN'], pin: 'PLAIN' }, 'PLAIN'],
  ])('%s', (_, options, name) => expect(select(options).name).toBe(name))

  test.each<[string, Partial<SelectOptions>, string]>([
    ['nothing offered', { offered: [] }, 'invalid-mechanism'],
    ['nothing known offered', { offered: ['GSSAPI', 'scram-sha-1'] }, 'invalid-mechanism'],
    ['no credentials', { credentials: {} }, 'invalid-mechanism'],
    ['only ANONYMOUS offered to one with a password', { offered: ['ANONYMOUS'] }, 'invalid-mechanism'],
    ['PLAIN without TLS', { offered: ['PLAIN'], secure: false }, 'encryption-required'],
    [
      'a certificate without TLS',
      { offered: ['EXTERNAL'], credentials: { external: true }, secure: false },
      'encryption-required',
    ],
    [
      'a bearer token without TLS',
      { offered: ['OAUTHBEARER'], credentials: { bearer: { token: 'a' } }, secure: false },
      'encryption-required',
    ],
    ['PLAIN once SCRAM was used (XEP-0474 §7)', { offered: ['PLAIN'], pin: 'SCRAM-SHA-1' }, 'mechanism-too-weak'],
    ['PLAIN once EXTERNAL was used (XEP-0474 §7)', { offered: ['PLAIN'], pin: 'EXTERNAL' }, 'mechanism-too-weak'],
    ['PLAIN once a token was used', { offered: ['PLAIN'], pin: 'HT-SHA-256-NONE' }, 'mechanism-too-weak'],
    [
      'a bearer token once SCRAM was used',
      { offered: ['OAUTHBEARER'], credentials: { bearer: { token: 'a' } }, pin: 'SCRAM-SHA-1' },
      'mechanism-too-weak',
    ],
    ['no binding where it is required', { requireBinding: true }, 'mechanism-too-weak'],
    [
      'PLUS without TLS',
      { offered: ['SCRAM-SHA-1-PLUS'], channelBindings: bindings, secure: false },
      'invalid-mechanism',
    ],
    [
      'what a token names, unless it is one for tokens',
      { offered: [], fastOffered: ['PLAIN'], credentials: { ...password, token: { mechanism: 'PLAIN', token: 't' } } },
      'invalid-mechanism',
    ],
  ])('not %s', (_, options, condition) => expect(() => select(options)).toThrow(refused(condition)))
})

describe('CB-04: what the GS2 flag says (RFC 5802 §6, XEP-0440 §4)', () => {
  test.each<[string, Partial<SelectOptions>, string]>([
    ['n: a client without binding', {}, 'n,,'],
    ['n: a client without binding where SASL offers it', { offered: plus, bindingTypesOffered: types }, 'n,,'],
    ['y: neither types nor PLUS were offered', { channelBindings: bindings }, 'y,,'],
    ['n: nothing is bound without TLS', { channelBindings: bindings, secure: false }, 'n,,'],
    [
      'p: the strongest common type',
      { offered: plus, bindingTypesOffered: types, channelBindings: bindings },
      'p=tls-exporter,,',
    ],
    [
      'p: the end point when only that is common',
      { offered: plus, bindingTypesOffered: ['tls-unique', 'tls-server-end-point'], channelBindings: bindings },
      'p=tls-server-end-point,,',
    ],
    ['p: the default type when SASL advertises none', { offered: plus, channelBindings: bindings }, 'p=tls-exporter,,'],
    [
      'n: no common type, but the server has its end point',
      { offered: plus, bindingTypesOffered: types, channelBindings: [{ type: 'tls-unique', data: bytes('x') }] },
      'n,,',
    ],
    ['the identity to act as', { credentials: { ...password, authzid: 'a=b,c@d' } }, 'n,a=a=3Db=2Cc@d,'],
  ])('%s', async (_, options, header) => {
    expect(text((await select(options).initial())!)).toMatch(new RegExp(`^${header}n=user,`))
  })

  test.each<[string, Partial<SelectOptions>]>([
    ['PLUS without types, in SASL2', { offered: plus, profile: 'sasl2', channelBindings: bindings }],
    [
      'PLUS with an empty list of types, in SASL2',
      { offered: plus, bindingTypesOffered: [], profile: 'sasl2', channelBindings: bindings },
    ],
    ['types without PLUS, in SASL2', { bindingTypesOffered: types, profile: 'sasl2', channelBindings: bindings }],
    ['types without PLUS, in SASL', { bindingTypesOffered: types, channelBindings: bindings }],
    ['types without PLUS, in SASL2, to a client without binding', { bindingTypesOffered: types, profile: 'sasl2' }],
    [
      'PLUS without types, even if a token would do',
      {
        offered: plus,
        profile: 'sasl2',
        fastOffered: ['HT-SHA-256-NONE'],
        credentials: { ...password, token: { mechanism: 'HT-SHA-256-NONE', token: 't' } },
      },
    ],
  ])('the client gives up: %s', (_, options) => {
    expect(() => select(options)).toThrow(refused('mechanism-too-weak'))
  })

  test.each([
    ['goes on when the hash of the offer vouches for it', true],
    ['gives up when no hash does', false],
  ])('no common type and no end point: the client %s (XEP-0474 §7)', async (_, downgradeProtection) => {
    const offered = plus
    const bindingTypesOffered = ['tls-unique']
    const keys = await deriveScramKeys('pencil', 'SHA-256', bytes('sixteen salt byt'), 4096)
    const server = serverMechanism(
      'SCRAM-SHA-256',
      contextOf({
        offeredMechanisms: offered,
        offeredBindingTypes: bindingTypesOffered,
        plusOffered: true,
        downgradeProtection,
        credentials: account({ user: keys }),
      }),
    )!
    const client = select({ offered, bindingTypesOffered, channelBindings: bindings, profile: 'sasl2' })
    expect(client.name).toBe('SCRAM-SHA-256')
    if (downgradeProtection) expect(await play(client, server)).toHaveProperty('kind', 'success')
    else await expect(play(client, server)).rejects.toEqual(refused('not-authorized'))
  })
})

test.each<[string, string, Partial<SelectOptions>]>([
  ['its credentials are missing', 'EXTERNAL', {}],
  ['its binding is missing', 'SCRAM-SHA-1-PLUS', { offered: plus, bindingTypesOffered: types }],
  [
    'its token is of another',
    'HT-SHA-256-NONE',
    { credentials: { ...password, token: { mechanism: 'HT-SHA-256-ENDP', token: 't' } } },
  ],
  ['nobody knows it', 'DIGEST-MD5', {}],
])('a mechanism that is asked for by name is refused when %s', (_, name, options) => {
  const make = () => clientMechanism(name, { offered: scram, credentials: password, secure: true, ...options })
  expect(make).toThrow(refused('invalid-mechanism'))
})

test.each([['PLAIN'], ['EXTERNAL'], ['ANONYMOUS'], ['HT-SHA-256-NONE']])(
  '%s answers no challenge that says something',
  name => {
    const credentials = {
      ...password,
      external: true,
      anonymous: true,
      token: { mechanism: 'HT-SHA-256-NONE', token: 't' },
    }
    const client = clientMechanism(name, { offered: scram, credentials, secure: true })
    expect(() => client.challenge(bytes('more?'))).toThrow(refused('malformed-request'))
  },
)
