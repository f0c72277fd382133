/** One authentication on the receiving side, whatever it looks like on the wire: what is offered, who may try, and what an attempt leads to. */

import { BareJid } from '@tercet/jid'
import {
  offeredMechanisms,
  SaslError,
  serverMechanism,
  tlsVersionCode,
  type ChannelBinding,
  type Credentials,
  type SaslCondition,
  type FastToken,
  type ScramHash,
  type ServerContext,
  type ServerMechanism,
  type ServerStep,
} from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import type { Negotiation } from '../receiver.ts'
import type { TlsInfo } from '../transport.ts'
import type { TlsHost } from './starttls.ts'

/** Exchanges of any outcome but success on one connection: a client may have to try several mechanisms. */
const MAX_ATTEMPTS = 20
const MAX_FAILURES = 5

/** What authentication asks of a host. */
export interface SaslHost extends TlsHost {
  /**
   * Mechanisms with a password that are offered; which of them a connection gets depends on its TLS. EXTERNAL, OAUTHBEARER and ANONYMOUS
   * are offered where the credentials have them.
   */
  readonly mechanisms: Pick<Parameters<typeof offeredMechanisms>[0], 'hashes' | 'plain' | 'plus'>
  /** Finds out what {@link SaslHost.hashes} needs to know of the stream's `from`, before a list of mechanisms is made. */
  prepare?(negotiation: Negotiation<SaslHost>): void | Promise<void>
  /** Hashes that the account of the stream's `from` has keys of, if that can be told (SCR-08). Default: those of `mechanisms`. */
  hashes?(negotiation: Negotiation<SaslHost>): readonly ScramHash[]
  /** Failed attempts on one connection before it is closed (RFC 6120 §6.4.5), default 5. */
  readonly maxFailures?: number
  /** What a client is told after a bearer token that did not do (RFC 7628 §3.2.2). */
  readonly oauth?: ServerContext['oauth']
  /** What this stream can be authenticated with; asked for each list of mechanisms, and anew for each exchange. */
  credentials(negotiation: Negotiation<SaslHost>): Credentials
  /** The account of an authenticated user name; undefined when it may not log in. Default: that name at the domain. */
  identity?(username: string): BareJid | undefined
  /** Called before an attempt; resolves when it may go on. False refuses it for now (`temporary-auth-failure`). Default: all may. */
  admit?(negotiation: Negotiation<SaslHost>): boolean | Promise<boolean>
  /** Somebody may have guessed; the answer waits for the result. */
  refused?(negotiation: Negotiation<SaslHost>, mechanism: string): void | Promise<void>
  /** An attempt failed for a reason of ours (`temporary-auth-failure`): log it. */
  troubled?(negotiation: Negotiation<SaslHost>, mechanism: string, cause: unknown): void
}

/** What a stream can be authenticated with. */
export interface Offer {
  /** Strongest first. */
  readonly names: readonly string[]
  /** Empty unless one of the mechanisms binds: types alone would contradict the list (XEP-0440 §3). */
  readonly bindings: readonly ChannelBinding[]
  readonly credentials: Credentials
  /** A bare address, unprepared: nobody else is to be acted for. Undefined: no such bound. */
  readonly only?: string | undefined
}

/** Makes the offer for a stream as it is now. */
export function makeOffer(negotiation: Negotiation<SaslHost>): Offer {
  const { stream, host } = negotiation
  const credentials = host.credentials(negotiation)
  const bindings = bindingsOf(negotiation)
  const names = offeredMechanisms({
    ...host.mechanisms,
    hashes: host.hashes?.(negotiation) ?? host.mechanisms.hashes ?? [],
    external: credentials.external !== undefined,
    bearer: credentials.bearer !== undefined,
    anonymous: credentials.anonymous !== undefined,
    secure: stream.transport.tls !== undefined,
    channelBindings: bindings,
  })
  return { names, bindings: names.some(isPlus) ? bindings : [], credentials }
}

/** The channel bindings that this connection can do. */
function bindingsOf({ stream }: Negotiation<SaslHost>): ChannelBinding[] {
  const { tls, framing } = stream.transport
  // Who speaks WebSocket cannot see the TLS below it (RFC 7395 §3.9).
  if (!tls || framing === 'websocket') return []
  return tls.channelBindings.map(type => new LateBinding(type, tls))
}

/** Exporting keys costs as much as some messages, and is asked for thrice in a login: it is done for who binds, which most do not. */
class LateBinding implements ChannelBinding {
  readonly type: ChannelBinding['type']
  readonly #tls: TlsInfo

  constructor(type: ChannelBinding['type'], tls: TlsInfo) {
    this.type = type
    this.#tls = tls
  }

  /** @throws {SaslError} the connection is gone */
  get data(): Uint8Array {
    const data = this.#tls.channelBinding(this.type)
    if (data === undefined) throw new SaslError('temporary-auth-failure')
    return data
  }
}

function isPlus(name: string): boolean {
  return name.endsWith('-PLUS')
}

/** `<sasl-channel-binding/>` for an offer (XEP-0440 §2); one for both profiles. Empty text without bindings. */
export function bindingTypes({ bindings }: Offer): string {
  if (bindings.length === 0) return ''
  const types = bindings.map(({ type }) => `<channel-binding type='${type}'/>`).join('')
  return `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${types}</sasl-channel-binding>`
}

