/** STARTTLS, receiving side (RFC 6120 §5). */

import { StreamError } from '@tercet/stanza'
import { StreamEnded } from '../pull.ts'
import type { Negotiation, Outcome, ReceiverFeature, ReceiverHost } from '../receiver.ts'
import type { TlsContext } from '../transport.ts'

const NS = 'urn:ietf:params:xml:ns:xmpp-tls'

/** What STARTTLS asks of a host. */
export interface TlsHost extends ReceiverHost {
  /** Undefined: no certificate, so STARTTLS is not offered. */
  readonly tls: TlsContext | undefined
  /** Nothing but STARTTLS is taken before TLS. */
  readonly requireTls: boolean
}

/** Offers TLS where the transport has none, and upgrades. What is known of the stream before is forgotten (RFC 6120 §5.4.3.3). */
export const starttls: ReceiverFeature<TlsHost> = {
  name: 'starttls',
  advertise(negotiation) {
    if (!offered(negotiation)) return undefined
    return `<starttls xmlns='${NS}'>${negotiation.host.requireTls ? '<required/>' : ''}</starttls>`
  },
  accepts: element => element.ns === NS && element.name === 'starttls',
  async negotiate(negotiation): Promise<Outcome> {
    const { stream, host } = negotiation
    if (!offered(negotiation) || !host.tls) {
      // §5.4.2.2: a failure closes the stream.
      stream.send(`<failure xmlns='${NS}'/>`)
      stream.end()
      throw new StreamEnded('TLS was asked for where there is none')
    }
    stream.send(`<proceed xmlns='${NS}'/>`)
    await stream.upgrade(host.tls)
    negotiation.from = undefined
    return 'restart'
  },
}

/** Stands behind STARTTLS and SASL in the list: takes whatever else comes before TLS where TLS is required, and refuses it (RFC 6120 §5.3.1). */
export const tlsRequired: ReceiverFeature<TlsHost> = {
  name: 'tls-required',
  advertise: () => undefined,
  accepts: (_, negotiation) => needsTls(negotiation),
  negotiate() {
    throw new StreamError('policy-violation', { text: 'Start TLS first' })
  },
}

/** True when this stream has to be encrypted before anything else and is not. */
export function needsTls(negotiation: Negotiation<TlsHost>): boolean {
  return negotiation.host.requireTls && negotiation.stream.transport.tls === undefined
}

function offered({ stream, host }: Negotiation<TlsHost>): boolean {
  return host.tls !== undefined && stream.transport.tls === undefined && stream.transport.framing === 'tcp'
}
