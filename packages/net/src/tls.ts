/** TLS for XMPP: what a server and a client need to know for STARTTLS and direct TLS (RFC 6120 §5, RFC 7590, XEP-0368 1.1.0). */
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket, connect, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsContext } from '@tercet/stream'
import { aLabels, matchesDomain, type XmppService } from './certificate.ts'
import { tlsServerEndPoint, tlsServerEndPointOf } from './channel-binding.ts'
import { Deadlines } from './deadlines.ts'
import { TransportError } from './error.ts'
import { SocketTlsInfo } from './tls-info.ts'

/** A certificate chain and its private key, both PEM; the end-entity certificate comes first. */
export interface TlsCredential {
  readonly cert: string | Uint8Array
  readonly key: string | Uint8Array
}

/** What both sides may set. */
export interface TlsOptions {
  /** Roots that peers are verified against, PEM. Default: Node's. */
  readonly ca?: string | readonly string[]
  /** Oldest version accepted. Default `'TLSv1.2'` (RFC 7590 §3, RFC 9325 §3.1.1). */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Newest version. Default: what Node has. */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Key exchange groups; `'X25519:P-256'` saves about 9 KiB a connection and gives up post-quantum key exchange. */
  readonly ecdhCurve?: string
  /** Application protocols (RFC 7301). Default: the service's name, `['xmpp-client']` on servers (XEP-0368 §3). */
  readonly alpn?: readonly string[]
  /** A handshake that takes longer closes the connection. Default 10 000. */
  readonly handshakeTimeoutMs?: number
  /** Offer `tls-unique` on full TLS 1.2 handshakes though the extended master secret cannot be verified. Default false. */
  readonly tlsUnique?: boolean
}

/** Options of {@link serverTls}. */
export interface ServerTlsOptions extends TlsOptions {
  /** Certificates by the server name that a client asks for; `*.example.org` serves every name one label below. */
  readonly contexts: Readonly<Record<string, TlsCredential>>
  /** The entry for clients that ask for no name or for an unknown one. */
  readonly defaultName: string
  /** Ask peers for a certificate, for SASL EXTERNAL. Handshakes succeed without it. Default false. */
  readonly requestCert?: boolean
}

/** Options of {@link clientTls}. */
export interface ClientTlsOptions extends TlsOptions {
  /** The domain of the service as the user typed it: sent as SNI and looked for in the certificate (RFC 9525 §6.1.1). */
  readonly domain: string
  /** Which service's SRV-ID counts. Default `'xmpp-client'`. */
  readonly service?: XmppService
  /** Refuse a peer whose certificate does not verify. When false, `peerCertificateError` tells. Default true. */
  readonly rejectUnauthorized?: boolean
  /** Our own certificate, for SASL EXTERNAL. */
  readonly credential?: TlsCredential
  /**
   * Look for `domain` in the certificate. Default true; when false, `peerCertificateError` is about the chain alone and
   * somebody else reads the names.
   */
  readonly checkName?: boolean
}

/** A connection whose handshake can take too long. */
export interface Handshaking {
  destroy(error: Error): void
}

interface Entry {
  readonly secure: SecureContext
  readonly endPoint: Uint8Array | undefined
}

