/** Who sends, in a word that push services check: a token for each of them, signed by the host's key (RFC 8292). */

import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'

/** RFC 8292 §2: a day at most. */
const TOKEN_SECONDS = 43_200
/** A token is used for half of its time. */
const USE_MS = 21_600_000
/** Push services whose token is remembered. */
const MAX_SERVICES = 1000

/** Makes a key pair, as text. */
export async function newKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return JSON.stringify(await exportJWK(privateKey))
}

/** A host's word for itself. */
export interface Vapid {
  /** Uncompressed point, base64url (§3.2). */
  readonly publicKey: string
  /** `Authorization` for the push service at an origin (§3). */
  authorization(origin: string): Promise<string>
}

/** @throws {TypeError} a key that is none */
export async function openVapid(key: string, contact: string): Promise<Vapid> {
  const jwk = readKey(key)
  const signer = await importJWK(jwk, 'ES256')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')])
  const publicKey = point.toString('base64url')
  const known = new Map<string, { readonly text: string; readonly untilMs: number }>()
  return {
    publicKey,
    async authorization(origin) {
      const now = Date.now()
      const before = known.get(origin)
      if (before && before.untilMs > now) return before.text
      const seconds = Math.floor(now / 1000)
      const token = await new SignJWT({ aud: origin, exp: seconds + TOKEN_SECONDS, sub: contact })
        .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
        .sign(signer)
      const text = `vapid t=${token}, k=${publicKey}`
      known.delete(origin)
      known.set(origin, { text, untilMs: now + USE_MS })
      const oldest = known.keys().next().value
      if (oldest !== undefined && known.size > MAX_SERVICES) known.delete(oldest)
      return text
    },
  }
}

function readKey(key: string): JWK & { readonly x: string; readonly y: string } {
  const jwk = JSON.parse(key) as JWK // checked below
  const { kty, crv, x, y } = jwk
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw new TypeError('Not a key of P-256')
  return { ...jwk, x, y }
}
