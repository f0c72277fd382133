/** SASL (RFC 6120 §6) with channel-binding types (XEP-0440), receiving side. */

import { BareJid } from '@tercet/jid'
import {
  decodeBase64Strict,
  encodeBase64,
  offeredMechanisms,
  SaslError,
  serverMechanism,
  tlsVersionCode,
  type ChannelBinding,
  type Credentials,
  type SaslCondition,
  type ServerContext,
  type ServerMechanism,
} from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { escapeText, type Fragment } from '@tercet/xml'
import { needsTls, type TlsHost } from './starttls.ts'
import type { Negotiation, Outcome, ReceiverFeature } from '../receiver.ts'

const NS = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_CB = 'urn:xmpp:sasl-cb:0'
/** Exchanges of any outcome but success on one connection: a client may have to try several mechanisms. */
const MAX_ATTEMPTS = 20
const MAX_FAILURES = 5

/** What authentication asks of a host. */
export interface SaslHost extends TlsHost {
  /** Kinds of mechanisms to offer; which of them a connection gets depends on its TLS. */
  readonly mechanisms: Omit<Parameters<typeof offeredMechanisms>[0], 'secure' | 'channelBindings'>
  /** Failed attempts on one connection before it is closed (RFC 6120 §6.4.5), default 5. */
  readonly maxFailures?: number
  credentials(negotiation: Negotiation<SaslHost>): Credentials
  /** The account of an authenticated user name; undefined when it may not log in. Default: that name at the domain. */
  identity?(username: string): BareJid | undefined
  /** Called before an attempt; resolves when it may go on. False refuses it for now (`temporary-auth-failure`). Default: all may. */
  admit?(negotiation: Negotiation<SaslHost>): boolean | Promise<boolean>
  /** Somebody may have guessed; the answer waits for the result. */
  refused?(negotiation: Negotiation<SaslHost>, mechanism: string): void | Promise<void>
}

/** Offers mechanisms to a stream that has none behind it, and authenticates. */
export const sasl: ReceiverFeature<SaslHost> = {
  name: 'sasl',
  advertise(negotiation) {
    if (negotiation.account || needsTls(negotiation)) return undefined
    const offer = makeOffer(negotiation)
    if (offer.names.length === 0) return undefined
    const names = offer.names.map(name => `<mechanism>${name}</mechanism>`).join('')
    const types = offer.bindings.map(({ type }) => `<channel-binding type='${type}'/>`).join('')
    return (
      `<mechanisms xmlns='${NS}'>${names}</mechanisms>` +
      (types === '' ? '' : `<sasl-channel-binding xmlns='${NS_CB}'>${types}</sasl-channel-binding>`)
    )
  },
  accepts: element => element.ns === NS,
  async negotiate(negotiation, element) {
    if (negotiation.account) throw new StreamError('policy-violation', { text: 'This stream is authenticated already' })
    return authenticate(negotiation, element)
  },
}

interface Offer {
  readonly names: readonly string[]
  readonly bindings: readonly ChannelBinding[]
}

function makeOffer({ stream, host }: Negotiation<SaslHost>): Offer {
  const tls = stream.transport.tls
  const bindings: ChannelBinding[] = []
  // Who speaks WebSocket cannot see the TLS below it (RFC 7395 §3.9).
  const types = stream.transport.framing === 'websocket' ? [] : (tls?.channelBindings ?? [])
  for (const type of types) {
    const data = tls?.channelBinding(type)
    if (data) bindings.push({ type, data })
  }
  const names = offeredMechanisms({ ...host.mechanisms, secure: tls !== undefined, channelBindings: bindings })
  // Types without a mechanism that binds would contradict themselves (XEP-0440 §3).
  return { names, bindings: names.some(isPlus) ? bindings : [] }
}

function isPlus(name: string): boolean {
  return name.endsWith('-PLUS')
}

