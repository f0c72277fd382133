// What a SCRAM server stores and how it comes from a password (RFC 5802 §3, RFC 7677).
import { platform } from '#platform'
import { andThen, type Awaitable } from './awaitable.ts'
import { constantTimeEqual } from './constant-time.ts'
import { HASH_BYTES, type SaslCrypto, type ScramHash } from './crypto.ts'
import { malformed } from './error.ts'
import { preparePassword } from './prepare.ts'

/** What the server keeps of a password, per hash: enough to check a proof, too little to make one. */
export interface ScramKeys {
  /** {@link SALT_BYTES} long, else known users can be told from unknown ones. */
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** The length of a salt in bytes: that of the fake ones, so let it be that of the real ones too. */
export const SALT_BYTES = 16

/**
 * Derives SaltedPassword from a password, which is prepared here (OpaqueString). PBKDF2 runs off the event loop.
 *
 * @throws {SaslError} `not-authorized` when the password cannot be prepared
 */
export async function saltPassword(
  password: string,
  hash: ScramHash,
  salt: Uint8Array,
  iterations: number,
  crypto: SaslCrypto = platform,
): Promise<Uint8Array> {
  return crypto.pbkdf2(hash, preparePassword(password), salt, iterations)
}

/**
 * Derives what the server keeps of a password, which is prepared here (OpaqueString). PBKDF2 runs off the event loop.
 *
 * @param salt default: a new random one
 * @param iterations default 10,000
 * @throws {SaslError} `not-authorized` when the password cannot be prepared
 */
export async function deriveScramKeys(
  password: string,
  hash: ScramHash,
  salt: Uint8Array = globalThis.crypto.getRandomValues(new Uint8Array(SALT_BYTES)),
  iterations = 10_000,
  crypto: SaslCrypto = platform,
): Promise<ScramKeys> {
  const salted = await saltPassword(password, hash, salt, iterations, crypto)
  return scramKeysFromSalted(salted, hash, salt, iterations, crypto)
}

/**
 * Makes the stored keys from SaltedPassword, which is what an upgrade task sends (XEP-0480 §3).
 *
 * @throws {SaslError} `malformed-request` when it has not the length of the hash
 */
export async function scramKeysFromSalted(
  salted: Uint8Array,
  hash: ScramHash,
  salt: Uint8Array,
  iterations: number,
  crypto: SaslCrypto = platform,
): Promise<ScramKeys> {
  if (salted.length !== HASH_BYTES[hash]) throw malformed('The salted password has not the length of the hash')
  const { clientKey, serverKey } = await clientKeys(salted, hash, crypto)
  return { salt, iterations, storedKey: await crypto.hash(hash, clientKey), serverKey }
}

/** The two keys a client works with: its own, and the server's to check the server by. */
export async function clientKeys(
  salted: Uint8Array,
  hash: ScramHash,
  crypto: SaslCrypto,
): Promise<{ clientKey: Uint8Array; serverKey: Uint8Array }> {
  const clientKey = await crypto.hmac(hash, salted, 'Client Key')
  const serverKey = await crypto.hmac(hash, salted, 'Server Key')
  return { clientKey, serverKey }
}

/**
 * Whether a password fits stored keys: what `Credentials.verifyPassword` needs for PLAIN. It costs a whole PBKDF2.
 *
 * `keys` is for an unknown user what {@link fakeScramKeys} says, so that the work is the same; the answer is then no.
 */
export async function verifyPasswordAgainst(
  keys: ScramKeys,
  hash: ScramHash,
  password: string,
  crypto: SaslCrypto = platform,
): Promise<boolean> {
  const derived = await deriveScramKeys(password, hash, keys.salt, keys.iterations, crypto)
  return constantTimeEqual(derived.storedKey, keys.storedKey)
}

/**
 * Keys for a user who does not exist: the same at each attempt, unlike anybody's, and no password fits them (SCR-07).
 *
 * @param secret stays the same over restarts and on all nodes, else the salt tells that the user is not real
 */
export function fakeScramKeys(
  username: string,
  hash: ScramHash,
  { secret, iterations, crypto = platform }: { secret: Uint8Array; iterations: number; crypto?: SaslCrypto },
): Awaitable<ScramKeys> {
  return andThen(crypto.hmac('SHA-512', secret, `${hash}\0${username}`), bytes => {
    // StoredKey is a hash of something unknown, so nobody can show what it is the hash of.
    const key = bytes.subarray(SALT_BYTES)
    return andThen(crypto.hash(hash, key), storedKey => ({
      salt: bytes.subarray(0, SALT_BYTES),
      iterations,
      storedKey,
      serverKey: storedKey,
    }))
  })
}
