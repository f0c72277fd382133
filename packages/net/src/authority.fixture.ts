/** A certificate authority for tests: issues what is right and what is not. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { OID_SRV_NAME, OID_SUBJECT_ALT_NAME, OID_XMPP_ADDR } from './certificate.ts'
import { TAG, der, derOid } from './der.ts'

const ECDSA_SHA256 = der(TAG.sequence, derOid('2a8648ce3d040302'))
export const SERVER_AUTH = '2b06010505070301'
export const CLIENT_AUTH = '2b06010505070302'

export const dnsId = (name: string) => der(0x82, Buffer.from(name, 'latin1'))
export const xmppAddr = (name: string) => der(0xa0, derOid(OID_XMPP_ADDR), der(0xa0, der(TAG.utf8, name)))
export const srvId = (name: string) => der(0xa0, derOid(OID_SRV_NAME), der(0xa0, der(TAG.ia5, name)))

/** What a certificate shall be like. */
export interface Wanted {
  readonly commonName?: string
  /** General names, see {@link dnsId}. */
  readonly names?: readonly Uint8Array[]
  /** Days from now. Default −1 and 30. */
  readonly days?: readonly [number, number]
  /** May issue others; a number is how many authorities may stand below. */
  readonly authority?: boolean | number
  /** Extended key usages. Default: both of a server. */
  readonly purposes?: readonly string[]
  /** Further extensions, DER. */
  readonly extensions?: readonly Uint8Array[]
}

/** A certificate with its key, which may sign others. */
export interface Issued {
  readonly cert: string
  readonly key: string
  readonly subject: Uint8Array
  readonly privateKey: KeyObject
}

/** Issues a certificate, signed by itself without an `issuer`. */
export function issue(wanted: Wanted, issuer?: Issued): Issued {
  const { commonName = '', names = [], days = [-1, 30], authority = false } = wanted
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = der(
    TAG.sequence,
    der(0x31, der(TAG.sequence, derOid('550403'), der(TAG.utf8, commonName || randomBytes(4).toString('hex')))),
  )
  const purposes = wanted.purposes ?? [SERVER_AUTH, CLIENT_AUTH]
  const extensions = [
    ...(names.length === 0 ? [] : [extension(OID_SUBJECT_ALT_NAME, der(TAG.sequence, ...names))]),
    ...(authority === false ? [] : [extension('551d13', basic(authority)), extension('551d0f', bits(0x04))]),
    ...(authority !== false || purposes.length === 0
      ? []
      : [extension('551d25', der(TAG.sequence, ...purposes.map(derOid)))]),
    ...(wanted.extensions ?? []),
  ]
  const body = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Uint8Array.of(2))),
    der(TAG.integer, Uint8Array.of(0x40), randomBytes(8)),
    ECDSA_SHA256,
    issuer?.subject ?? subject,
    der(TAG.sequence, time(days[0]), time(days[1])),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(TAG.sequence, ...extensions))]),
  )
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey)
  return {
    cert: pem(der(TAG.sequence, body, ECDSA_SHA256, der(0x03, Uint8Array.of(0), signature))),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    subject,
    privateKey,
  }
}

function basic(authority: boolean | number): Uint8Array {
  const parts = [der(0x01, Uint8Array.of(0xff))]
  if (typeof authority === 'number') parts.push(der(TAG.integer, Uint8Array.of(authority)))
  return der(TAG.sequence, ...parts)
}

function bits(value: number): Uint8Array {
  return der(0x03, Uint8Array.of(1, value))
}

export function extension(oid: string, value: Uint8Array): Uint8Array {
  return der(TAG.sequence, derOid(oid), der(TAG.octets, value))
}

function time(days: number): Uint8Array {
  const at = new Date(Date.now() + days * 86_400_000)
  return der(
    0x17,
    at
      .toISOString()
      .replace(/[-:T]|\.\d+/g, '')
      .slice(2),
  )
}

function pem(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,64}/g)! // not empty
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
