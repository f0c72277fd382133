/** The client side of SCRAM, written apart from our own SASL package so that both cannot share a mistake. RFC 5802, RFC 7677. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** A mechanism name of the SCRAM family without `-PLUS`. */
export type ScramHash = 'sha1' | 'sha256' | 'sha512'

/** The client's last message and the signature that the server must answer with, both in clear. */
export interface ScramFinal {
  readonly message: string
  readonly serverSignature: string
}

const saltedPasswords = new Map<string, Buffer>()

/** Computes the client-final message for a conversation so far (RFC 5802 §3, §5.1). */
export function scramFinal(options: {
  readonly hash: ScramHash
  readonly password: string
  readonly clientFirstBare: string
  readonly serverFirst: string
  /** The decoded value of `c=`: the GS2 header and channel-binding data. */
  readonly channel: Buffer
  /** Replaces the nonce of the server, to see it refused. */
  readonly nonce?: string
}): ScramFinal {
  const { hash, serverFirst } = options
  const field = (name: string) => new RegExp(`(?:^|,)${name}=([^,]*)`).exec(serverFirst)?.[1] ?? ''
  const salted = saltedPassword(hash, options.password, field('s'), Number(field('i')))
  const clientKey = createHmac(hash, salted).update('Client Key').digest()
  const storedKey = createHash(hash).update(clientKey).digest()
  const withoutProof = `c=${options.channel.toString('base64')},r=${options.nonce ?? field('r')}`
  const authMessage = `${options.clientFirstBare},${serverFirst},${withoutProof}`
  const signature = createHmac(hash, storedKey).update(authMessage).digest()
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
  const serverKey = createHmac(hash, salted).update('Server Key').digest()
  return {
    message: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: createHmac(hash, serverKey).update(authMessage).digest('base64'),
  }
}

function saltedPassword(hash: ScramHash, password: string, salt: string, iterations: number): Buffer {
  const key = JSON.stringify([hash, password, salt, iterations])
  const known = saltedPasswords.get(key)
  if (known) return known
  const length = createHash(hash).digest().length
  const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(salt, 'base64'), iterations, length, hash)
  if (saltedPasswords.size >= 10_000) saltedPasswords.clear()
  saltedPasswords.set(key, salted)
  return salted
}