/** One exchange, from `<auth/>` to success, failure or abort. */
async function authenticate(negotiation: Negotiation<SaslHost>, first: Fragment): Promise<Outcome> {
  const { stream, host, pull } = negotiation
  let element = first
  let mechanism: ServerMechanism | undefined
  for (;;) {
    if (element.ns !== NS) throw new StreamError('policy-violation', { text: 'Finish authentication first' })
    const step = await take(negotiation, mechanism, element)
    if (step.kind === 'challenge') {
      mechanism = step.mechanism
      stream.send(`<challenge xmlns='${NS}'>${encode(step.data)}</challenge>`)
      element = await pull.element()
      continue
    }
    if (step.kind === 'failure') {
      return await fail(negotiation, step, isGuess(element, step))
    }
    const account = identify(host, step.username)
    if (!account) {
      return await fail(
        negotiation,
        { kind: 'failure', mechanism: step.mechanism, condition: 'account-disabled' },
        false,
      )
    }
    negotiation.account = account
    negotiation.mechanism = step.mechanism
    stream.send(step.data ? `<success xmlns='${NS}'>${encode(step.data)}</success>` : `<success xmlns='${NS}'/>`)
    return 'restart'
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

type Step =
  | { kind: 'challenge'; mechanism: ServerMechanism; data: Uint8Array }
  | { kind: 'success'; mechanism: string; username: string; data: Uint8Array | undefined }
  | Failure

interface Failure {
  readonly kind: 'failure'
  readonly mechanism: string
  readonly condition: SaslCondition
  readonly text?: string | undefined
}

/** What one element of the initiator leads to (RFC 6120 §6.4). */
async function take(
  negotiation: Negotiation<SaslHost>,
  current: ServerMechanism | undefined,
  element: Fragment,
): Promise<Step> {
  const name = current?.name ?? ''
  switch (element.name) {
    case 'abort':
      return { kind: 'failure', mechanism: name, condition: 'aborted' }
    case 'auth': {
      // §6.5.4
      if (needsTls(negotiation)) return { kind: 'failure', mechanism: name, condition: 'encryption-required' }
      // An <auth/> during an exchange discards the old one (§6.4.2).
      const wanted = element.attr('mechanism') ?? ''
      const offer = makeOffer(negotiation)
      const mechanism = offer.names.includes(wanted) ? serverMechanism(wanted, context(negotiation, offer)) : undefined
      if (!mechanism) return { kind: 'failure', mechanism: '', condition: 'invalid-mechanism' }
      if (negotiation.host.admit && !(await negotiation.host.admit(negotiation))) {
        return {
          kind: 'failure',
          mechanism: wanted,
          condition: 'temporary-auth-failure',
          text: 'Too many failed attempts; try again later',
        }
      }
      return respond(mechanism, element)
    }
    case 'response':
      if (current) return respond(current, element)
      return {
        kind: 'failure',
        mechanism: name,
        condition: 'malformed-request',
        text: 'There is no exchange to respond to',
      }
    default:
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
}

async function respond(mechanism: ServerMechanism, element: Fragment): Promise<Step> {
  const text = element.content.directText()
  try {
    // No text at all is no initial response; '=' is an empty one (§6.4.2). A response without text is an empty one.
    const data =
      text === '' && element.name === 'auth' ? undefined : text === '=' ? new Uint8Array() : decodeBase64Strict(text)
    const step = await mechanism.respond(data)
    switch (step.kind) {
      case 'challenge':
        return { kind: 'challenge', mechanism, data: step.data }
      case 'success':
        return { kind: 'success', mechanism: mechanism.name, username: step.username, data: step.data }
      case 'failure':
        return { kind: 'failure', mechanism: mechanism.name, condition: step.condition, text: step.text }
    }
  } catch (error) {
    if (!(error instanceof SaslError)) throw error
    return { kind: 'failure', mechanism: mechanism.name, condition: error.condition, text: error.message }
  }
}

function context(negotiation: Negotiation<SaslHost>, offer: Offer): ServerContext {
  const { stream, host } = negotiation
  return {
    credentials: host.credentials(negotiation),
    channelBindings: offer.bindings,
    plusOffered: offer.names.some(isPlus),
    offeredMechanisms: offer.names,
    ...(offer.bindings.length > 0 ? { offeredBindingTypes: offer.bindings.map(({ type }) => type) } : {}),
    ...(stream.transport.tls ? { tlsVersion: tlsVersionCode(stream.transport.tls.protocol) } : {}),
    // RFC 6120 §6.3.8: acting for somebody else is not offered.
    allowAuthzid: (username: string, authzid: string) => identify(host, username)?.text === authzid,
  }
}

/**
 * Whether a failure may have been an attempt to guess a password. A client that finds by trial which channel binding is possible shows no proof
 * before the server's challenge.
 */
function isGuess(element: Fragment, { condition, mechanism }: Failure): boolean {
  return condition === 'not-authorized' && (element.name === 'response' || !mechanism.startsWith('SCRAM-'))
}

async function fail(negotiation: Negotiation<SaslHost>, failure: Failure, guess: boolean): Promise<Outcome> {
  const { stream, host } = negotiation
  const { mechanism, condition, text } = failure
  if (guess) await host.refused?.(negotiation, mechanism)
  // The same words for an unknown name and for a wrong password (§6.5.10).
  const said = condition === 'not-authorized' ? 'The name or the password is wrong' : text
  const words = said === undefined ? '' : `<text xml:lang='en'>${escapeText(said)}</text>`
  stream.send(`<failure xmlns='${NS}'><${condition}/>${words}</failure>`)
  negotiation.attempts++
  if (guess) negotiation.failures++
  if (negotiation.failures >= (host.maxFailures ?? MAX_FAILURES) || negotiation.attempts >= MAX_ATTEMPTS) {
    throw new StreamError('policy-violation', { text: 'Too many failed attempts' })
  }
  return 'continue'
}

function encode(data: Uint8Array): string {
  return data.length === 0 ? '=' : encodeBase64(data)
}
