/** Channel bindings of TLS: tls-server-end-point and tls-unique (RFC 5929), tls-exporter (RFC 9266). */
import { hash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { TAG, derValues, oidHex } from './der.ts'

/** `tls-exporter`: 32 bytes exported with an empty context; only bound to one connection on TLS 1.3 (RFC 9266 §2). */
export function tlsExporter(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}

/**
 * `tls-server-end-point`: the server's certificate under the hash of its own signature, MD5 and SHA-1 replaced by
 * SHA-256. Undefined where the signature has no hash of its own (EdDSA) or is unknown (RFC 5929 §4.1).
 */
export function tlsServerEndPoint(certificate: Uint8Array): Uint8Array | undefined {
  const name = signatureHash(certificate)
  return name === undefined ? undefined : hash(name, certificate, 'buffer')
}

/** The same of the certificate that our side of a connection has shown; 20 µs, so mind how often. */
export function tlsServerEndPointOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getX509Certificate()
  return certificate && tlsServerEndPoint(certificate.raw)
}

/**
 * `tls-unique`: the first Finished message of the handshake (RFC 5929 §3.1), which is the client's when the
 * handshake is full. Only for TLS 1.2 connections that are neither resumed nor renegotiated.
 */
export function tlsUnique(socket: TLSSocket, side: 'server' | 'client'): Uint8Array | undefined {
  return side === 'client' ? socket.getFinished() : socket.getPeerFinished()
}

const OID_PSS = '2a864886f70d01010a'

const hashOfSignature: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  // Digests alone, as the parameters of RSASSA-PSS name them (RFC 4055 §2.1)
  '2b0e03021a': 'sha256', // SHA-1
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
  '608648016503040204': 'sha224',
}

function signatureHash(certificate: Uint8Array): string | undefined {
  try {
    const [outer] = derValues(certificate)
    const [, algorithm] = derValues(outer!.contents)
    const [oid, parameters] = derValues(algorithm!.contents)
    const name = oidHex(oid)
    if (name !== OID_PSS) return hashOfSignature[name]
    const first = parameters === undefined ? undefined : derValues(parameters.contents)[0]
    if (first?.tag !== 0xa0) return 'sha256' // the default of the parameters is SHA-1, which SHA-256 replaces
    const [digest] = derValues(first.contents)
    return digest?.tag === TAG.sequence ? hashOfSignature[oidHex(derValues(digest.contents)[0])] : undefined
  } catch {
    return undefined // a certificate that we cannot read offers no binding
  }
}
