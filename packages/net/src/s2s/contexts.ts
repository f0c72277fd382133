/** TLS between servers: both ends show certificates, and neither refuses one by itself (RFC 6120 §13.7.2; XEP-0178 1.2 §3). */
import { rootCertificates, type SecureContext } from 'node:tls'
import { ClientTls, ServerTls, secureContext, type TlsCredential } from '../tls.ts'

/** Options of {@link s2sTls}. */
export interface S2sTlsOptions {
  /** Certificates by our domain; `*.example.org` serves every name one label below. */
  readonly contexts: Readonly<Record<string, TlsCredential>>
  /** The entry for peers that ask for no name or for an unknown one. */
  readonly defaultName: string
  /** Roots in addition to Node's, PEM. */
  readonly ca?: readonly string[]
  /** Default `'TLSv1.2'`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Default 10 000. */
  readonly handshakeTimeoutMs?: number
}

/** What a gateway's streams are secured with. The verdict on a peer's certificate is the verifier's. */
export interface S2sTls {
  /** For streams from other servers; asks for their certificate. */
  readonly server: ServerTls
  /** For a stream of our domain `from` to `to`: shows the certificate of `from` and asks for `to` by name. */
  client(from: string, to: string): ClientTls
  /** Puts new certificates in the place of all old ones; connections made from now on use them. @throws {TransportError} as `serverTls` */
  replace(contexts: Readonly<Record<string, TlsCredential>>): void
}

/** TLS material of a gateway. @throws {TransportError} `certificate`: one does not parse or fit its key, or the default is missing */
export function s2sTls(options: S2sTlsOptions): S2sTls {
  const { contexts, defaultName, ca = [], ...rest } = options
  const common = { ...rest, ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }) }
  let credentials = lowerCase(contexts)
  // A context holds the roots, so there is one for each certificate of ours rather than for each domain of theirs.
  let secured = new Map<TlsCredential, SecureContext>()
  const server = new ServerTls({ ...common, contexts, defaultName, requestCert: true, alpn: ['xmpp-server'] })
  return {
    server,
    client(from, to) {
      const name = from.toLowerCase()
      const wildcard = '*' + name.slice(name.indexOf('.'))
      const credential =
        credentials.get(name) ?? credentials.get(wildcard) ?? credentials.get(defaultName.toLowerCase())!
      const made = secured.get(credential) ?? secureContext(common, credential)
      secured.set(credential, made)
      return new ClientTls(
        { ...common, domain: to, service: 'xmpp-server', rejectUnauthorized: false, checkName: false },
        made,
      )
    },
    replace(fresh) {
      server.replace(fresh)
      credentials = lowerCase(fresh)
      secured = new Map()
    },
  }
}

function lowerCase(contexts: Readonly<Record<string, TlsCredential>>): ReadonlyMap<string, TlsCredential> {
  return new Map(Object.entries(contexts).map(([name, credential]) => [name.toLowerCase(), credential]))
}
