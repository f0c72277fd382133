// SaslCrypto by node:crypto: everything but PBKDF2 answers at once.
import { createHmac, createSecretKey, hash as digest, pbkdf2, randomFillSync } from 'node:crypto'
import type { SaslCrypto, ScramHash } from '../crypto.ts'

const NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' } as const
const BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const
const BLOCK_BYTES = { 'SHA-1': 64, 'SHA-256': 64, 'SHA-512': 128 } as const

const inner = Buffer.alloc(2048)
const outer = Buffer.alloc(128 + 64)

/**
 * HMAC as RFC 2104 §2 writes it, over the one-shot hash: a login on the server makes two, and the objects behind
 * `createHmac` cost as much again in garbage collection as in hashing.
 */
function hmac(hash: ScramHash, key: Uint8Array, data: Uint8Array | string): Uint8Array {
  const block = BLOCK_BYTES[hash]
  const mostBytes = typeof data === 'string' ? data.length * 3 : data.length
  if (key.length > block || block + mostBytes > inner.length) {
    return createHmac(NAMES[hash], createSecretKey(key)).update(data).digest()
  }
  for (let at = 0; at < block; at++) {
    const byte = at < key.length ? key[at]! : 0
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  }
  let end = block
  if (typeof data === 'string') end += inner.write(data, block)
  else {
    inner.set(data, block)
    end += data.length
  }
  outer.set(digest(NAMES[hash], inner.subarray(0, end), 'buffer'), block)
  const result = digest(NAMES[hash], outer.subarray(0, block + BYTES[hash]), 'buffer')
  inner.fill(0, 0, block)
  outer.fill(0, 0, block)
  return result
}

const NONCE_BYTES = 18
const randomness = Buffer.alloc(NONCE_BYTES * 64)
let used = randomness.length

/** Asks the generator once for 64 nonces: a call costs more than what it returns. */
function nonce(): string {
  if (used === randomness.length) {
    randomFillSync(randomness)
    used = 0
  }
  const text = randomness.toString('base64', used, used + NONCE_BYTES)
  randomness.fill(0, used, used + NONCE_BYTES)
  used += NONCE_BYTES
  return text
}

export const platform: SaslCrypto = {
  hash: (hash, data) => digest(NAMES[hash], data, 'buffer'),
  hmac,
  pbkdf2: (hash, password, salt, iterations) =>
    new Promise((resolve, reject) =>
      pbkdf2(password, salt, iterations, BYTES[hash], NAMES[hash], (error, key) =>
        error === null ? resolve(key) : reject(error),
      ),
    ),
  nonce,
}
