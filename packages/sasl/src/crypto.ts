// The cryptography that mechanisms need, as a port: node:crypto on Node, WebCrypto elsewhere.
import type { Awaitable } from './awaitable.ts'

/** The hash functions SCRAM is registered with; names as in the mechanism. */
export type ScramHash = 'SHA-1' | 'SHA-256' | 'SHA-512'

/** Length of each hash's output in bytes. */
export const HASH_BYTES: Readonly<Record<ScramHash, number>> = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 }

/** What the platform file provides. Text is hashed as UTF-8. */
export interface SaslCrypto {
  hash(hash: ScramHash | 'SHA-384', data: Uint8Array | string): Awaitable<Uint8Array>
  hmac(hash: ScramHash, key: Uint8Array, data: Uint8Array | string): Awaitable<Uint8Array>
  /** PBKDF2 with an output as long as the hash's; never on the event loop. */
  pbkdf2(hash: ScramHash, password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array>
  /** 144 random bits as printable ASCII without commas. */
  nonce(): string
}
