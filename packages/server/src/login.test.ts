import type { TlsInfo } from '@tercet/stream'
import { elementsOf, textOf } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client } from './fixture.ts'
import { tls } from './tls.fixture.ts'
import type { Bearer, CertificateNames } from './login.ts'

const NS = 'urn:ietf:params:xml:ns:xmpp-sasl'
function base64(text: string): string {
  return text === '' ? '=' : Buffer.from(text).toString('base64')
}

async function offered(client: Client, domain = 'a.test'): Promise<string[]> {
  const mechanisms = elementsOf(await client.open(domain)).find(({ name }) => name === 'mechanisms')
  return mechanisms ? elementsOf(mechanisms).map(textOf) : []
}

/** Authenticates in one message; gives the name of what came back, or of the condition in it. */
async function tries(client: Client, mechanism: string, data: string): Promise<string> {
  client.send(`<auth xmlns='${NS}' mechanism='${mechanism}'>${base64(data)}</auth>`)
  const answer = await client.next()
  return answer.name === 'failure' ? (elementsOf(answer)[0]?.name ?? '') : answer.name
}

function certificates(names: CertificateNames | undefined) {
  return { certificates: { names: () => names } }
}

const EXTERNAL_FIRST = ['EXTERNAL', 'SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']

test.each<[string, CertificateNames | undefined, Partial<TlsInfo>, boolean]>([
  ['names an account here', { addresses: ['romeo@a.test'] }, {}, true],
  ['names nobody, and local rules do', { addresses: [], mapped: 'romeo@a.test' }, {}, true],
  ['names an account elsewhere', { addresses: ['romeo@b.test'] }, {}, false],
  [
    'names an account elsewhere, though local rules would know one',
    { addresses: ['romeo@b.test'], mapped: 'romeo@a.test' },
    {},
    false,
  ],
  ['names the domain alone', { addresses: ['a.test'] }, {}, false],
  ['names no address', { addresses: ['@', ''] }, {}, false],
  ['names nobody', { addresses: [] }, {}, false],
  ['is mapped elsewhere', { addresses: [], mapped: 'romeo@b.test' }, {}, false],
  ['is not to be used', undefined, {}, false],
  ['is not trusted', { addresses: ['romeo@a.test'] }, { peerCertificateError: 'CERT_HAS_EXPIRED' }, false],
  ['is not there', { addresses: ['romeo@a.test'] }, { peerCertificate: undefined }, false],
])(
  'EXTERNAL is offered only to a certificate that can be used: one that %s (XEP-0178 §2)',
  async (_, names, info, is) => {
    await using fixture = await startFixture(certificates(names))
    expect(await offered(fixture.connect({ tls: tls(info) }))).toEqual(is ? EXTERNAL_FIRST : EXTERNAL_FIRST.slice(1))
  },
)

test('EXTERNAL is not offered where no certificates count, and not in the clear', async () => {
  {
    await using fixture = await startFixture()
    const client = fixture.connect({ tls: tls() })
    expect(await offered(client)).not.toContain('EXTERNAL')
    expect(await tries(client, 'EXTERNAL', '')).toBe('invalid-mechanism')
  }
  await using fixture = await startFixture(certificates({ addresses: ['romeo@a.test'] }))
  expect(await offered(fixture.connect())).not.toContain('EXTERNAL')
})

const one = ['romeo@a.test']
const several = ['Romeo@A.test', 'juliet@a.test', 'romeo@b.test']

test.each<[string, CertificateNames, string, string]>([
  ['one address, no identity asked for', { addresses: one }, '', 'success'],
  ['one address, asked for', { addresses: one }, 'romeo@a.test', 'success'],
  ['one address, asked for in another spelling', { addresses: one }, 'ROMEO@a.TEST', 'success'],
  ['one address, another asked for', { addresses: one }, 'juliet@a.test', 'invalid-authzid'],
  ['one address, a full one asked for', { addresses: one }, 'romeo@a.test/orchard', 'invalid-authzid'],
  ['one address, what is none asked for', { addresses: one }, '@', 'invalid-authzid'],
  ['several addresses, none asked for', { addresses: several }, '', 'invalid-authzid'],
  ['several addresses, one asked for', { addresses: several }, 'juliet@a.test', 'success'],
  ['several addresses, one of a foreign domain asked for', { addresses: several }, 'romeo@b.test', 'invalid-authzid'],
  ['several addresses of which one is here', { addresses: ['romeo@a.test', 'romeo@b.test'] }, '', 'success'],
  ['an address without an account', { addresses: ['nobody@a.test'] }, '', 'not-authorized'],
  ['mapped by local rules', { addresses: [], mapped: 'romeo@a.test' }, '', 'success'],
  ['mapped by local rules to another', { addresses: [], mapped: 'romeo@a.test' }, 'juliet@a.test', 'invalid-authzid'],
])('EXTERNAL: %s (XEP-0178 §2)', async (_, names, authzid, answer) => {
  await using fixture = await startFixture(certificates(names))
  const client = fixture.connect({ tls: tls() })
  await client.open('a.test')
  expect(await tries(client, 'EXTERNAL', authzid)).toBe(answer)
  if (answer !== 'success') return
  await client.open('a.test')
  await client.bind('a.test/x')
  expect(client.jid).toBe(`${authzid === 'juliet@a.test' ? 'juliet' : 'romeo'}@a.test/x`)
})

