/** An id that nobody can guess: 128 random bits, as 32 hexadecimal digits (RFC 6120 §4.7.3 wants that of the ids of streams). */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}
