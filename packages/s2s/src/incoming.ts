/** A stream of another server, from its header to the first proof (RFC 6120 §4.7, XEP-0220 1.1.1). */

import { asDomain } from '@tercet/jid'
import { StreamError } from '@tercet/stanza'
import {
  limits,
  randomId,
  receive,
  starttls,
  tlsRequired,
  type Negotiation,
  type ReceiverFeature,
  type Stream,
  type TlsContext,
} from '@tercet/stream'
import type { Gateway } from './gateway.ts'
import { bidi, dialback, external, management, type IncomingHost } from './incoming-features.ts'
import { Link } from './link.ts'
import { verdictWords } from './outgoing.ts'
import type { Verdict } from './ports.ts'

/** The order is the policy: dialback refuses itself without TLS, so that no stream ends of it (XEP-0220 §2.5). */
const features: readonly ReceiverFeature<IncomingHost>[] = [
  starttls,
  external,
  dialback,
  tlsRequired,
  bidi,
  limits,
  management,
]

/** Negotiates a stream that comes in. Never rejects. */
export async function receiveStream(gateway: Gateway, stream: Stream): Promise<void> {
  const hosts = new Map<string, Incoming>()
  await receive(stream, {
    host(to) {
      const domain = asDomain(to)
      if (domain === undefined || !gateway.isLocal(domain)) return undefined
      const host = hosts.get(domain) ?? new Incoming(gateway, domain)
      hosts.set(domain, host)
      return host
    },
    features,
    newId: randomId,
    lang: 'en',
    prepare: negotiation => negotiation.host.prepare(negotiation),
    ready: negotiation => (negotiation.account ? negotiation.host.link(negotiation, 'external') : undefined),
    failed: (error, stream) => gateway.logger.error({ err: error, stream: stream.id }, 'Negotiation failed'),
  })
}

/** One of our domains, as a stream that comes in for it sees it. */
class Incoming implements IncomingHost {
  readonly domain: string
  readonly tls: TlsContext | undefined
  requireTls: boolean
  certificateOnly = false
  remote: string | undefined
  verdict: Verdict | undefined
  bidi: { readonly maxBytes: number | undefined } | undefined
  readonly #gateway: Gateway

  constructor(gateway: Gateway, domain: string) {
    this.#gateway = gateway
    this.domain = domain
    this.tls = gateway.tls?.server
    this.requireTls = gateway.policy.rule('').requireTls
    this.remote = undefined
    this.verdict = undefined
    this.bidi = undefined
  }

  get maxStanzaBytes(): number {
    return this.#gateway.limits.stanzaBytes
  }

  get idleSeconds(): number {
    return Math.ceil(this.#gateway.limits.idleMs / 1000)
  }

  get offersBidi(): boolean {
    return this.#gateway.bidi
  }

  async prepare({ stream, from, account }: Negotiation<IncomingHost>): Promise<void> {
    const { policy } = this.#gateway
    if (from === undefined) {
      // XEP-0220 §2.2: nothing but dialback tells then.
      this.remote = account?.text
      return
    }
    const remote = asDomain(from)
    if (remote === undefined) throw new StreamError('improper-addressing', { text: 'from is not a domain' })
    if (this.#gateway.isLocal(remote)) throw new StreamError('invalid-from', { text: `${remote} is served here` })
    if (account && account.text !== remote)
      throw new StreamError('invalid-from', { text: `This stream was proven to be from ${account.text}` })
    if (!policy.allows(remote))
      throw new StreamError('policy-violation', { text: `This server does not talk to ${remote}` })
    this.remote = remote
    const rule = policy.rule(remote)
    this.requireTls = rule.requireTls
    this.certificateOnly = rule.authentication === 'certificate'
    const { tls } = stream.transport
    // Of a state before TLS nothing is left (RFC 6120 §5.4.3.3).
    if (!tls || account) return
    this.verdict = tls.peerCertificate
      ? await this.#gateway.verdict(tls, remote)
      : { valid: false, reason: 'no certificate was presented', names: [] }
    if (this.verdict.valid || !this.certificateOnly) return
    const text = verdictWords(remote, this.verdict)
    this.#gateway.logger.info(
      { stream: stream.id, domain: remote, reason: text },
      'Another server did not prove its domain',
    )
    throw new StreamError('not-authorized', { text })
  }

  link({ stream, account, lang }: Negotiation<IncomingHost>, proof: string): Link {
    const gateway = this.#gateway
    const link = new Link(gateway, stream, {
      direction: 'incoming',
      bidi: this.bidi !== undefined,
      maxBytes: this.bidi?.maxBytes,
      dialbackErrors: true,
      verdict: this.verdict,
      lang,
      proof,
    })
    if (account) {
      gateway.proven(link, account.text, this.domain)
      gateway.offer(link, account.text, this.domain)
    }
    return link
  }
}
