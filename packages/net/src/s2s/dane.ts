/**
 * Certificates named in the DNS: TLSA records of a domain's servers (RFC 6698, RFC 7671, RFC 7673). Node does not show
 * whether an answer was validated (the AD bit), so this is for a resolver of which the operator knows that it validates and
 * withholds what is bogus, over a path that nobody else writes to: one on this machine. Nobody is asked by default.
 */
import { X509Certificate, hash } from 'node:crypto'
import type { TlsInfo } from '@tercet/stream'
import type { TlsaRecord, TlsaResolver } from '../resolve.ts'
import { targets } from '../srv.ts'
import { SocketTlsInfo } from '../tls-info.ts'
import { nameFault } from './verdict.ts'

/** Answers for a domain's certificate; `'none'`: the DNS has nothing usable to say about it. */
export interface DaneChecker {
  /** `fault` is what PKIX has against the certificate, undefined for nothing. */
  check(
    tls: TlsInfo,
    domain: string,
    fault: string | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<'match' | 'mismatch' | 'none'>
}

/** A domain has a few servers; more than this many are not asked about. */
const MAX_TARGETS = 8
/** Certificates of a chain that are looked at. */
const MAX_CHAIN = 8

/**
 * Makes a {@link DaneChecker}. The records of every server that the domain's SRV records name count, since a server that
 * connects to us does not say which of them it is.
 *
 * @param resolver one that validates, see above
 */
export function daneChecker(resolver: TlsaResolver): DaneChecker {
  return {
    async check(tls, domain, fault, { signal }) {
      const records = await recordsOf(resolver, domain, signal)
      const usable = records.filter(isUsable)
      if (usable.length === 0) return 'none'
      const chain = chainOf(tls)
      return usable.some(record => matches(record, chain, { domain, fault, tls })) ? 'match' : 'mismatch'
    },
  }
}

async function recordsOf(resolver: TlsaResolver, domain: string, signal: AbortSignal): Promise<readonly TlsaRecord[]> {
  // A server that does not answer says nothing: the verdict is left to what else there is (RFC 7673 §3.4 is about
  // connecting, where the dialler would have failed by the same silence).
  const found = await targets(resolver, domain, 'xmpp-server', { signal }).catch(() => [])
  const lists = await Promise.allSettled(
    found.slice(0, MAX_TARGETS).map(({ host, port }) => resolver.tlsa(`_${port}._tcp.${host}`, { signal })),
  )
  return lists.flatMap(list => (list.status === 'fulfilled' ? list.value : []))
}

function isUsable({ usage, selector, match, data }: TlsaRecord): boolean {
  const length = match === 1 ? 32 : 64
  return usage <= 3 && selector <= 1 && match <= 2 && (match === 0 ? data.length > 0 : data.length === length)
}

interface Facts {
  readonly domain: string
  readonly fault: string | undefined
  readonly tls: TlsInfo
}

function matches(record: TlsaRecord, chain: readonly X509Certificate[], { domain, fault, tls }: Facts): boolean {
  const [leaf, ...issuers] = chain
  if (leaf === undefined) return false
  switch (record.usage) {
    case 0: // PKIX-TA
      return fault === undefined && issuers.some(it => names(record, it))
    case 1: // PKIX-EE
      return fault === undefined && names(record, leaf)
    case 2: // DANE-TA: names and dates count, the usual roots do not (RFC 7671 §5.2)
      return nameFault(tls.peerCertificate!, domain) === undefined && anchored(record, chain)
    default: // DANE-EE: neither names nor dates count (RFC 7671 §5.1)
      return names(record, leaf)
  }
}

/** Whether each certificate is signed by the next, up to one that the record names. */
function anchored(record: TlsaRecord, chain: readonly X509Certificate[]): boolean {
  const now = Date.now()
  for (const [index, certificate] of chain.entries()) {
    if (certificate.validToDate.getTime() < now || certificate.validFromDate.getTime() > now) return false
    if (index > 0 && names(record, certificate)) return true
    const issuer = chain[index + 1]
    if (issuer === undefined || !issuer.ca) return false
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false
  }
  return false
}

function names({ selector, match, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const bytes = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
  const shown = match === 0 ? bytes : hash(match === 1 ? 'sha256' : 'sha512', bytes, 'buffer')
  return Buffer.compare(shown, data) === 0
}

/** The certificate and its issuers as the peer sent them. */
function chainOf(tls: TlsInfo): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = tls instanceof SocketTlsInfo ? tls.peer : new X509Certificate(tls.peerCertificate!)
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next)
    const issuer: X509Certificate | undefined = next.issuerCertificate
    next = issuer?.raw.equals(next.raw) === true ? undefined : issuer
  }
  return chain
}
