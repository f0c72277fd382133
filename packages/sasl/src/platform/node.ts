// SaslCrypto by node:crypto: everything but PBKDF2 answers at once.
import { createHmac, createSecretKey, hash as digest, pbkdf2, randomBytes } from 'node:crypto'
import type { SaslCrypto } from '../crypto.ts'

const NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' } as const
const BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const

export const platform: SaslCrypto = {
  hash: (hash, data) => digest(NAMES[hash], data, 'buffer'),
  // A KeyObject even for one use: Node 24 takes 15 µs for an HMAC with raw key bytes and 3 for both steps this way.
  hmac: (hash, key, data) => createHmac(NAMES[hash], createSecretKey(key)).update(data).digest(),
  pbkdf2: (hash, password, salt, iterations) =>
    new Promise((resolve, reject) =>
      pbkdf2(password, salt, iterations, BYTES[hash], NAMES[hash], (error, key) =>
        error === null ? resolve(key) : reject(error),
      ),
    ),
  nonce: () => randomBytes(18).toString('base64'),
}
