/** Unguessable names: stream ids, resources, SM-IDs (RFC 6120 §4.7.3, XEP-0198 §5). */

const BATCH = 4096
let pool = new Uint8Array(0)
let used = 0

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A random text of `length` characters that need no escaping anywhere; 22 of them hold 132 bits. */
export function newToken(length = 22): string {
  if (used + length > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(BATCH))
    used = 0
  }
  let token = ''
  for (let index = 0; index < length; index++) token += alphabet[pool[used++]! & 63]!
  return token
}
