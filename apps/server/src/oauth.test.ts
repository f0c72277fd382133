import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OauthConfig } from './config.ts'
import { openBearer } from './oauth.ts'

const origin = { host: undefined, port: undefined }
let folder: string
let config: OauthConfig
let key: CryptoKey

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oauth-'))
  const pair = await generateKeyPair('ES256')
  key = pair.privateKey
  const jwks = join(folder, 'keys.json')
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }] }))
  config = {
    issuer: 'https://id.test',
    audience: 'xmpp',
    jwks,
    claim: 'sub',
    createAccounts: false,
    scope: undefined,
    openidConfiguration: undefined,
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const now = Math.floor(Date.now() / 1000)

function token(claims: Record<string, unknown> = {}, kid = 'k1'): Promise<string> {
  const all = { iss: 'https://id.test', aud: 'xmpp', sub: 'romeo', exp: now + 300, ...claims }
  return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid }).sign(key)
}

test.each<[string, string, Record<string, unknown>, string | undefined]>([
  ['a localpart', 'sub', {}, 'romeo'],
  ['an address here', 'email', { email: 'romeo@A.test' }, 'romeo'],
  ['an address elsewhere', 'email', { email: 'romeo@b.test' }, undefined],
  ['not a text', 'email', { email: ['romeo'] }, undefined],
  ['not there', 'email', {}, undefined],
])('the claim is %s', async (_, claim, claims, local) => {
  const bearer = openBearer({ ...config, claim }, 'a.test')
  expect(await bearer.verify(await token(claims), origin)).toBe(local)
})

test.each<[string, Record<string, unknown>, string?]>([
  ['has expired', { exp: now - 3600 }],
  ['never expires', { exp: undefined }],
  ['is not valid yet', { nbf: now + 3600 }],
  ['is of another issuer', { iss: 'https://evil.test' }],
  ['is for another audience', { aud: 'mail' }],
  ['names another key', {}, 'k2'],
])('a token that %s proves nobody (RFC 7519 §4.1)', async (_, claims, kid) => {
  expect(await openBearer(config, 'a.test').verify(await token(claims, kid), origin)).toBeUndefined()
})

test('neither does one that is signed by somebody else, by a shared secret, by nobody, or that is no token', async () => {
  const bearer = openBearer(config, 'a.test')
  const good = await token()
  const stranger = await generateKeyPair('ES256')
  const claims = { iss: 'https://id.test', aud: 'xmpp', sub: 'romeo', exp: Math.floor(Date.now() / 1000) + 300 }
  const header = { alg: 'ES256', kid: 'k1' }
  const bad = [
    await new SignJWT(claims).setProtectedHeader(header).sign(stranger.privateKey),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(new Uint8Array(32)),
    new UnsecuredJWT(claims).encode(),
    good.slice(0, -8),
    'opaque',
    '',
  ]
  for (const text of bad) expect(await bearer.verify(text, origin)).toBeUndefined()
  expect(await bearer.verify(good, origin)).toBe('romeo')
})

test('keys that cannot be fetched are nobody’s fault', async () => {
  const bearer = openBearer({ ...config, jwks: 'https://127.0.0.1:1/keys' }, 'a.test')
  await expect(bearer.verify(await token(), origin)).rejects.toThrow()
})

test.each(['', '{}', '{"keys":1}'])('a file with no keys is refused at the start: %j', text => {
  const jwks = join(folder, 'bad.json')
  writeFileSync(jwks, text)
  expect(() => openBearer({ ...config, jwks }, 'a.test')).toThrow(`host.oauth.jwks: ${jwks} holds no JSON Web Key Set`)
})

test('clients are told what to ask for', () => {
  const bearer = openBearer({ ...config, scope: 'xmpp', openidConfiguration: 'https://id.test/c' }, 'a.test')
  expect(bearer.refusal).toEqual({ scope: 'xmpp', openidConfiguration: 'https://id.test/c' })
})
