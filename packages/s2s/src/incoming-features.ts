/** What a server that connects to us is offered (RFC 6120 §4.3.2): proof by certificate, dialback, both directions. */

import { asDomain, BareJid } from '@tercet/jid'
import { decodeBase64Strict } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import * as limitsWords from '@tercet/stanza/limits'
import { NS as NS_SASL } from '@tercet/stanza/sasl'
import {
  NS_SM,
  StreamEnded,
  type LimitsHost,
  type Negotiation,
  type ReceiverFeature,
  type TlsHost,
} from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { DIALBACK_FEATURE, NS_DIALBACK } from './dialback.ts'
import type { GatewayLimits } from './limits.ts'
import type { Link } from './link.ts'
import type { Verdict } from './ports.ts'

/** Namespaces of XEP-0288. */
export const NS_BIDI = 'urn:xmpp:bidi'
export const NS_BIDI_FEATURE = 'urn:xmpp:features:bidi'

/** A stream that comes in, as its features see it. */
export interface IncomingHost extends TlsHost, LimitsHost {
  /** We offer both directions. */
  readonly offersBidi: boolean
  /** Nothing but certificates counts for who this says to be. */
  readonly certificateOnly: boolean
  /** The prepared `from` of the stream header. */
  readonly remote: string | undefined
  /** What its certificate is worth for that. */
  readonly verdict: Verdict | undefined
  /** The peer wants both directions; what it takes of them. */
  bidi: { readonly maxBytes: number | undefined } | undefined
  /** Looks at a header: who says to be at the other end, and what the certificate says about that. */
  prepare(negotiation: Negotiation<IncomingHost>): Promise<void>
  /** Negotiation is over: the stream as it is used. */
  link(negotiation: Negotiation<IncomingHost>, proof: string): Link
}

type Feature = ReceiverFeature<IncomingHost>

/** SASL EXTERNAL, offered to those alone whose certificate speaks for the domain that the stream is from (XEP-0178 §3). */
export const external: Feature = {
  name: 'external',
  advertise: negotiation =>
    provable(negotiation) ? `<mechanisms xmlns='${NS_SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>` : undefined,
  accepts: element => element.ns === NS_SASL,
  negotiate(negotiation, element) {
    const { stream, host } = negotiation
    if (negotiation.account) throw new StreamError('policy-violation', { text: 'This stream is authenticated already' })
    const refusal = refusalOf(negotiation, element)
    if (refusal !== undefined || host.remote === undefined) {
      stream.send(`<failure xmlns='${NS_SASL}'><${refusal ?? 'not-authorized'}/></failure>`)
      // Dialback may follow; guessing certificates is no sport.
      if (++negotiation.attempts > 3) {
        stream.end()
        throw new StreamEnded('Too many attempts')
      }
      return 'continue'
    }
    stream.send(`<success xmlns='${NS_SASL}'/>`)
    negotiation.account = BareJid.parse(host.remote)
    negotiation.mechanism = 'EXTERNAL'
    return 'restart'
  },
}

function provable({ stream, host, account }: Negotiation<IncomingHost>): boolean {
  return !account && stream.transport.tls !== undefined && host.remote !== undefined && host.verdict?.valid === true
}

/** Why it is not so; undefined: the peer is who it says (RFC 6120 §6.3.8: the identity is the stream's `from` or nothing). */
function refusalOf(negotiation: Negotiation<IncomingHost>, element: Fragment): string | undefined {
  if (element.name !== 'auth') return 'malformed-request'
  if (element.attr('mechanism') !== 'EXTERNAL') return 'invalid-mechanism'
  if (!provable(negotiation)) return 'not-authorized'
  const text = element.content.directText().trim()
  if (text === '' || text === '=') return undefined
  try {
    const identity = new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64Strict(text))
    return asDomain(identity) === negotiation.host.remote ? undefined : 'invalid-authzid'
  } catch {
    return 'incorrect-encoding'
  }
}

/** Dialback: its first element ends negotiation, since from then on pairs come and go. */
export const dialback: Feature = {
  name: 'dialback',
  advertise: ({ stream, host }) =>
    stream.transport.tls !== undefined || !host.requireTls ? DIALBACK_FEATURE : undefined,
  accepts: element => element.ns === NS_DIALBACK,
  async negotiate(negotiation, element) {
    const link = negotiation.host.link(negotiation, 'dialback')
    await link.event({ kind: 'element', element })
    return link
  },
}

/** Both directions on one stream, wished for after TLS and before any proof (XEP-0288 §2). */
export const bidi: Feature = {
  name: 'bidi',
  advertise: ({ stream, host, account }) =>
    host.offersBidi && !account && (stream.transport.tls !== undefined || !host.requireTls)
      ? `<bidi xmlns='${NS_BIDI_FEATURE}'/>`
      : undefined,
  accepts: (element, { host }) => host.offersBidi && element.ns === NS_BIDI && element.name === 'bidi',
  negotiate({ host, account }, element) {
    if (account)
      throw new StreamError('policy-violation', { text: 'Ask for both directions before you prove who you are' })
    const at = element.content.find('limits', limitsWords.NS)
    let maxBytes: number | undefined
    try {
      maxBytes = at < 0 ? undefined : limitsWords.limits.read(element.content.elementAt(at)).maxBytes
    } catch {
      // What cannot be read is not said.
    }
    host.bidi = { maxBytes }
    return 'continue'
  },
}

/** Stream management, which the stream itself starts once the peer has proven who it is. */
export const management: Feature = {
  name: 'sm',
  advertise: ({ stream, host }) =>
    stream.transport.tls !== undefined || !host.requireTls ? `<sm xmlns='${NS_SM}'/>` : undefined,
  accepts: () => false,
  negotiate: () => 'continue',
}

/** What we take, as XEP-0478 §3 says it. */
export function limitsText({ stanzaBytes, idleMs }: GatewayLimits): string {
  return `<limits xmlns='${limitsWords.NS}'><max-bytes>${stanzaBytes}</max-bytes><idle-seconds>${Math.ceil(idleMs / 1000)}</idle-seconds></limits>`
}
