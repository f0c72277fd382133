// Which mechanisms a server offers on a connection, strongest first (RFC 6120 §6.3.3).
import type { ChannelBinding } from './channel-binding.ts'
import type { ScramHash } from './crypto.ts'
import { HT_MECHANISMS, htName, MECHANISMS, scramName } from './names.ts'

/** What an offer depends on; what is left out is not offered. */
export interface OfferOptions {
  /** Whether the stream is encrypted; without it nothing is offered that shows a secret (SASL-01). */
  readonly secure: boolean
  /** The bindings the connection can do: with none, no `-PLUS`. */
  readonly channelBindings?: readonly ChannelBinding[]
  /**
   * False: no `-PLUS` even so, for clients that claim to bind and cannot. Once one is offered, SCRAM without it has to be refused to
   * whoever says that it would have bound (RFC 5802 §6). Default true.
   */
  readonly plus?: boolean
  /** The hashes accounts have keys of (SCR-08). */
  readonly hashes?: readonly ScramHash[]
  readonly plain?: boolean
  /** Only if the peer showed a certificate that can be used (XEP-0178 §2). */
  readonly external?: boolean
  readonly anonymous?: boolean
  readonly bearer?: boolean
}

/** The mechanisms of a host's features, strongest first. */
export function offeredMechanisms(options: OfferOptions): string[] {
  const { secure, channelBindings = [], hashes = [] } = options
  const binds = secure && options.plus !== false && channelBindings.length > 0
  return MECHANISMS.filter(name => {
    const scram = scramName(name)
    if (scram !== undefined) return hashes.includes(scram.hash) && (binds || !scram.plus)
    switch (name) {
      case 'EXTERNAL':
        return secure && options.external === true
      case 'OAUTHBEARER':
        return secure && options.bearer === true
      case 'PLAIN':
        return secure && options.plain === true
      default:
        return options.anonymous === true
    }
  })
}

/** The mechanisms of `<fast/>`, strongest first (XEP-0484 §3.1); none before TLS. */
export function offeredFastMechanisms(options: Pick<OfferOptions, 'secure' | 'channelBindings'>): string[] {
  const { secure, channelBindings = [] } = options
  if (!secure) return []
  return HT_MECHANISMS.filter(name => {
    const binding = htName(name)?.binding
    return binding === undefined || channelBindings.some(candidate => candidate.type === binding)
  })
}
