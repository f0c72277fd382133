export { TransportError, type TransportErrorCode } from './error.ts'
export { listen, type ListenOptions, type Listener } from './listen.ts'
export {
  clientTls,
  serverTls,
  type ClientTls,
  type ClientTlsOptions,
  type ServerTls,
  type ServerTlsOptions,
  type TlsCredential,
  type TlsOptions,
} from './tls.ts'
export { selfSigned, type SelfSignedOptions } from './self-signed.ts'
export { fingerprint, matchesDomain, presentedNames, type PresentedNames, type XmppService } from './certificate.ts'
export {
  dialWebSocket,
  webSocketAcceptor,
  type WebSocketAcceptor,
  type WebSocketDialOptions,
  type WebSocketOptions,
} from './websocket.ts'
export { dial, type DialOptions } from './dial.ts'
export {
  dnsResolver,
  type Address,
  type DnsResolverOptions,
  type ResolveOptions,
  type Resolver,
  type SrvRecord,
} from './resolve.ts'
export { targets, type Target, type TargetOptions } from './srv.ts'
export { isPublicAddress } from './public-address.ts'
