/** Whom another server's certificate speaks for: PKIX names (RFC 9525, XEP-0178), pins, first use, DANE (RFC 7673), POSH (RFC 7711). */
import type { TlsInfo } from '@tercet/stream'
import { aLabels, fingerprint } from '../certificate.ts'
import { SocketTlsInfo } from '../tls-info.ts'
import { rootsWith, type Roots } from './chain.ts'
import type { DaneChecker } from './dane.ts'
import type { PoshChecker } from './posh.ts'
import { chainFault, nameFault, namesOf, type Verdict } from './verdict.ts'

/** What the operator says about the certificates of a domain. */
export interface Pinned {
  /** SHA-256 of certificates, hexadecimal, colons and capitals allowed. With any, no other certificate counts. */
  readonly fingerprints?: readonly string[]
  /** Trust the first self-made certificate that names the domain, and from then on no other one. Default false. */
  readonly firstUse?: boolean
}

/** Remembers the certificate that was trusted on first use, for as long as the operator does not forget it. */
export interface PinStore {
  /** The fingerprint kept for a domain (lower-case A-labels). */
  get(domain: string): string | undefined | Promise<string | undefined>
  put(domain: string, fingerprint: string): void | Promise<void>
}

/** Options of {@link certificateVerifier}. */
export interface CertificateVerifierOptions {
  /** Asked for each certificate, with the domain in lower-case A-labels. Default: nothing is pinned. */
  readonly pins?: (domain: string) => Pinned | undefined
  /** Needed for `firstUse`. */
  readonly store?: PinStore
  /** Roots in addition to Node's, PEM: those of {@link s2sTls}. */
  readonly ca?: readonly string[]
  /** See {@link daneChecker}. Default: TLSA records are not asked for. */
  readonly dane?: DaneChecker
  /** See {@link poshChecker}. Default: nothing is fetched. */
  readonly posh?: PoshChecker
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
}

/** Who does this certificate speak for? */
export interface CertificateVerifier {
  /** `domain` is the one that the peer asserts, or that we mean to reach; never an SRV target. */
  verify(tls: TlsInfo, domain: string, options: VerifyOptions): Verdict | Promise<Verdict>
}

/** What goes with a certificate. */
export interface VerifyOptions {
  readonly signal: AbortSignal
  /** The host where the domain is, by somebody who can be believed: PKIX may name it instead. An SRV record is nobody to be believed. */
  readonly delegate?: string | undefined
}

/**
 * Makes a verifier. In this order: a fingerprint of the operator decides alone; TLSA records decide alone where there are
 * any; then a trusted chain with the right name; then the certificate of the first use; then POSH.
 */
export function certificateVerifier(options: CertificateVerifierOptions = {}): CertificateVerifier {
  let roots: Roots | undefined
  const believed = (): Roots => (roots ??= rootsWith(options.ca ?? []))
  return {
    verify(tls, domain, { signal, delegate }) {
      const name = aLabels(domain)
      const certificate = tls.peerCertificate
      if (certificate === undefined) return invalid(tls, 'no certificate was presented')
      if (name === undefined) return invalid(tls, `${domain} is not a domain name`)
      const pinned = options.pins?.(name)
      if (pinned?.fingerprints !== undefined && pinned.fingerprints.length > 0)
        return byPin(tls, certificate, pinned.fingerprints)
      const now = (options.now ?? Date.now)()
      const fault = chainFault(tls, now, believed) ?? namesFault(certificate, name, delegate)
      if (options.dane === undefined && fault === undefined) return { valid: true, by: 'pkix' }
      if (options.dane === undefined && options.posh === undefined && pinned?.firstUse !== true)
        return invalid(tls, fault!)
      return byRecords(options, { tls, certificate, name, firstUse: pinned?.firstUse === true, fault, signal })
    },
  }
}

interface Case {
  readonly tls: TlsInfo
  readonly certificate: Uint8Array
  readonly name: string
  readonly firstUse: boolean
  /** What PKIX has against it. */
  readonly fault: string | undefined
  readonly signal: AbortSignal
}

async function byRecords(options: CertificateVerifierOptions, it: Case): Promise<Verdict> {
  const { tls, certificate, name, fault, signal } = it
  const dane = await options.dane?.check(tls, name, fault, { signal })
  if (dane === 'match') return { valid: true, by: 'dane' }
  if (dane === 'mismatch') return invalid(tls, `the certificate is not one that the TLSA records of ${name} name`)
  if (fault === undefined) return { valid: true, by: 'pkix' }
  const first = it.firstUse ? await byFirstUse(options.store, it) : undefined
  if (first !== undefined) return first
  const posh = await options.posh?.check(certificate, name, { signal })
  return posh === true ? { valid: true, by: 'posh' } : invalid(tls, fault)
}

function byPin(tls: TlsInfo, certificate: Uint8Array, fingerprints: readonly string[]): Verdict {
  const shown = fingerprint(certificate)
  if (fingerprints.some(it => it.replaceAll(':', '').toLowerCase() === shown)) return { valid: true, by: 'pin' }
  return invalid(tls, `the certificate's fingerprint ${shown} is not one that is pinned`)
}

/** Undefined: the first use has nothing to say. */
async function byFirstUse(store: PinStore | undefined, { tls, certificate, name }: Case): Promise<Verdict | undefined> {
  if (store === undefined) return undefined
  const shown = fingerprint(certificate)
  const kept = await store.get(name)
  if (kept === shown) return { valid: true, by: 'pin' }
  if (kept !== undefined)
    return invalid(tls, `the certificate's fingerprint ${shown} is not ${kept}, which was trusted on first use`)
  // Only a connection that we made went where the domain's records point: whoever connects to us may say any name.
  if (!(tls instanceof SocketTlsInfo) || tls.side !== 'client') return undefined
  if (nameFault(certificate, name) !== undefined) return undefined
  await store.put(name, shown)
  return { valid: true, by: 'pin' }
}

/** Neither the domain nor where it is. */
function namesFault(certificate: Uint8Array, name: string, delegate: string | undefined): string | undefined {
  const fault = nameFault(certificate, name)
  if (fault === undefined || delegate === undefined) return fault
  return nameFault(certificate, delegate) === undefined ? undefined : fault
}

function invalid(tls: TlsInfo, reason: string): Verdict {
  return { valid: false, reason, names: namesOf(tls.peerCertificate) }
}
