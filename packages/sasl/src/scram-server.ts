// SCRAM, the server's side (RFC 5802, RFC 7677), with the downgrade attributes of XEP-0474 0.5.0 and XEP-0515 0.1.0.
import { authorise, checkAuthzid } from './authzid.ts'
import { andThen, type Awaitable } from './awaitable.ts'
import { encodeBase64 } from './base64.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { constantTimeEqual } from './constant-time.ts'
import { HASH_BYTES, type SaslCrypto } from './crypto.ts'
import { offerHash } from './downgrade.ts'
import { malformed, SaslError } from './error.ts'
import type { ServerContext, ServerStep } from './mechanism.ts'
import type { ScramName } from './names.ts'
import { prepareUsername } from './prepare.ts'
import { fakeScramKeys, type ScramKeys } from './scram-keys.ts'
import {
  parseClientFinal,
  parseClientFirst,
  type BindingFlag,
  type ClientFinal,
  type ClientFirst,
} from './scram-messages.ts'
import { bindingValue, xor } from './scram-proof.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, encodeText } from './text.ts'

/** What is kept between the two messages of the client. */
interface Pending {
  readonly username: string
  readonly authzid: string | undefined
  readonly keys: ScramKeys
  /** False for keys that were made up. */
  readonly known: boolean
  /** What `c=` must be. */
  readonly binding: string
  readonly nonce: string
  /** The AuthMessage up to the client's last message. */
  readonly messages: string
}

export class ScramServer implements ServerMachine {
  readonly #name: ScramName
  readonly #context: ServerContext
  readonly #crypto: SaslCrypto
  #pending: Pending | undefined

  constructor(name: ScramName, context: ServerContext, crypto: SaslCrypto) {
    this.#name = name
    this.#context = context
    this.#crypto = crypto
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    const text = decodeText(data)
    return this.#pending === undefined
      ? this.#first(parseClientFirst(text))
      : this.#final(parseClientFinal(text), this.#pending)
  }

  #first(message: ClientFirst): Awaitable<ServerStep> {
    const binding = this.#binding(message.flag)
    checkAuthzid(message.authzid)
    const username = prepareUsername(message.username)
    const { hash } = this.#name
    return andThen(this.#context.credentials.scramKeys(username, hash), found =>
      andThen(found ?? this.#fakeKeys(username), keys =>
        andThen(this.#downgradeAttributes(), attributes => {
          const nonce = message.nonce + this.#crypto.nonce()
          const serverFirst = `r=${nonce},s=${encodeBase64(keys.salt)},i=${keys.iterations}${attributes}`
          this.#pending = {
            username,
            authzid: message.authzid,
            keys,
            known: found !== undefined,
            binding: bindingValue(message.gs2Header, binding),
            nonce,
            messages: `${message.bare},${serverFirst},`,
          }
          return { kind: 'challenge', data: encodeText(serverFirst) }
        }),
      ),
    )
  }

  #final(message: ClientFinal, pending: Pending): Awaitable<ServerStep> {
    const { hash } = this.#name
    const { keys, username, authzid } = pending
    if (message.proof.length !== HASH_BYTES[hash]) throw malformed('The proof has not the length of the hash')
    if (message.nonce !== pending.nonce) throw refused('The nonce is not the one that was sent')
    // Also for `n` and `y`: else an attacker could turn one flag into another (RFC 5802 §6).
    if (message.binding !== pending.binding) throw refused('The channel bindings do not match')
    const authMessage = pending.messages + message.withoutProof
    return andThen(this.#crypto.hmac(hash, keys.storedKey, authMessage), signature =>
      andThen(this.#crypto.hash(hash, xor(message.proof, signature)), storedKey => {
        if (!constantTimeEqual(storedKey, keys.storedKey) || !pending.known) throw new SaslError('not-authorized')
        return andThen(this.#crypto.hmac(hash, keys.serverKey, authMessage), verifier =>
          authorise(this.#context, { username, authzid, data: encodeText(`v=${encodeBase64(verifier)}`) }),
        )
      }),
    )
  }

  /** The binding the client chose, if any; refuses what RFC 5802 §6 calls a downgrade or a misfit (SCR-04). */
  #binding(flag: BindingFlag): ChannelBinding | undefined {
    const { channelBindings, plusOffered } = this.#context
    if ((flag.kind === 'p') !== this.#name.plus) throw malformed('The mechanism and its channel binding flag disagree')
    if (flag.kind === 'n') return undefined
    if (flag.kind === 'y') {
      if (plusOffered) throw refused('Channel binding was offered, but the client has not seen it')
      return undefined
    }
    const binding = channelBindings.find(candidate => candidate.type === flag.type)
    if (binding === undefined) throw refused('The channel binding type is not supported')
    return binding
  }

  #fakeKeys(username: string): Awaitable<ScramKeys> {
    const { fakeSaltSecret, iterations } = this.#context.credentials
    return fakeScramKeys(username, this.#name.hash, { secret: fakeSaltSecret, iterations, crypto: this.#crypto })
  }

  /** `,h=…,t=…`: `t` never without `h` (XEP-0515 §5). */
  #downgradeAttributes(): Awaitable<string> {
    const { downgradeProtection = true, offeredMechanisms, offeredBindingTypes, tlsVersion } = this.#context
    if (!downgradeProtection) return ''
    const offer = { mechanisms: offeredMechanisms, bindingTypes: offeredBindingTypes }
    return andThen(offerHash(offer, this.#name.hash, this.#crypto), value =>
      tlsVersion === undefined ? `,h=${value}` : `,h=${value},t=${tlsVersion}`,
    )
  }
}

function refused(text: string): SaslError {
  return new SaslError('not-authorized', { text })
}
