// Which mechanism a client uses, and when it would rather not (RFC 6120 §6.3.3, XEP-0440 1.0.0 §4, XEP-0474 0.5.0 §7).
import { platform } from '#platform'
import { anonymousClient } from './anonymous.ts'
import { commonBinding, type ChannelBinding } from './channel-binding.ts'
import type { SaslCrypto } from './crypto.ts'
import { SaslError } from './error.ts'
import { externalClient } from './external.ts'
import { HtClient } from './ht.ts'
import type { ClientCredentials, ClientMechanism } from './mechanism.ts'
import { htName, MECHANISMS, scramName, strength } from './names.ts'
import { oauthBearerClient } from './oauthbearer.ts'
import { plainClient } from './plain.ts'
import { MAX_ITERATIONS, MIN_ITERATIONS, ScramClient } from './scram-client.ts'

/** What a client knows when it has to choose. */
export interface SelectOptions {
  /** The mechanisms the server offers in the profile in use, as received. */
  readonly offered: readonly string[]
  /** The mechanisms of `<fast/>`, which are no part of the profile's list (XEP-0484 §3.1). */
  readonly fastOffered?: readonly string[]
  readonly credentials: ClientCredentials
  /** The bindings this end can do; default none, which is a client without support. */
  readonly channelBindings?: readonly ChannelBinding[]
  /** The types of `<sasl-channel-binding/>`; left out when the server sent none (XEP-0440). */
  readonly bindingTypesOffered?: readonly string[] | undefined
  /** Whether the stream is encrypted and the server's certificate was accepted. */
  readonly secure: boolean
  /** Default `sasl`; SASL2 is stricter about channel binding (XEP-0440 §4). */
  readonly profile?: 'sasl' | 'sasl2'
  /** The mechanism this account logged in with before: nothing that shows more to the server is used (XEP-0474 §7). */
  readonly pin?: string | undefined
  /** Whether to give up rather than log in without channel binding; default false. */
  readonly requireBinding?: boolean
  /** Our TLS version as in `tlsVersionCode`, to compare with the server's (XEP-0515). */
  readonly tlsVersion?: string | undefined
  /** Default 4096 (RFC 7677 §4). */
  readonly minIterations?: number
  /** Default 2 000 000, about a second of work. */
  readonly maxIterations?: number
  /** Other cryptography than the platform's, for tests. */
  readonly crypto?: SaslCrypto
}

/** What binding a SCRAM of this client can and must do. */
interface BindingChoice {
  readonly binding: ChannelBinding | undefined
  readonly missed: boolean
  readonly requireOfferHash: boolean
}

/**
 * Chooses the strongest mechanism that both ends can do, by this client's order and not the server's.
 *
 * @throws {SaslError} `mechanism-too-weak` when what is left is weaker than `pin` or `requireBinding` allow, or the
 *   offer contradicts itself as only a tampered one does · `encryption-required` when only TLS is missing ·
 *   `invalid-mechanism` when nothing fits the credentials
 */
export function selectMechanism(options: SelectOptions): ClientMechanism {
  const choice = chooseBinding(options)
  const { credentials, offered, fastOffered = [], pin, requireBinding = false } = options
  let reason = new SaslError('invalid-mechanism', { text: 'The server offers no mechanism that fits the credentials' })
  const token = credentials.token
  const order =
    token !== undefined && fastOffered.includes(token.mechanism) ? [token.mechanism, ...MECHANISMS] : MECHANISMS
  for (const name of order) {
    if (htName(name) === undefined && !offered.includes(name)) continue
    if (!possible(name, options, choice)) continue
    if (!options.secure && !(scramName(name)?.plus === false || name === 'ANONYMOUS')) {
      reason = new SaslError('encryption-required', { text: `${name} needs an encrypted stream` })
    } else if (pin !== undefined && strength(name) < strength(pin)) {
      reason = new SaslError('mechanism-too-weak', {
        text: `${name} is weaker than ${pin}, which this account used before`,
      })
    } else if (requireBinding && !binds(name)) {
      reason = new SaslError('mechanism-too-weak', { text: `${name} does not bind to the connection` })
    } else {
      return build(name, options, choice)
    }
  }
  throw reason
}

