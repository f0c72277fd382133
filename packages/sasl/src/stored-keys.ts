// SCRAM keys in the form in which a store keeps them: JSON with base64.
import { decodeBase64Strict, encodeBase64 } from './base64.ts'
import type { ScramKeys } from './scram-keys.ts'

/** {@link ScramKeys} as JSON; bytes are base64. */
export interface StoredScramKeys {
  readonly salt: string
  readonly iterations: number
  readonly storedKey: string
  readonly serverKey: string
}

/** Turns keys into what a store can keep. */
export function writeScramKeys({ salt, iterations, storedKey, serverKey }: ScramKeys): StoredScramKeys {
  return {
    salt: encodeBase64(salt),
    iterations,
    storedKey: encodeBase64(storedKey),
    serverKey: encodeBase64(serverKey),
  }
}

/**
 * Reads what {@link writeScramKeys} wrote; nothing gives nothing.
 *
 * @throws {SaslError} `incorrect-encoding`: a member is not base64
 */
export function readScramKeys(stored: StoredScramKeys): ScramKeys
export function readScramKeys(stored: StoredScramKeys | undefined): ScramKeys | undefined
export function readScramKeys(stored: StoredScramKeys | undefined): ScramKeys | undefined {
  if (stored === undefined) return undefined
  return {
    salt: decodeBase64Strict(stored.salt),
    iterations: stored.iterations,
    storedKey: decodeBase64Strict(stored.storedKey),
    serverKey: decodeBase64Strict(stored.serverKey),
  }
}
