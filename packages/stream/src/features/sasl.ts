/** SASL (RFC 6120 §6) with channel-binding types (XEP-0440), receiving side. */

import { decodeBase64Strict, encodeBase64, SaslError } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { escapeText, type Fragment } from '@tercet/xml'
import {
  beginAttempt,
  bindingTypes,
  countFailure,
  failureText,
  makeOffer,
  report,
  type Attempt,
  type Failure,
  type Outcome,
  type SaslHost,
} from './sasl-exchange.ts'
import { needsTls } from './starttls.ts'
import type { Negotiation, ReceiverFeature } from '../receiver.ts'

const NS = 'urn:ietf:params:xml:ns:xmpp-sasl'

/** Offers mechanisms to a stream that has none behind it, and authenticates. */
export const sasl: ReceiverFeature<SaslHost> = {
  name: 'sasl',
  prepare: negotiation =>
    negotiation.account || needsTls(negotiation) ? undefined : negotiation.host.prepare?.(negotiation),
  advertise(negotiation) {
    if (negotiation.account || needsTls(negotiation)) return undefined
    const offer = makeOffer(negotiation)
    if (offer.names.length === 0) return undefined
    const names = offer.names.map(name => `<mechanism>${name}</mechanism>`).join('')
    return `<mechanisms xmlns='${NS}'>${names}</mechanisms>${bindingTypes(offer)}`
  },
  accepts: element => element.ns === NS,
  async negotiate(negotiation, element) {
    if (negotiation.account) throw new StreamError('policy-violation', { text: 'This stream is authenticated already' })
    return authenticate(negotiation, element)
  },
}

/** One exchange, from `<auth/>` to success, failure or abort. */
async function authenticate(negotiation: Negotiation<SaslHost>, first: Fragment): Promise<'restart' | 'continue'> {
  const { stream, pull } = negotiation
  let element = first
  let attempt: Attempt | undefined
  for (;;) {
    if (element.ns !== NS) throw new StreamError('policy-violation', { text: 'Finish authentication first' })
    if (element.name === 'auth') {
      // An <auth/> during an exchange discards the old one (§6.4.2).
      const begun = await begin(negotiation, element)
      if ('kind' in begun) return fail(negotiation, begun)
      attempt = begun
    }
    const outcome = await take(attempt, element)
    if (outcome.kind === 'failure') return fail(negotiation, outcome)
    if (outcome.kind === 'success') {
      negotiation.account = outcome.account
      negotiation.mechanism = outcome.mechanism
      const { data } = outcome
      stream.send(data ? `<success xmlns='${NS}'>${encode(data)}</success>` : `<success xmlns='${NS}'/>`)
      return 'restart'
    }
    stream.send(`<challenge xmlns='${NS}'>${encode(outcome.data)}</challenge>`)
    element = await pull.element()
  }
}

async function begin(negotiation: Negotiation<SaslHost>, element: Fragment): Promise<Attempt | Failure> {
  // §6.5.4
  if (needsTls(negotiation)) return { kind: 'failure', mechanism: '', condition: 'encryption-required', guess: false }
  return beginAttempt(negotiation, element.attr('mechanism') ?? '', makeOffer(negotiation))
}

/** What one element of the initiator leads to (§6.4). */
async function take(attempt: Attempt | undefined, element: Fragment): Promise<Outcome> {
  switch (element.name) {
    case 'abort':
      return { kind: 'failure', mechanism: '', condition: 'aborted', guess: false }
    case 'auth':
    case 'response': {
      if (!attempt) {
        const text = 'There is no exchange to respond to'
        return { kind: 'failure', mechanism: '', condition: 'malformed-request', text, guess: false }
      }
      let data: Uint8Array | undefined
      try {
        data = read(element)
      } catch (error) {
        if (!(error instanceof SaslError)) throw error
        return attempt.refuse(error.condition, error.message)
      }
      return attempt.take(data)
    }
    default:
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
}

/** No text at all is no initial response; '=' is an empty one (§6.4.2). A response without text is an empty one. */
function read(element: Fragment): Uint8Array | undefined {
  const text = element.content.directText()
  if (text === '' && element.name === 'auth') return undefined
  return text === '=' ? new Uint8Array() : decodeBase64Strict(text)
}

async function fail(negotiation: Negotiation<SaslHost>, failure: Failure): Promise<'continue'> {
  await report(negotiation, failure)
  const text = failureText(failure)
  const words = text === undefined ? '' : `<text xml:lang='en'>${escapeText(text)}</text>`
  negotiation.stream.send(`<failure xmlns='${NS}'><${failure.condition}/>${words}</failure>`)
  countFailure(negotiation, failure)
  return 'continue'
}

function encode(data: Uint8Array): string {
  return data.length === 0 ? '=' : encodeBase64(data)
}
