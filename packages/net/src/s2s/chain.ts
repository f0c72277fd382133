/**
 * The chain of a certificate that was issued for servers only. Public authorities no longer issue any for clients, so a
 * server that connects shows one whose purpose OpenSSL refuses on our side, and OpenSSL cannot be asked to judge it as it
 * would on the other side. Stricter than RFC 5280 §6 where in doubt: name constraints are refused rather than read.
 */
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { TAG, derValues, oidHex } from '../der.ts'

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_PURPOSE = '2.5.29.37.0'
const OID_BASIC_CONSTRAINTS = '551d13'
const OID_NAME_CONSTRAINTS = '551d1e'
/** Signatures with MD5 and SHA-1 prove nothing any more. */
const WEAK = new Set(['2a864886f70d010104', '2a864886f70d010105', '2a8648ce3d0401', '2a8648ce380403'])
const MAX_CHAIN = 6

/** Trusted roots by the name that certificates call their issuer. */
export type Roots = ReadonlyMap<string, readonly X509Certificate[]>

/** Node's roots and `ca` (PEM), read once. */
export function rootsWith(ca: readonly string[]): Roots {
  const certificates = [...rootCertificates, ...ca.flatMap(split)].map(text => new X509Certificate(text))
  return Map.groupBy(certificates, it => it.subject)
}

function split(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

/** Whether `leaf` and what came with it make a chain up to a root, for a TLS server, at `now`. */
export function isServerChain(leaf: X509Certificate, roots: Roots, now: number): boolean {
  if (leaf.ca || !serves(leaf, true)) return false
  let certificate = leaf
  for (let below = 0; below < MAX_CHAIN; below++) {
    if (!dated(certificate, now)) return false
    if (isRoot(certificate, roots)) return below > 0
    if (WEAK.has(signatureOid(certificate))) return false
    const anchor = roots.get(certificate.issuer)?.find(root => signs(root, certificate))
    const issuer: X509Certificate | undefined = anchor ?? certificate.issuerCertificate
    if (issuer === undefined || !signs(issuer, certificate)) return false
    if (!serves(issuer, false) || !permits(issuer, below)) return false
    certificate = issuer
  }
  return false
}

function dated(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime()
}

function isRoot(certificate: X509Certificate, roots: Roots): boolean {
  return roots.get(certificate.subject)?.some(root => root.raw.equals(certificate.raw)) === true
}

/** Names, key usage and signature agree. */
function signs(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

/** A leaf must name the purpose; an authority must not exclude it. */
function serves(certificate: X509Certificate, leaf: boolean): boolean {
  const purposes = certificate.keyUsage as readonly string[] | undefined // extended key usages, absent when there are none
  if (purposes === undefined) return !leaf
  return purposes.includes(SERVER_AUTH) || purposes.includes(ANY_PURPOSE)
}

/** An authority that may have `below` others under it, and is free to issue any name. */
function permits(authority: X509Certificate, below: number): boolean {
  if (!authority.ca) return false
  for (const { oid, value } of extensions(authority.raw)) {
    if (oid === OID_NAME_CONSTRAINTS) return false
    if (oid !== OID_BASIC_CONSTRAINTS) continue
    const parts = derValues(derValues(value)[0]?.contents ?? new Uint8Array())
    const length = parts.find(part => part.tag === TAG.integer)?.contents
    if (length !== undefined && (length.length !== 1 || length[0]! < below)) return false
  }
  return true
}

function extensions(certificate: Uint8Array): { oid: string; value: Uint8Array }[] {
  const body = derValues(derValues(derValues(certificate)[0]!.contents)[0]!.contents)
  const wrapped = body.find(value => value.tag === 0xa3)
  if (wrapped === undefined) return []
  return derValues(derValues(wrapped.contents)[0]!.contents).map(it => {
    const parts = derValues(it.contents)
    return { oid: oidHex(parts[0]), value: parts.at(-1)!.contents }
  })
}

function signatureOid(certificate: X509Certificate): string {
  const algorithm = derValues(derValues(certificate.raw)[0]!.contents)[1]!
  return oidHex(derValues(algorithm.contents)[0])
}
