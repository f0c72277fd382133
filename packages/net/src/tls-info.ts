/** Facts of an established TLS connection, as the stream asks for them. */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelBindingType, TlsInfo } from '@tercet/stream'
import { tlsExporter, tlsUnique } from './channel-binding.ts'

/** What the context of a connection knows better than its socket. */
export interface TlsFacts {
  readonly side: 'server' | 'client'
  readonly peer: X509Certificate | undefined
  /** Why the peer's certificate is not trusted; undefined when it is. */
  readonly peerCertificateError: string | undefined
  /** Whether tls-unique may be offered, see {@link SocketTlsInfo}. */
  readonly tlsUnique: boolean
  /** The `tls-server-end-point` of the server's certificate, if it has one. */
  readonly endPoint: Uint8Array | undefined
}

/**
 * {@link TlsInfo} of a socket after its handshake. Bindings are computed when first asked for, while the connection lives.
 *
 * `tls-unique` needs a connection that is not resumed and uses the extended master secret (RFC 7677 §4). Node cannot
 * tell whether that extension was negotiated, so the type is off unless the operator asks for it, and then offered on
 * full TLS 1.2 handshakes only, which the attack on it does not reach; renegotiation is switched off.
 */
export class SocketTlsInfo implements TlsInfo {
  readonly protocol: string
  readonly serverName: string | undefined
  readonly alpn: string | undefined
  readonly resumed: boolean
  readonly peerCertificate: Uint8Array | undefined
  readonly peerCertificateError: string | undefined
  readonly channelBindings: readonly ChannelBindingType[]
  /** Our side of the handshake. */
  readonly side: 'server' | 'client'
  /** The peer's certificate with its issuers, as far as it sent them. */
  readonly peer: X509Certificate | undefined
  readonly #socket: TLSSocket
  readonly #endPoint: Uint8Array | undefined
  #cipher: string | undefined

  constructor(socket: TLSSocket, facts: TlsFacts) {
    this.protocol = socket.getProtocol() ?? 'unknown'
    // Node says false for absent names; the types of @types/node agree for alpnProtocol only.
    this.serverName = (socket as { servername?: string | false | null }).servername || undefined
    this.alpn = socket.alpnProtocol || undefined
    this.resumed = socket.isSessionReused()
    this.peer = facts.peer
    this.peerCertificate = facts.peer?.raw
    this.peerCertificateError = facts.peerCertificateError
    this.#socket = socket
    this.side = facts.side
    this.#endPoint = facts.endPoint
    this.channelBindings = available(this.protocol, this.#endPoint !== undefined, facts.tlsUnique && !this.resumed)
    if (this.protocol !== 'TLSv1.3') socket.disableRenegotiation()
  }

  /** Asked for late: it costs 20 µs, and few connections log it. Unknown once the connection is gone. */
  get cipher(): string {
    // Null without a connection, whatever its type says.
    const cipher = this.#cipher === undefined ? (this.#socket.getCipher() as { name: string } | null) : undefined
    return (this.#cipher ??= cipher?.name ?? 'unknown')
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    if (!this.channelBindings.includes(type)) return undefined
    if (type === 'tls-server-end-point') return this.#endPoint
    if (this.#socket.destroyed) return undefined
    return type === 'tls-exporter' ? tlsExporter(this.#socket) : tlsUnique(this.#socket, this.side)
  }
}

// The lists are shared: a connection holds a reference.
const exporterAndEndPoint: readonly ChannelBindingType[] = ['tls-exporter', 'tls-server-end-point']
const exporter: readonly ChannelBindingType[] = ['tls-exporter']
const uniqueAndEndPoint: readonly ChannelBindingType[] = ['tls-unique', 'tls-server-end-point']
const unique: readonly ChannelBindingType[] = ['tls-unique']
const endPoint: readonly ChannelBindingType[] = ['tls-server-end-point']
const none: readonly ChannelBindingType[] = []

function available(protocol: string, hasEndPoint: boolean, mayUnique: boolean): readonly ChannelBindingType[] {
  if (protocol === 'TLSv1.3') return hasEndPoint ? exporterAndEndPoint : exporter
  if (mayUnique) return hasEndPoint ? uniqueAndEndPoint : unique
  return hasEndPoint ? endPoint : none
}

/**
 * TLS that another program ends, a reverse proxy for one, or that is not the same for all bytes of a connection: encrypted is all that is
 * known. Nothing can be bound to it.
 */
export const tlsElsewhere: TlsInfo = {
  protocol: 'unknown',
  cipher: 'unknown',
  serverName: undefined,
  alpn: undefined,
  resumed: false,
  peerCertificate: undefined,
  peerCertificateError: 'no certificate was asked for',
  channelBindings: [],
  channelBinding: () => undefined,
}
