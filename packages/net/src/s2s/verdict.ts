/** What a certificate says, in words for people: names, and why a chain does not hold. */
import { X509Certificate } from 'node:crypto'
import type { TlsInfo } from '@tercet/stream'
import { matchesDomain, presentedNames } from '../certificate.ts'
import { SocketTlsInfo } from '../tls-info.ts'
import { isServerChain, type Roots } from './chain.ts'

/** Whom a certificate speaks for, or why not for the domain in question. */
export type Verdict =
  | { readonly valid: true; readonly by: 'pkix' | 'pin' | 'dane' | 'posh' }
  | {
      readonly valid: false
      /** A clause without a full stop, such as `the certificate expired on 2026-01-01`. */
      readonly reason: string
      /** The names in the certificate, such as `a.test` and `_xmpp-server.a.test`. */
      readonly names: readonly string[]
    }

const unknownAuthority = 'the certificate comes from an authority that is not trusted here'

/** OpenSSL's words in ours. */
const faults: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the certificate comes from an authority that is not known here, or a link is missing',
  CERT_REVOKED: 'the certificate was revoked',
  INVALID_PURPOSE: 'the certificate was not issued for servers',
}

/** Why the chain does not hold at `now`; undefined when it does. `roots` is asked where OpenSSL cannot tell, see `chain.ts`. */
export function chainFault(tls: TlsInfo, now: number, roots: () => Roots): string | undefined {
  if (tls.peerCertificate === undefined) return 'no certificate was presented'
  // The dates are read here too: a resumed TLS session brings the verdict of its first handshake along.
  const dated = dateFault(tls.peerCertificate, now)
  if (dated !== undefined) return dated
  const error = tls.peerCertificateError
  if (error === undefined) return undefined
  // It tells the last fault that it met, so this one may hide another: the chain is walked again.
  if (error === 'INVALID_PURPOSE' && tls instanceof SocketTlsInfo && tls.side === 'server' && tls.peer !== undefined)
    return isServerChain(tls.peer, roots(), now) ? undefined : unknownAuthority
  return Object.hasOwn(faults, error) ? faults[error] : `the certificate does not verify (${error})`
}

function dateFault(bytes: Uint8Array, now: number): string | undefined {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(bytes)
  } catch {
    return 'the certificate cannot be read'
  }
  const { validFromDate: from, validToDate: to } = certificate
  if (now > to.getTime()) return `the certificate expired on ${day(to)}`
  return now < from.getTime() ? `the certificate is not valid before ${day(from)}` : undefined
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

/** Why the names do not fit; undefined when one does (RFC 9525 §6). */
export function nameFault(certificate: Uint8Array, domain: string): string | undefined {
  return matchesDomain(certificate, domain, 'xmpp-server') ? undefined : `the certificate is not issued for ${domain}`
}

/** The names that a certificate presents, whatever they are good for. A stranger writes them: at most twenty. */
export function namesOf(certificate: Uint8Array | undefined): readonly string[] {
  if (certificate === undefined) return []
  try {
    const { dns, srv, xmpp } = presentedNames(certificate)
    return [...new Set([...dns, ...srv, ...xmpp])].slice(0, 20).map(name => name.slice(0, 255))
  } catch {
    return []
  }
}
