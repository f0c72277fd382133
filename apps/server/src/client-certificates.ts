/** Certificates of clients, for SASL EXTERNAL (XEP-0178): whose signature counts, and what a certificate says. */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { fingerprint, presentedNames } from '@tercet/net'
import type { ClientCertificates } from '@tercet/server'
import type { ClientCertificatesConfig } from './config.ts'
import { UserError } from './user-error.ts'

/** The roots as TLS wants them, and the reader of what they signed. */
export interface OpenedClientCertificates extends ClientCertificates {
  /** PEM */
  readonly ca: string
}

/** Reads the roots. @throws {UserError} the file cannot be read, or holds no certificate */
export function openClientCertificates({ ca: file, accounts }: ClientCertificatesConfig): OpenedClientCertificates {
  let ca: string
  try {
    ca = readFileSync(file, 'utf8')
    // A first certificate that does not parse throws here, a later one there.
    new X509Certificate(ca)
    createSecureContext({ ca })
  } catch (cause) {
    throw new UserError(`auth.certificates.ca: ${file} holds no certificates: ${(cause as Error).message}`, { cause })
  }
  return {
    ca,
    names(certificate) {
      if (!isCurrent(certificate)) return undefined
      const addresses = xmppAddresses(certificate)
      if (addresses === undefined || addresses.length > 0) return addresses && { addresses }
      const mapped = accounts[fingerprint(certificate)]
      return mapped === undefined ? undefined : { addresses: [], mapped }
    },
  }
}

/** A resumed TLS session shows the certificate of the first handshake, which may have expired since. */
function isCurrent(certificate: Uint8Array): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate)
  const now = new Date()
  return validFromDate <= now && now <= validToDate
}

/** Undefined: OpenSSL read the certificate, and we cannot. */
function xmppAddresses(certificate: Uint8Array): readonly string[] | undefined {
  try {
    return presentedNames(certificate).xmpp
  } catch {
    return undefined
  }
}