/** An attempt that came to nothing. */
export interface Failure {
  readonly kind: 'failure'
  /** Empty when it was not known which one. */
  readonly mechanism: string
  readonly condition: SaslCondition
  readonly text?: string | undefined
  /** Whether a secret may have been guessed. */
  readonly guess: boolean
}

/** An attempt that proved an account. */
export interface Success {
  readonly kind: 'success'
  readonly mechanism: string
  readonly account: BareJid
  readonly data: Uint8Array | undefined
  /** The token that was shown, for HT-*. */
  readonly token: FastToken | undefined
}

/** How an attempt goes on. */
export type Outcome = { readonly kind: 'challenge'; readonly data: Uint8Array } | Success | Failure

/** One attempt, from the choice of a mechanism to its end. */
export class Attempt {
  readonly #negotiation: Negotiation<SaslHost>
  readonly #mechanism: ServerMechanism
  /** A SCRAM exchange shows its proof in the second message only. */
  #challenged = false

  constructor(negotiation: Negotiation<SaslHost>, mechanism: ServerMechanism) {
    this.#negotiation = negotiation
    this.#mechanism = mechanism
  }

  /** Takes a message of the initiator; `undefined` is an initial response that is missing, not an empty one. */
  async take(data: Uint8Array | undefined): Promise<Outcome> {
    const mechanism = this.#mechanism.name
    const step = await this.#mechanism.respond(data)
    if (step.kind === 'challenge') {
      this.#challenged = true
      return step
    }
    if (step.kind === 'failure') return this.#failure(step)
    const account = identify(this.#negotiation.host, step.username)
    if (!account) return { kind: 'failure', mechanism, condition: 'account-disabled', guess: false }
    return { kind: 'success', mechanism, account, data: step.data, token: step.token }
  }

  /** What the initiator sent is not what the profile allows. */
  refuse(condition: SaslCondition, text: string | undefined): Failure {
    return { kind: 'failure', mechanism: this.#mechanism.name, condition, text, guess: false }
  }

  #failure({ condition, text, cause }: Extract<ServerStep, { kind: 'failure' }>): Failure {
    const { name } = this.#mechanism
    if (cause !== undefined) this.#negotiation.host.troubled?.(this.#negotiation, name, cause)
    // A client that finds by trial which channel binding is possible shows no proof before the server's challenge.
    const guess = condition === 'not-authorized' && (this.#challenged || !name.startsWith('SCRAM-'))
    return { kind: 'failure', mechanism: name, condition, text, guess }
  }
}

/** Begins an attempt with a mechanism of the offer, if the host lets this stream try (SASL-02). */
export async function beginAttempt(
  negotiation: Negotiation<SaslHost>,
  name: string,
  offer: Offer,
): Promise<Attempt | Failure> {
  // serverMechanism() knows HT-* without being told, since other lists hold them.
  const mechanism = offer.names.includes(name) ? serverMechanism(name, context(negotiation, offer)) : undefined
  if (!mechanism) return { kind: 'failure', mechanism: '', condition: 'invalid-mechanism', guess: false }
  const { host } = negotiation
  if (host.admit && !(await host.admit(negotiation))) {
    const text = 'Too many failed attempts; try again later'
    return { kind: 'failure', mechanism: name, condition: 'temporary-auth-failure', text, guess: false }
  }
  return new Attempt(negotiation, mechanism)
}

/** The text for a person that goes with a failure: the same for an unknown name and for a wrong password (RFC 6120 §6.5.10). */
export function failureText({ condition, text }: Failure): string | undefined {
  return condition === 'not-authorized' ? 'The name or the password is wrong' : text
}

/** Tells the host of an attempt that may have been a guess; what it answers waits for that. */
export function report(negotiation: Negotiation<SaslHost>, { guess, mechanism }: Failure): void | Promise<void> {
  if (guess) return negotiation.host.refused?.(negotiation, mechanism)
}

/** Counts an attempt that failed, after it was answered. @throws {StreamError} `policy-violation`: there were too many */
export function countFailure(negotiation: Negotiation<SaslHost>, { guess }: Failure): void {
  negotiation.attempts++
  if (guess) negotiation.failures++
  if (negotiation.failures >= (negotiation.host.maxFailures ?? MAX_FAILURES) || negotiation.attempts >= MAX_ATTEMPTS) {
    throw new StreamError('policy-violation', { text: 'Too many failed attempts' })
  }
}

function identify(host: SaslHost, username: string): BareJid | undefined {
  if (host.identity) return host.identity(username)
  try {
    return BareJid.of(username, host.domain)
  } catch {
    return undefined
  }
}

function context(negotiation: Negotiation<SaslHost>, offer: Offer): ServerContext {
  const { stream, host } = negotiation
  const { tls } = stream.transport
  return {
    credentials: offer.credentials,
    channelBindings: offer.bindings,
    plusOffered: offer.names.some(isPlus),
    offeredMechanisms: offer.names,
    ...(offer.bindings.length > 0 ? { offeredBindingTypes: offer.bindings.map(({ type }) => type) } : {}),
    ...(tls ? { tlsVersion: tlsVersionCode(tls.protocol) } : {}),
    oauth: host.oauth,
    // RFC 6120 §6.3.8: acting for somebody else is not offered.
    allowAuthzid: (username, authzid) => {
      const account = identify(host, username)
      return isOwn(account, authzid) && (offer.only === undefined || isOwn(account, offer.only))
    },
  }
}

function isOwn(account: BareJid | undefined, authzid: string): boolean {
  try {
    return account !== undefined && BareJid.parse(authzid).text === account.text
  } catch {
    return false
  }
}
