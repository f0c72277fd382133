/** TLS as a connection in memory has it. */

import type { TlsInfo } from '@tercet/stream'

/** Data of the exporter on every such connection. */
export const EXPORTED = new Uint8Array(32).fill(7)

/** A TLS 1.3 connection whose client has shown a certificate that is trusted. */
export function tls(more: Partial<TlsInfo> = {}): TlsInfo {
  return {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    serverName: 'a.test',
    alpn: undefined,
    resumed: false,
    peerCertificate: Uint8Array.of(1),
    peerCertificateError: undefined,
    channelBindings: [],
    channelBinding: () => undefined,
    ...more,
  }
}

/** The same, and it can be bound to. */
export const bindable: TlsInfo = tls({ channelBindings: ['tls-exporter'], channelBinding: () => EXPORTED })
