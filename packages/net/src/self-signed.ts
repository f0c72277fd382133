/** Self-made certificates for a first start and for tests: ECDSA P-256, X.509 v3 (RFC 5280), names of RFC 6120 §13.7.1. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { OID_SRV_NAME, OID_SUBJECT_ALT_NAME, OID_XMPP_ADDR, aLabels } from './certificate.ts'
import { TAG, der, derOid } from './der.ts'
import { TransportError } from './error.ts'
import type { TlsCredential } from './tls.ts'

/** Options of {@link selfSigned}. */
export interface SelfSignedOptions {
  /** Domains to speak for, at least one; the first names the subject. `*.example.org` gets a DNS-ID only. */
  readonly domains: readonly string[]
  /** Validity from now (and an hour back, for clocks that are slow). Default 365. */
  readonly days?: number
}

const ECDSA_SHA256 = der(TAG.sequence, derOid('2a8648ce3d040302'))
const OID_COMMON_NAME = '550403'
const OID_KEY_USAGE = '551d0f'
const OID_EXTENDED_KEY_USAGE = '551d25'
const OID_SERVER_AUTH = '2b06010505070301'
const OID_CLIENT_AUTH = '2b06010505070302'

/**
 * Makes a key and a certificate signed by itself, with a DNS-ID, an XmppAddr and the SRV-IDs of both services for each
 * domain. Nobody trusts it before an operator or a user has said so.
 *
 * @throws {TransportError} `certificate`: no domain was given, or one is not a domain name
 */
export function selfSigned(
  options: SelfSignedOptions,
): { readonly cert: string; readonly key: string } & TlsCredential {
  const { domains, days = 365 } = options
  const [subject] = domains
  if (subject === undefined) throw new TransportError('certificate', 'A certificate needs at least one domain')
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Common Names hold 64 characters at most (RFC 5280 §A.1) and are never looked at.
  const name = der(
    TAG.sequence,
    der(0x31, der(TAG.sequence, derOid(OID_COMMON_NAME), der(TAG.utf8, subject.slice(0, 64)))),
  )
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x3f) | 0x40 // positive, and without a leading zero
  const now = Date.now()
  const body = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Uint8Array.of(2))), // version 3
    der(TAG.integer, serial),
    ECDSA_SHA256,
    name,
    der(TAG.sequence, time(now - 3_600_000), time(now + days * 86_400_000)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(
      0xa3,
      der(
        TAG.sequence,
        extension(OID_SUBJECT_ALT_NAME, der(TAG.sequence, ...domains.flatMap(generalNames))),
        extension(OID_KEY_USAGE, der(0x03, Uint8Array.of(7, 0x80))), // digitalSignature
        extension(OID_EXTENDED_KEY_USAGE, der(TAG.sequence, derOid(OID_SERVER_AUTH), derOid(OID_CLIENT_AUTH))),
      ),
    ),
  )
  const signature = der(0x03, Uint8Array.of(0), sign('sha256', body, privateKey))
  return {
    cert: pemCertificate(der(TAG.sequence, body, ECDSA_SHA256, signature)),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

function generalNames(domain: string): Uint8Array[] {
  const wildcard = domain.startsWith('*.')
  const name = aLabels(wildcard ? domain.slice(2) : domain)
  if (name === undefined) throw new TransportError('certificate', `${domain} is not a domain name`)
  if (wildcard) return [der(0x82, `*.${name}`)]
  return [
    der(0x82, name),
    otherName(OID_XMPP_ADDR, der(TAG.utf8, domain)),
    otherName(OID_SRV_NAME, der(TAG.ia5, `_xmpp-client.${name}`)),
    otherName(OID_SRV_NAME, der(TAG.ia5, `_xmpp-server.${name}`)),
  ]
}

function otherName(oid: string, value: Uint8Array): Uint8Array {
  return der(0xa0, derOid(oid), der(0xa0, value))
}

function extension(oid: string, value: Uint8Array): Uint8Array {
  return der(TAG.sequence, derOid(oid), der(TAG.octets, value))
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
function time(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return text < '2050' ? der(0x17, text.slice(2)) : der(0x18, text)
}

function pemCertificate(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,64}/g)!
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
