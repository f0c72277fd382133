// tls-server-end-point: the hash of the server's certificate by the hash of its signature (RFC 5929 §4.1).
import { platform } from '#platform'
import { andThen, type Awaitable } from './awaitable.ts'
import type { SaslCrypto } from './crypto.ts'

type EndPointHash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** Object identifiers of signatures, in hexadecimal. MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 §4.1). */
const SIGNATURES = new Map<string, EndPointHash>([
  ['2a864886f70d010104', 'SHA-256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'SHA-256'], // sha1WithRSAEncryption
  ['2a864886f70d01010b', 'SHA-256'], // sha256WithRSAEncryption
  ['2a864886f70d01010c', 'SHA-384'], // sha384WithRSAEncryption
  ['2a864886f70d01010d', 'SHA-512'], // sha512WithRSAEncryption
  ['2a8648ce3d0401', 'SHA-256'], // ecdsa-with-SHA1
  ['2a8648ce3d040302', 'SHA-256'], // ecdsa-with-SHA256
  ['2a8648ce3d040303', 'SHA-384'], // ecdsa-with-SHA384
  ['2a8648ce3d040304', 'SHA-512'], // ecdsa-with-SHA512
])
/** RSASSA-PSS names its hash in its parameters (RFC 4055 §3.1). */
const PSS = '2a864886f70d01010a'
const HASHES = new Map<string, EndPointHash>([
  ['2b0e03021a', 'SHA-256'], // SHA-1
  ['608648016503040201', 'SHA-256'],
  ['608648016503040202', 'SHA-384'],
  ['608648016503040203', 'SHA-512'],
])

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const CONTEXT_0 = 0xa0

/**
 * The data of `tls-server-end-point` for a server's certificate.
 *
 * `undefined` for what is no certificate and for signatures without one hash of their own (Ed25519, SHA-224), for which
 * RFC 5929 §4.1 defines nothing: the binding is then not offered.
 *
 * @param certificate the end-entity certificate, DER
 */
export function serverEndPoint(
  certificate: Uint8Array,
  crypto: SaslCrypto = platform,
): Awaitable<Uint8Array | undefined> {
  const hash = signatureHash(certificate)
  return hash === undefined ? undefined : andThen(crypto.hash(hash, certificate), data => data)
}

function signatureHash(certificate: Uint8Array): EndPointHash | undefined {
  const outer = read(certificate, SEQUENCE)
  const signed = outer && read(outer.value, SEQUENCE)
  const algorithm = signed && read(signed.rest, SEQUENCE)
  const identifier = algorithm && read(algorithm.value, OBJECT_IDENTIFIER)
  if (identifier === undefined) return undefined
  const name = hex(identifier.value)
  return name === PSS ? pssHash(identifier.rest) : SIGNATURES.get(name)
}

function pssHash(parameters: Uint8Array): EndPointHash | undefined {
  const sequence = read(parameters, SEQUENCE)
  if (sequence === undefined) return undefined
  // Left out, the hash is SHA-1.
  if (sequence.value[0] !== CONTEXT_0) return 'SHA-256'
  const tagged = read(sequence.value, CONTEXT_0)
  const algorithm = tagged && read(tagged.value, SEQUENCE)
  const identifier = algorithm && read(algorithm.value, OBJECT_IDENTIFIER)
  return identifier && HASHES.get(hex(identifier.value))
}

/** The first DER value if it has this tag, and what follows it. */
function read(bytes: Uint8Array, tag: number): { value: Uint8Array; rest: Uint8Array } | undefined {
  const first = bytes[1]
  if (bytes[0] !== tag || first === undefined) return undefined
  let at = 2
  let length = first
  if (first > 0x7f) {
    const count = first & 0x7f
    if (count === 0 || count > 3 || bytes.length < at + count) return undefined
    length = 0
    for (; at < 2 + count; at++) length = length * 256 + bytes[at]!
  }
  if (bytes.length < at + length) return undefined
  return { value: bytes.subarray(at, at + length), rest: bytes.subarray(at + length) }
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
