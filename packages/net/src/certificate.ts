/** Service identity in certificates: who a certificate speaks for (RFC 9525; RFC 6120 §13.7). */
import { hash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { TAG, derValues, oidHex, type Der } from './der.ts'

/** The XMPP service that a certificate is checked for. */
export type XmppService = 'xmpp-client' | 'xmpp-server'

/** Names that a certificate presents in its subjectAltName; the Common Name is never read (RFC 9525 §2). */
export interface PresentedNames {
  /** DNS-ID */
  readonly dns: readonly string[]
  /** SRV-ID, such as `_xmpp-client.example.org` (RFC 4985) */
  readonly srv: readonly string[]
  /** XmppAddr, a JID (RFC 6120 §13.7.1.4) */
  readonly xmpp: readonly string[]
}

export const OID_SUBJECT_ALT_NAME = '551d11'
export const OID_XMPP_ADDR = '2b06010505070805'
export const OID_SRV_NAME = '2b06010505070807'

/**
 * Reads the subjectAltName of a DER certificate. A name of an unexpected type is skipped.
 *
 * @throws {RangeError} the bytes are no certificate
 */
export function presentedNames(certificate: Uint8Array): PresentedNames {
  const names = { dns: [] as string[], srv: [] as string[], xmpp: [] as string[] }
  const [outer] = derValues(certificate)
  const [tbs] = derValues(sequence(outer).contents)
  const wrapped = derValues(sequence(tbs).contents).find(value => value.tag === 0xa3)
  if (wrapped === undefined) return names
  for (const extension of derValues(sequence(derValues(wrapped.contents)[0]).contents)) {
    const parts = derValues(sequence(extension).contents)
    if (oidHex(parts[0]) !== OID_SUBJECT_ALT_NAME) continue
    const general = derValues(parts.at(-1)!.contents)[0]
    for (const name of derValues(sequence(general).contents)) collect(name, names)
  }
  return names
}

function collect(name: Der, names: { dns: string[]; srv: string[]; xmpp: string[] }): void {
  if (name.tag === 0x82) names.dns.push(ascii(name.contents))
  if (name.tag !== 0xa0) return
  const [type, explicit] = derValues(name.contents)
  const value = explicit?.tag === 0xa0 ? derValues(explicit.contents)[0] : undefined
  if (value === undefined) return
  const oid = oidHex(type)
  if (oid === OID_SRV_NAME && value.tag === TAG.ia5) names.srv.push(ascii(value.contents))
  if (oid === OID_XMPP_ADDR && value.tag === TAG.utf8) names.xmpp.push(new TextDecoder().decode(value.contents))
}

/**
 * Whether a certificate (DER) speaks for `domain` and `service`: by DNS-ID, by SRV-ID of that very service, or by an
 * XmppAddr that is the bare domain. `*` is honoured only as the complete left-most label of a DNS-ID or SRV-ID and
 * stands for exactly one label; names are compared as A-labels (RFC 9525 §6.3; RFC 6120 §13.7.1.2.1). The domain is
 * the one the user typed, never an SRV target. A certificate that cannot be read matches nothing.
 */
export function matchesDomain(certificate: Uint8Array, domain: string, service: XmppService): boolean {
  const reference = aLabels(domain)
  if (reference === undefined) return false
  let names: PresentedNames
  try {
    names = presentedNames(certificate)
  } catch {
    return false
  }
  const prefix = `_${service}.`
  return (
    names.dns.some(name => matchesName(name, reference)) ||
    names.srv.some(
      name =>
        name.slice(0, prefix.length).toLowerCase() === prefix && matchesName(name.slice(prefix.length), reference),
    ) ||
    names.xmpp.some(name => !name.includes('*') && aLabels(name) === reference)
  )
}

function matchesName(presented: string, reference: string): boolean {
  const name = presented.toLowerCase()
  if (!name.startsWith('*.')) return name === reference
  // One label for the star, and at least two behind it: nobody may speak for a whole top-level domain.
  const rest = name.slice(1)
  const dot = reference.indexOf('.')
  return dot > 0 && reference.slice(dot) === rest && rest.indexOf('.', 1) > 0 && !rest.includes('*')
}

/** A domain as lower-case A-labels without the trailing dot; undefined for IP addresses and what is no domain name. */
export function aLabels(domain: string): string | undefined {
  // The URL parser also maps addresses written as numbers; a domain of digits and dots is none here (RFC 9525 §6.4).
  if (/[[\]:@/*]/.test(domain)) return undefined
  const ascii = domainToASCII(domain.endsWith('.') ? domain.slice(0, -1) : domain)
  return ascii === '' || /^\d+\.\d+\.\d+\.\d+$/.test(ascii) ? undefined : ascii
}

/** SHA-256 of a DER certificate as lower-case hexadecimal. */
export function fingerprint(certificate: Uint8Array): string {
  return hash('sha256', certificate, 'hex')
}

function sequence(der: Der | undefined): Der {
  if (der?.tag !== TAG.sequence) throw new RangeError('DER sequence expected')
  return der
}

function ascii(bytes: Uint8Array): string {
  // latin1 keeps a NUL or a byte above 127 visible: such a name then matches nothing.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
