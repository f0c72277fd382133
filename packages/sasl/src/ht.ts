// HT-SHA-256-*: Hashed Tokens (draft-schmaus-kitten-sasl-ht-09) as FAST uses them (XEP-0484 0.2.0).
import { platform } from '#platform'
import { authorise } from './authzid.ts'
import { andThen, type Awaitable } from './awaitable.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { constantTimeEqual } from './constant-time.ts'
import { HASH_BYTES, type SaslCrypto } from './crypto.ts'
import { malformed, SaslError } from './error.ts'
import type { ClientMechanism, FastToken, ServerContext, ServerStep } from './mechanism.ts'
import { prepareUsername } from './prepare.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, EMPTY, encodeText } from './text.ts'

const HASH = 'SHA-256'
const INITIATOR = 'Initiator'
const RESPONDER = 'Responder'
/** Stands in where a user has no token, so that the work is the same. */
const NOBODY: FastToken = { key: encodeText('nobody'), expired: false }
/** HMAC hashes keys that are longer than a block of its hash function (RFC 2104 §2). */
const BLOCK_BYTES = 64

/** @throws {SaslError} `malformed-request` */
export function parseHt(data: Uint8Array): { username: string; proof: Uint8Array } {
  const end = data.indexOf(0)
  if (end < 1) throw malformed('The user name is missing')
  const proof = data.subarray(end + 1)
  if (proof.length !== HASH_BYTES[HASH]) throw malformed('The proof has not the length of the hash')
  return { username: decodeText(data.subarray(0, end)), proof }
}

export class HtServer implements ServerMachine {
  readonly #name: string
  readonly #context: ServerContext
  readonly #binding: Uint8Array
  readonly #crypto: SaslCrypto

  constructor(
    name: string,
    context: ServerContext,
    { binding, crypto }: { binding: ChannelBinding | undefined; crypto: SaslCrypto },
  ) {
    this.#name = name
    this.#context = context
    this.#binding = binding?.data ?? EMPTY
    this.#crypto = crypto
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    const { username: sent, proof } = parseHt(data)
    const username = prepareUsername(sent)
    return andThen(this.#context.credentials.token!(username, this.#name), tokens =>
      andThen(this.#find(tokens.length === 0 ? [NOBODY] : tokens, proof, 0), token => {
        if (token === undefined || token === NOBODY) throw new SaslError('not-authorized')
        if (token.expired) throw new SaslError('credentials-expired')
        return andThen(tokenHash(token.key, RESPONDER, this.#binding, this.#crypto), response =>
          authorise(this.#context, { username, authzid: undefined, data: response, token }),
        )
      }),
    )
  }

  #find(tokens: readonly FastToken[], proof: Uint8Array, at: number): Awaitable<FastToken | undefined> {
    const token = tokens[at]
    if (token === undefined) return undefined
    return andThen(tokenHash(token.key, INITIATOR, this.#binding, this.#crypto), expected =>
      token.key.length > 0 && constantTimeEqual(expected, proof) ? token : this.#find(tokens, proof, at + 1),
    )
  }
}

/** The client's side: one message, and the server must answer that it knows the token too. */
export class HtClient implements ClientMechanism {
  readonly name: string
  readonly #username: string
  readonly #key: Uint8Array
  readonly #binding: Uint8Array
  readonly #crypto: SaslCrypto

  constructor(
    name: string,
    { username, token }: { username: string; token: string },
    { binding, crypto }: { binding: ChannelBinding | undefined; crypto: SaslCrypto },
  ) {
    if (token === '') throw new SaslError('not-authorized', { text: 'The token is empty' })
    this.name = name
    this.#username = username
    this.#key = encodeText(token)
    this.#binding = binding?.data ?? EMPTY
    this.#crypto = crypto
  }

  initial(): Awaitable<Uint8Array> {
    const username = encodeText(prepareUsername(this.#username) + '\0')
    return andThen(tokenHash(this.#key, INITIATOR, this.#binding, this.#crypto), proof => joined(username, proof))
  }

  challenge(): never {
    throw malformed('Hashed tokens have no challenges')
  }

  success(data: Uint8Array | undefined): Awaitable<void> {
    return andThen(tokenHash(this.#key, RESPONDER, this.#binding, this.#crypto), expected => {
      if (data === undefined || !constantTimeEqual(expected, data)) {
        throw new SaslError('not-authorized', { text: 'The server has not proven that it knows the token' })
      }
    })
  }
}

/**
 * What a server has to keep of a token to check it: nothing that a client could show when the token has more than 64 bytes, and the token
 * itself otherwise. It is as good as the token to whoever computes the mechanism by hand, so it is kept like one.
 */
export function fastTokenKey(token: string, crypto: SaslCrypto = platform): Awaitable<Uint8Array> {
  const bytes = encodeText(token)
  return bytes.length > BLOCK_BYTES ? crypto.hash(HASH, bytes) : bytes
}

function tokenHash(key: Uint8Array, role: string, binding: Uint8Array, crypto: SaslCrypto): Awaitable<Uint8Array> {
  return crypto.hmac(HASH, key, joined(encodeText(role), binding))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length + b.length)
  result.set(a)
  result.set(b, a.length)
  return result
}
