// SaslCrypto by WebCrypto, for browsers and every runtime that is not Node.
import { encodeBase64 } from '../base64.ts'
import { HASH_BYTES, type SaslCrypto } from '../crypto.ts'

const encoder = new TextEncoder()

/** A copy over an ArrayBuffer of its own, which WebCrypto's types ask for. */
function own(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data)
}

export const platform: SaslCrypto = {
  hash: async (hash, data) => new Uint8Array(await crypto.subtle.digest(hash, own(data))),
  hmac: async (hash, key, data) => {
    const secret = await crypto.subtle.importKey('raw', own(key), { name: 'HMAC', hash }, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', secret, own(data)))
  },
  pbkdf2: async (hash, password, salt, iterations) => {
    const secret = await crypto.subtle.importKey('raw', own(password), 'PBKDF2', false, ['deriveBits'])
    const parameters = { name: 'PBKDF2', hash, salt: own(salt), iterations }
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, secret, HASH_BYTES[hash] * 8))
  },
  nonce: () => encodeBase64(crypto.getRandomValues(new Uint8Array(18))),
}