/** A server's certificates and settings. Shared by all its connections; {@link ServerTls.replace} changes certificates in place. */
export class ServerTls implements TlsContext {
  readonly side = 'server'
  readonly handshakeTimeoutMs: number
  /** @internal */
  readonly handshakes: Deadlines<Handshaking>
  readonly #options: ServerTlsOptions
  #entries: ReadonlyMap<string, Entry>
  #replacedMs: number | undefined
  // One callback for all connections; sessions may be resumed by ticket, early data is never accepted (Node has none).
  readonly #select = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    done(null, this.#find(name).secure)
  }

  constructor(options: ServerTlsOptions) {
    this.#options = options
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? 10_000
    this.handshakes = new Deadlines(this.handshakeTimeoutMs, expire)
    this.#entries = entries(options, options.contexts)
  }

  /**
   * Puts new certificates in the place of all old ones; connections made from now on use them.
   *
   * @throws {TransportError} `certificate`: one does not parse or fit its key, or the default is missing; nothing changed then
   */
  replace(contexts: Readonly<Record<string, TlsCredential>>): void {
    this.#entries = entries(this.#options, contexts)
    this.#replacedMs = performance.now()
  }

  /** @internal Starts the handshake on a connected socket. */
  wrap(socket: Socket): TLSSocket {
    return new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#find(this.#options.defaultName).secure,
      // Where there is one certificate for all, no handshake stops to ask for another.
      ...(this.#entries.size > 1 ? { SNICallback: this.#select } : {}),
      ALPNProtocols: [...(this.#options.alpn ?? ['xmpp-client'])],
      requestCert: this.#options.requestCert ?? false,
      rejectUnauthorized: false,
    })
  }

  /** @internal What the handshake brought; a server refuses nobody here. */
  inspect(socket: TLSSocket): SocketTlsInfo {
    // Asked once: Node 24 answers only the first time on a client.
    const peer = socket.getPeerX509Certificate()
    return new SocketTlsInfo(socket, {
      side: 'server',
      peer,
      peerCertificateError:
        this.#options.requestCert === true ? chainError(socket, peer?.raw) : 'no certificate was asked for',
      tlsUnique: this.#options.tlsUnique ?? false,
      endPoint: this.#endPoint(socket),
    })
  }

  #endPoint(socket: TLSSocket): Uint8Array | undefined {
    // A handshake that began before the certificates were replaced has shown an old one.
    const replaced =
      this.#replacedMs !== undefined && performance.now() - this.#replacedMs < this.handshakeTimeoutMs * 2
    if (replaced) return tlsServerEndPointOf(socket)
    return this.#find((socket as { servername?: string | false | null }).servername || this.#options.defaultName)
      .endPoint
  }

  #find(name: string): Entry {
    const known = this.#entries.get(name.toLowerCase())
    if (known !== undefined) return known
    const wildcard = this.#entries.get('*' + name.slice(name.indexOf('.')).toLowerCase())
    return wildcard ?? this.#entries.get(this.#options.defaultName.toLowerCase())!
  }
}

/** What a client wants of TLS: whom it means to reach and which certificates it believes. */
export class ClientTls implements TlsContext {
  readonly side = 'client'
  readonly handshakeTimeoutMs: number
  /** @internal */
  readonly handshakes: Deadlines<Handshaking>
  readonly #options: ClientTlsOptions
  readonly #secure: SecureContext
  readonly #servername: string | undefined

  constructor(options: ClientTlsOptions, secure: SecureContext = secureContext(options, options.credential)) {
    this.#options = options
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? 10_000
    this.handshakes = new Deadlines(this.handshakeTimeoutMs, expire)
    this.#secure = secure
    this.#servername = aLabels(options.domain)
  }

