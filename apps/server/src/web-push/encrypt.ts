/** What an app gets to read and nobody in between: message encryption of Web Push (RFC 8291), in the coding of RFC 8188. */

import { createECDH, ECDH, randomBytes, type ECDH as Ecdh } from 'node:crypto'
import { encrypt as encode } from 'http_ece'
import type { PushEndpoint } from '@tercet/server'

const CURVE = 'prime256v1'
const AUTH_BYTES = 16
const POINT_BYTES = 65
/** Lengths say something too (RFC 8291 §7), so they come in steps. */
const STEP = 128

/** What is made at random for each notification; a test gives its own. */
export interface Ephemeral {
  readonly key: Ecdh
  readonly salt: Uint8Array
}

/** Why nothing can be encrypted for an endpoint; undefined: it can. */
export function keysRefusal({ p256dh, auth }: Pick<PushEndpoint, 'auth' | 'p256dh'>): string | undefined {
  if (!isBase64url(auth) || Buffer.from(auth, 'base64url').length !== AUTH_BYTES)
    return 'auth is not 16 bytes in base64url'
  const point = Buffer.from(p256dh, 'base64url')
  const isPoint = isBase64url(p256dh) && point.length === POINT_BYTES && point[0] === 4
  return isPoint && isOnCurve(point) ? undefined : 'p256dh is not a public key of P-256'
}

/** The body of a notification. @param ephemeral default: made for it */
export function encrypt(
  { p256dh, auth }: Pick<PushEndpoint, 'auth' | 'p256dh'>,
  payload: Uint8Array,
  ephemeral: Ephemeral = fresh(),
): Buffer {
  return encode(Buffer.from(payload), {
    version: 'aes128gcm',
    dh: p256dh,
    authSecret: auth,
    privateKey: ephemeral.key,
    salt: Buffer.from(ephemeral.salt).toString('base64url'),
  })
}

/** JSON with blanks behind it. */
export function padded(payload: Uint8Array): Buffer {
  return Buffer.concat([payload, Buffer.alloc(-payload.length & (STEP - 1), ' ')])
}

function fresh(): Ephemeral {
  const key = createECDH(CURVE)
  key.generateKeys()
  return { key, salt: randomBytes(16) }
}

/** RFC 8291 §7: a point that is none could get our key out of us. */
function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, CURVE)
    return true
  } catch {
    return false
  }
}

function isBase64url(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text)
}
