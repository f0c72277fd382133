// Channel bindings: which ones a TLS connection can do (RFC 5929, RFC 9266) and which one both ends use (XEP-0440 1.0.0).

/** The channel binding types this package knows, named as registered (RFC 5056 §7). */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'

/** A binding that this end of the connection can do, with its data. */
export interface ChannelBinding {
  readonly type: ChannelBindingType
  readonly data: Uint8Array
}

/** Label of the exporter whose 32 bytes, with an empty context, are `tls-exporter` (RFC 9266 §2). */
export const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
/** Length of `tls-exporter` data in bytes (RFC 9266 §2). */
export const EXPORTER_BYTES = 32

/** What is known of a TLS connection; a fact that the platform cannot tell is left out. */
export interface TlsFacts {
  /** As Node's `getProtocol()` says it: `TLSv1.3`. */
  readonly protocol: string
  /** 32 bytes exported with {@link EXPORTER_LABEL}. */
  readonly exporter?: Uint8Array | undefined
  /** From `serverEndPoint(certificate)`. */
  readonly endPoint?: Uint8Array | undefined
  /** The first Finished message of the handshake. */
  readonly finished?: Uint8Array | undefined
  /** RFC 7627; without it neither `tls-unique` nor an exporter of TLS 1.2 names one connection only. */
  readonly extendedMasterSecret?: boolean
  readonly resumed?: boolean
}

/**
 * The channel bindings a connection can do, strongest first.
 *
 * TLS 1.3 has `tls-exporter` and never `tls-unique`; TLS 1.2 has either only with the extended master secret, and
 * `tls-unique` not after a resumption (RFC 9266 §4, RFC 7677 §4, RFC 5929 §3). Before 1.2 there is the end point alone.
 */
export function channelBindings(facts: TlsFacts): ChannelBinding[] {
  const version = tlsVersionCode(facts.protocol)
  const bound = version === '0303' && facts.extendedMasterSecret === true
  const bindings: ChannelBinding[] = []
  if (facts.exporter !== undefined && (version === '0304' || bound)) {
    bindings.push({ type: 'tls-exporter', data: facts.exporter })
  }
  if (facts.finished !== undefined && bound && facts.resumed === false) {
    bindings.push({ type: 'tls-unique', data: facts.finished })
  }
  if (facts.endPoint !== undefined && version !== undefined) {
    bindings.push({ type: 'tls-server-end-point', data: facts.endPoint })
  }
  return bindings
}

/** The version number of a TLS protocol as XEP-0515 §4.1 writes it: `TLSv1.3` is `0304`; `undefined` for a stranger. */
export function tlsVersionCode(protocol: string): string | undefined {
  switch (protocol) {
    case 'TLSv1.3':
      return '0304'
    case 'TLSv1.2':
      return '0303'
    case 'TLSv1.1':
      return '0302'
    case 'TLSv1':
      return '0301'
    default:
      return undefined
  }
}

/** Names no connection but its server, so it comes last (XEP-0440 §4). */
const ADVERTISED_ORDER = ['tls-exporter', 'tls-unique', 'tls-server-end-point'] as const
/** The default type of SCRAM before TLS 1.3 was `tls-unique` (RFC 5802 §6.1); on 1.3 the exporter (RFC 9266 §3). */
const DEFAULT_ORDER = ['tls-unique', 'tls-exporter', 'tls-server-end-point'] as const

/** The strongest binding both ends can do; `offered` is `undefined` when the server has not advertised types. */
export function commonBinding(
  mine: readonly ChannelBinding[],
  offered: readonly string[] | undefined,
): ChannelBinding | undefined {
  for (const type of offered === undefined ? DEFAULT_ORDER : ADVERTISED_ORDER) {
    if (offered !== undefined && !offered.includes(type)) continue
    const binding = mine.find(candidate => candidate.type === type)
    if (binding !== undefined) return binding
  }
  return undefined
}