test('each host has its own offer', async () => {
  await using fixture = await startFixture({ domains: ['a.test', 'b.test'], ...certificates({ addresses: one }) })
  expect(await offered(fixture.connect({ tls: tls() }))).toContain('EXTERNAL')
  expect(await offered(fixture.connect({ tls: tls() }), 'b.test')).not.toContain('EXTERNAL')
})

const keeper: Bearer = {
  refusal: { scope: 'xmpp' },
  createsAccounts: false,
  verify: token => (token === 'broken' ? Promise.reject(new Error('no keys')) : names[token]),
}
const names: Record<string, string> = { romeo: 'Romeo', nobody: 'nobody', bad: 'a b@/' }

function bearer(token: string, authzid = ''): string {
  return `n,${authzid && `a=${authzid}`},\x01auth=Bearer ${token}\x01\x01`
}

test('OAUTHBEARER is offered where somebody vouches for tokens, and within TLS alone (RFC 7628 §4)', async () => {
  await using fixture = await startFixture({ host: { bearer: keeper } })
  expect(await offered(fixture.connect())).not.toContain('OAUTHBEARER')
  expect(await offered(fixture.connect({ tls: tls() }))).toContain('OAUTHBEARER')
  await using other = await startFixture()
  expect(await offered(other.connect({ tls: tls() }))).not.toContain('OAUTHBEARER')
})

test('a good token logs in as whom it proves', async () => {
  await using fixture = await startFixture({ host: { bearer: keeper } })
  const client = fixture.connect({ tls: tls() })
  await client.open('a.test')
  expect(await tries(client, 'OAUTHBEARER', bearer('romeo', 'romeo@a.test'))).toBe('success')
  await client.open('a.test')
  await client.bind('a.test/x')
  expect(client.jid).toBe('romeo@a.test/x')
})

test.each(['unknown', 'nobody', 'bad'])('a token that proves nobody is told why: %s (RFC 7628 §3.2.2)', async token => {
  await using fixture = await startFixture({ host: { bearer: keeper } })
  const client = fixture.connect({ tls: tls() })
  await client.open('a.test')
  client.send(`<auth xmlns='${NS}' mechanism='OAUTHBEARER'>${base64(bearer(token))}</auth>`)
  const challenge = await client.receives(`<challenge xmlns='${NS}'>{any}</challenge>`)
  expect(JSON.parse(Buffer.from(textOf(challenge), 'base64').toString())).toEqual({
    status: 'invalid_token',
    scope: 'xmpp',
  })
  client.send(`<response xmlns='${NS}'>AQ==</response>`)
  await client.receives(`<failure xmlns='${NS}'><not-authorized/></failure>`)
})

test('a token for one does not act for another, and keys that are not there are our trouble', async () => {
  await using fixture = await startFixture({ host: { bearer: keeper } })
  const client = fixture.connect({ tls: tls() })
  await client.open('a.test')
  expect(await tries(client, 'OAUTHBEARER', bearer('romeo', 'juliet@a.test'))).toBe('invalid-authzid')
  expect(await tries(client, 'OAUTHBEARER', bearer('broken'))).toBe('temporary-auth-failure')
})

test('an account is made for whom the authorization server vouches, if it is to be', async () => {
  await using fixture = await startFixture({ host: { bearer: { ...keeper, createsAccounts: true } } })
  for (let time = 0; time < 2; time++) {
    const client = fixture.connect({ tls: tls() })
    await client.open('a.test')
    expect(await tries(client, 'OAUTHBEARER', bearer('nobody'))).toBe('success')
  }
  expect(await fixture.server.hosts.get('a.test')!.accounts.exists('nobody')).toBe(true)
  // Without a password there is none to log in with.
  await expect(fixture.login('nobody@a.test')).rejects.toThrow('not-authorized')
})
