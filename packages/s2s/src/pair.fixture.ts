/** Connections in memory with TLS that may be started on them, and certificates that say whom they are for. */

import { ForwardingTransport, memoryPair, type TlsContext, type TlsInfo, type Transport } from '@tercet/stream'
import type { TlsPort, Verifier } from './ports.ts'

/** TLS of one side: its certificate is the list of the names in it; undefined: none. */
interface Context extends TlsContext {
  readonly certificate: string | undefined
}

/** Two ends; each may start TLS, which is there when both have. */
export function upgradablePair(
  options: {
    tls?: { near: string | undefined; far: string | undefined } | undefined
    framing?: Transport['framing']
  } = {},
): [Transport, Transport] {
  const [a, b] = memoryPair(options.framing === undefined ? {} : { framing: options.framing })
  const near = new Upgradable(a)
  const far = new Upgradable(b)
  near.peer = far
  far.peer = near
  if (options.tls) {
    near.secure = tlsInfo(options.tls.far)
    far.secure = tlsInfo(options.tls.near)
  }
  return [near, far]
}

class Upgradable extends ForwardingTransport {
  secure: TlsInfo | undefined
  peer: Upgradable | undefined
  offered: { readonly certificate: string | undefined } | undefined
  secured: (() => void) | undefined

  override get tls(): TlsInfo | undefined {
    return this.secure
  }

  override async upgrade(context: TlsContext): Promise<void> {
    // Made by this fixture.
    this.offered = { certificate: (context as Context).certificate }
    this.resume()
    const peer = this.peer!
    if (peer.offered === undefined) {
      await new Promise<void>(resolve => (this.secured = resolve))
      return
    }
    this.secure = tlsInfo(peer.offered.certificate)
    peer.secure = tlsInfo(this.offered.certificate)
    peer.secured?.()
  }
}

function tlsInfo(certificate: string | undefined): TlsInfo {
  return {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    serverName: undefined,
    alpn: undefined,
    resumed: false,
    peerCertificate: certificate === undefined ? undefined : new TextEncoder().encode(certificate),
    peerCertificateError: undefined,
    channelBindings: [],
    channelBinding: () => undefined,
  }
}

/** TLS of a side whose certificate has these names, separated by spaces; `expired` among them says so. */
export function tlsPort(certificate: string | undefined): TlsPort {
  const client: Context = { side: 'client', certificate }
  const server: Context = { side: 'server', certificate }
  return { client: () => client, server }
}

/** Believes what a certificate says. */
export const verifier: Verifier = {
  verify({ peerCertificate }, domain, { delegate }) {
    const names = peerCertificate ? new TextDecoder().decode(peerCertificate).split(' ') : []
    if (names.includes('expired')) return { valid: false, reason: 'CERT_HAS_EXPIRED', names: names.slice(1) }
    if (names.includes(domain) || (delegate !== undefined && names.includes(delegate)))
      return { valid: true, by: 'pkix' }
    return { valid: false, reason: `not issued for ${domain}`, names }
  },
}
