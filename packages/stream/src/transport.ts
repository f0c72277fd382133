/** The transport port: bytes of one connection, whatever carries them. The only I/O that the house knows. */

/** What a transport tells the stream above it. One object serves a connection for its whole life; no call comes after `closed`. */
export interface TransportSink {
  /**
   * Bytes arrived: any cut of the stream on TCP, exactly one whole message on a WebSocket. The array is only valid during the call.
   */
  chunk(bytes: Uint8Array): void
  /** After `write` returned false: the buffer is empty again. */
  drained(): void
  /** The peer will send no more; writing is still possible. */
  ended(): void
  /** The connection is gone; comes exactly once, last. `error` is absent after an orderly end. */
  closed(error?: Error): void
}

/** An end of a connection. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** Channel-binding types that a TLS connection can really do (RFC 5929, RFC 9266). */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'

/** Facts of a TLS connection. */
export interface TlsInfo {
  /** `'TLSv1.3'` or `'TLSv1.2'`. */
  readonly protocol: string
  readonly cipher: string
  /** The name that the initiator asked for (SNI), if any. */
  readonly serverName: string | undefined
  /** The negotiated application protocol (RFC 7301), if any. */
  readonly alpn: string | undefined
  /** True when the TLS session was resumed. */
  readonly resumed: boolean
  /** DER of the peer's end-entity certificate, when it presented one. */
  readonly peerCertificate: Uint8Array | undefined
  /** Undefined: the chain verified against the configured roots; otherwise the reason why not. */
  readonly peerCertificateError: string | undefined
  /** Channel-binding types available here, strongest first. */
  readonly channelBindings: readonly ChannelBindingType[]
  /** The binding data of an available type. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined
}

/** TLS material for {@link Transport.upgrade}; what it holds is the adapter's business. */
export interface TlsContext {
  readonly side: 'server' | 'client'
}

/** One connection. Adapters share their handlers between connections: an idle one costs a socket and this object. */
export interface Transport {
  /** How stanzas are delimited: by the stream's XML on TCP (RFC 6120), by messages on a WebSocket (RFC 7395). */
  readonly framing: 'tcp' | 'websocket'
  readonly remote: Endpoint
  readonly local: Endpoint
  /** Present once TLS is established, by direct TLS, `upgrade`, or below a WebSocket. */
  readonly tls: TlsInfo | undefined
  /** Begins to deliver to `sink`. Called once. */
  start(sink: TransportSink): void
  /** Sends text as UTF-8 (one message on a WebSocket). Returns false when the buffer is above its mark; `drained` follows. */
  write(text: string): boolean
  /** Stops reading: the peer is slowed by TCP. Calls are idempotent. */
  pause(): void
  resume(): void
  /**
   * Starts TLS on a plain TCP connection (STARTTLS). Bytes that arrived in clear and were not consumed are discarded
   * (RFC 6120 §5.4.3.3). Resolves when the handshake is done; rejects, and closes, when it fails.
   */
  upgrade(context: TlsContext): Promise<void>
  /** Sends what is buffered, then ends the connection in order (TLS close_notify, FIN, WebSocket close handshake). Bounded in time. */
  close(): void
  /** Drops the connection at once. */
  destroy(): void
  /** Bytes written but not yet taken by the operating system. */
  readonly buffered: number
  /** True: what is written leaves only when the peer asks, so that a pause would hold it up for ever. Default false. */
  readonly polled?: boolean
}