  /** @internal */
  wrap(socket: Socket): TLSSocket {
    return connect({
      socket,
      ...this.settings(),
      checkServerIdentity: () => undefined,
      ALPNProtocols: [...(this.#options.alpn ?? [this.#options.service ?? 'xmpp-client'])],
    })
  }

  /** @internal What Node's TLS is told, whoever makes the socket. */
  settings(): { secureContext: SecureContext; servername?: string; rejectUnauthorized: false } {
    return {
      secureContext: this.#secure,
      ...(this.#servername === undefined ? {} : { servername: this.#servername }),
      // Node ends the handshake either way; whether it counts is decided in inspect().
      rejectUnauthorized: false,
    }
  }

  /** @internal @throws {TransportError} `certificate`: not to be trusted, and `rejectUnauthorized` is not false */
  inspect(socket: TLSSocket): SocketTlsInfo {
    const { domain, service = 'xmpp-client', rejectUnauthorized = true, checkName = true } = this.#options
    const peer = socket.getPeerX509Certificate()
    const certificate = peer?.raw
    const error =
      chainError(socket, certificate) ??
      (!checkName || (certificate !== undefined && matchesDomain(certificate, domain, service))
        ? undefined
        : `not issued for ${domain}`)
    if (error !== undefined && rejectUnauthorized) {
      throw new TransportError('certificate', `The certificate of ${domain} cannot be trusted: ${error}`)
    }
    return new SocketTlsInfo(socket, {
      side: 'client',
      peer,
      peerCertificateError: error,
      tlsUnique: this.#options.tlsUnique ?? false,
      endPoint: certificate && tlsServerEndPoint(certificate),
    })
  }
}

/**
 * TLS material of a server, by server name (SNI).
 *
 * @throws {TransportError} `certificate`: a certificate or key does not parse, they do not fit, or the default is missing
 */
export function serverTls(options: ServerTlsOptions): ServerTls {
  return new ServerTls(options)
}

/** TLS material of a client for one domain. @throws {TransportError} `certificate`: `ca` or `credential` does not parse */
export function clientTls(options: ClientTlsOptions): ClientTls {
  return new ClientTls(options)
}

function expire(connection: Handshaking): void {
  connection.destroy(new TransportError('timeout', 'The TLS handshake took too long'))
}

function entries(
  options: ServerTlsOptions,
  contexts: Readonly<Record<string, TlsCredential>>,
): ReadonlyMap<string, Entry> {
  const made = new Map(
    Object.entries(contexts).map(([name, credential]) => [name.toLowerCase(), entry(options, name, credential)]),
  )
  if (made.has(options.defaultName.toLowerCase())) return made
  throw new TransportError('certificate', `No certificate for the default name ${options.defaultName}`)
}

function entry(options: ServerTlsOptions, name: string, credential: TlsCredential): Entry {
  try {
    const { raw } = new X509Certificate(credential.cert)
    return { secure: secureContext(options, credential), endPoint: tlsServerEndPoint(raw) }
  } catch (cause) {
    throw new TransportError('certificate', `The certificate or the key for ${name} is not usable`, { cause })
  }
}

/** @internal */
export function secureContext(options: TlsOptions, credential: TlsCredential | undefined): SecureContext {
  const settings: SecureContextOptions = {
    minVersion: options.minVersion ?? 'TLSv1.2',
    // Resumption with client certificates needs a name for the session's context.
    sessionIdContext: 'tercet',
  }
  if (options.maxVersion !== undefined) settings.maxVersion = options.maxVersion
  if (options.ecdhCurve !== undefined) settings.ecdhCurve = options.ecdhCurve
  if (options.ca !== undefined) settings.ca = typeof options.ca === 'string' ? options.ca : [...options.ca]
  if (credential !== undefined) Object.assign(settings, { cert: pem(credential.cert), key: pem(credential.key) })
  try {
    return createSecureContext(settings)
  } catch (cause) {
    throw new TransportError('certificate', 'The TLS settings are not usable', { cause })
  }
}

function pem(data: string | Uint8Array): string | Buffer {
  return typeof data === 'string' ? data : Buffer.from(data)
}

/** @internal Why the peer's chain does not verify, as OpenSSL names it; undefined when it does. */
export function chainError(socket: TLSSocket, certificate: Uint8Array | undefined): string | undefined {
  if (certificate === undefined) return 'no certificate was presented'
  // Node copies the verdict to `authorizationError` for sockets of tls.Server and tls.connect only; on a socket that was
  // wrapped by hand it has to be asked from the engine, behind the undocumented `ssl`. Absent means untrusted.
  const { ssl } = socket as { ssl?: { verifyError?: () => (Error & { code?: string }) | null | undefined } | null }
  if (typeof ssl?.verifyError !== 'function') return 'the chain cannot be verified'
  const error = ssl.verifyError()
  return error ? (error.code ?? error.message) : undefined
}
