// SCRAM, the client's side (RFC 5802, RFC 7677), checking the downgrade attributes of XEP-0474 0.5.0 and XEP-0515 0.1.0.
import { andThen, type Awaitable } from './awaitable.ts'
import { encodeBase64 } from './base64.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { constantTimeEqual } from './constant-time.ts'
import type { SaslCrypto } from './crypto.ts'
import { offerHash, type Offer } from './downgrade.ts'
import { malformed, SaslError } from './error.ts'
import type { ClientMechanism, ScramCache, ScramCacheEntry } from './mechanism.ts'
import { scramName, type ScramName } from './names.ts'
import { prepareUsername } from './prepare.ts'
import { clientKeys, saltPassword } from './scram-keys.ts'
import {
  encodeName,
  formatGs2Header,
  parseServerFinal,
  parseServerFirst,
  type BindingFlag,
  type ServerFirst,
} from './scram-messages.ts'
import { bindingValue, xor } from './scram-proof.ts'
import { decodeText, EMPTY, encodeText } from './text.ts'

/** The least count RFC 7677 §4 allows. */
export const MIN_ITERATIONS = 4096
/** About a second of PBKDF2: more is an attack on the client (RFC 5802 §9). */
export const MAX_ITERATIONS = 2_000_000

export interface ScramClientOptions {
  readonly username: string
  readonly password: string
  readonly authzid: string | undefined
  /** Required by a `-PLUS` mechanism. */
  readonly binding: ChannelBinding | undefined
  /** Without a binding: whether the client could have bound but the server seemed not to (flag `y`). */
  readonly missedBinding: boolean
  /** What the server advertised, to compare with `h`; `undefined` leaves it unchecked. */
  readonly offer: Offer | undefined
  /** Whether a server that sends no `h` is refused: the rest of the offer already looks wrong (XEP-0474 §7). */
  readonly requireOfferHash: boolean
  /** Our own TLS version, to compare with `t`. */
  readonly tlsVersion: string | undefined
  readonly minIterations: number
  readonly maxIterations: number
  readonly cache: ScramCache | undefined
  readonly crypto: SaslCrypto
}

/** What was sent first, until the server's first message is there. */
interface SentFirst {
  readonly kind: 'first'
  readonly nonce: string
  readonly bare: string
  readonly gs2Header: string
}

/** What the server must show, and the keys that are kept if it does. */
interface SentFinal {
  readonly kind: 'final'
  readonly verifier: Uint8Array
  readonly keys: ScramCacheEntry
}

type State = SentFirst | SentFinal | { readonly kind: 'idle' | 'busy' | 'verified' }

export class ScramClient implements ClientMechanism {
  readonly name: string
  readonly #scram: ScramName
  readonly #options: ScramClientOptions
  #state: State = { kind: 'idle' }

  constructor(name: string, options: ScramClientOptions) {
    const scram = scramName(name)
    if (scram === undefined || scram.plus !== (options.binding !== undefined)) {
      throw new SaslError('invalid-mechanism', { text: `${name} cannot be done on this connection` })
    }
    this.name = name
    this.#scram = scram
    this.#options = options
  }

  initial(): Uint8Array {
    const { binding, missedBinding, authzid, username, crypto } = this.#options
    const flag: BindingFlag =
      binding === undefined ? { kind: missedBinding ? 'y' : 'n' } : { kind: 'p', type: binding.type }
    const nonce = crypto.nonce()
    const gs2Header = formatGs2Header(flag, authzid)
    const bare = `n=${encodeName(prepareUsername(username))},r=${nonce}`
    this.#state = { kind: 'first', nonce, bare, gs2Header }
    return encodeText(gs2Header + bare)
  }

  challenge(data: Uint8Array): Awaitable<Uint8Array> {
    const state = this.#state
    const text = decodeText(data)
    this.#state = { kind: 'busy' }
    if (state.kind === 'first') return this.#final(parseServerFirst(text), state, text)
    if (state.kind !== 'final') throw malformed('No challenge is expected')
    // COMPAT(servers that keep to the profile without success data): the verifier comes as a challenge.
    this.#verify(text, state)
    return EMPTY
  }

  success(data: Uint8Array | undefined): void {
    const state = this.#state
    this.#state = { kind: 'busy' }
    const silent = data === undefined || data.length === 0
    if (state.kind === 'verified' && silent) return
    if (state.kind !== 'final' || silent) throw refused('The server has not proven that it knows the password')
    this.#verify(decodeText(data), state)
  }

  async #final(first: ServerFirst, sent: SentFirst, serverFirst: string): Promise<Uint8Array> {
    const { hash } = this.#scram
    const { binding, crypto } = this.#options
    if (first.nonce.length <= sent.nonce.length || !first.nonce.startsWith(sent.nonce)) {
      throw refused('The nonce does not continue ours')
    }
    await this.#checkOffer(first)
    const keys = await this.#keys(first)
    const withoutProof = `c=${bindingValue(sent.gs2Header, binding)},r=${first.nonce}`
    const authMessage = `${sent.bare},${serverFirst},${withoutProof}`
    const signature = await crypto.hmac(hash, await crypto.hash(hash, keys.clientKey), authMessage)
    const verifier = await crypto.hmac(hash, keys.serverKey, authMessage)
    this.#state = { kind: 'final', verifier, keys }
    return encodeText(`${withoutProof},p=${encodeBase64(xor(keys.clientKey, signature))}`)
  }

  /** XEP-0474 §6.2, XEP-0515 §4.2. */
  #checkOffer(first: ServerFirst): Awaitable<void> {
    const { offer, requireOfferHash, tlsVersion, crypto } = this.#options
    if (first.offerHash === undefined) {
      if (requireOfferHash)
        throw refused('The server offers channel binding of unknown types only and does not vouch for it')
      return
    }
    if (tlsVersion !== undefined && first.tlsVersion !== undefined && first.tlsVersion !== tlsVersion) {
      throw refused('The server sees another TLS version: somebody is in between')
    }
    if (offer === undefined) return
    return andThen(offerHash(offer, this.#scram.hash, crypto), expected => {
      if (expected !== first.offerHash) throw refused('The server offered something else: somebody is in between')
    })
  }

  async #keys({ salt, iterations }: ServerFirst): Promise<ScramCacheEntry> {
    const { minIterations, maxIterations, cache, username, password, crypto } = this.#options
    const { hash } = this.#scram
    if (iterations < minIterations)
      throw new SaslError('mechanism-too-weak', { text: 'The iteration count is too low' })
    if (iterations > maxIterations) throw refused('The iteration count is too high')
    const entry = cache?.entry
    // Taken out until the server accepts it, so that keys of an old password are used once and no more.
    if (cache !== undefined) cache.entry = undefined
    if (
      entry?.username === username &&
      entry.hash === hash &&
      entry.iterations === iterations &&
      constantTimeEqual(entry.salt, salt)
    ) {
      return entry
    }
    const salted = await saltPassword(password, hash, salt, iterations, crypto)
    return { username, hash, salt, iterations, ...(await clientKeys(salted, hash, crypto)) }
  }

  #verify(text: string, state: SentFinal): void {
    const final = parseServerFinal(text)
    if ('error' in final) throw refused(`The server refused: ${final.error}`)
    if (!constantTimeEqual(final.verifier, state.verifier)) {
      throw refused('The server has not proven that it knows the password')
    }
    if (this.#options.cache !== undefined) this.#options.cache.entry = state.keys
    this.#state = { kind: 'verified' }
  }
}

function refused(text: string): SaslError {
  return new SaslError('not-authorized', { text })
}