/**
 * Begins an authentication by a mechanism of the caller's choice, with the same checks of the offer.
 *
 * @throws {SaslError} `invalid-mechanism` when the credentials or the connection do not allow it
 */
export function clientMechanism(name: string, options: SelectOptions): ClientMechanism {
  const choice = chooseBinding(options)
  if (!possible(name, options, choice)) {
    throw new SaslError('invalid-mechanism', { text: `${name} cannot be done with these credentials here` })
  }
  return build(name, options, choice)
}

/** XEP-0440 §4, in its order; its sixth rule as XEP-0474 §7 changes it. */
function chooseBinding(options: SelectOptions): BindingChoice {
  const { offered, channelBindings = [], profile = 'sasl', secure } = options
  const types = options.bindingTypesOffered?.length === 0 ? undefined : options.bindingTypesOffered
  const plus = offered.some(name => name.endsWith('-PLUS'))
  const capable = secure && channelBindings.length > 0
  if (plus && types === undefined && profile === 'sasl2') {
    throw tampered('The server offers channel binding but no type of it')
  }
  if (!plus && types !== undefined && (profile === 'sasl2' || capable)) {
    throw tampered('The server offers types of channel binding but no mechanism with it')
  }
  if (!capable) return { binding: undefined, missed: false, requireOfferHash: false }
  if (!plus) return { binding: undefined, missed: true, requireOfferHash: false }
  const binding = commonBinding(channelBindings, types)
  // No type in common is honest only if the server vouches for its list in `h`, or lists the type every server has.
  return {
    binding,
    missed: false,
    requireOfferHash: binding === undefined && types?.includes('tls-server-end-point') === false,
  }
}

function possible(name: string, options: SelectOptions, choice: BindingChoice): boolean {
  const { username, password, token, bearer, external, anonymous } = options.credentials
  const scram = scramName(name)
  if (scram !== undefined) {
    return username !== undefined && password !== undefined && (!scram.plus || choice.binding !== undefined)
  }
  const ht = htName(name)
  if (ht !== undefined) {
    const bound = ht.binding === undefined || options.channelBindings?.some(candidate => candidate.type === ht.binding)
    return username !== undefined && token?.mechanism === name && bound === true
  }
  switch (name) {
    case 'EXTERNAL':
      return external === true
    case 'OAUTHBEARER':
      return bearer !== undefined
    case 'PLAIN':
      return username !== undefined && password !== undefined
    case 'ANONYMOUS':
      return anonymous === true
    default:
      return false
  }
}

/** Only after {@link possible}: what a mechanism needs is there. */
function build(name: string, options: SelectOptions, choice: BindingChoice): ClientMechanism {
  const { credentials, crypto = platform } = options
  const { username = '', password = '', authzid } = credentials
  const scram = scramName(name)
  if (scram !== undefined) {
    return new ScramClient(name, {
      username,
      password,
      authzid,
      binding: scram.plus ? choice.binding : undefined,
      missedBinding: choice.missed,
      offer: { mechanisms: options.offered, bindingTypes: options.bindingTypesOffered },
      requireOfferHash: choice.requireOfferHash,
      tlsVersion: options.tlsVersion,
      minIterations: options.minIterations ?? MIN_ITERATIONS,
      maxIterations: options.maxIterations ?? MAX_ITERATIONS,
      cache: credentials.scramCache,
      crypto,
    })
  }
  const ht = htName(name)
  if (ht !== undefined) {
    const binding = options.channelBindings?.find(candidate => candidate.type === ht.binding)
    return new HtClient(name, { username, token: credentials.token!.token }, { binding, crypto })
  }
  switch (name) {
    case 'EXTERNAL':
      return externalClient(authzid)
    case 'OAUTHBEARER':
      return oauthBearerClient(credentials.bearer!, authzid)
    case 'PLAIN':
      return plainClient(username, password, authzid)
    default:
      return anonymousClient()
  }
}

function binds(name: string): boolean {
  return scramName(name)?.plus === true || htName(name)?.binding !== undefined
}

function tampered(text: string): SaslError {
  return new SaslError('mechanism-too-weak', { text })
}
