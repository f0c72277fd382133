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
export { boshAcceptor, type BoshAcceptor, type BoshOptions, type BoshVisitor } from './bosh/acceptor.ts'
export type { BoshCondition } from './bosh/body.ts'
export { dial, type DialOptions } from './dial.ts'
export {
  dnsResolver,
  type Address,
  type DnsResolverOptions,
  type ResolveOptions,
  type Resolver,
  type SrvRecord,
  type TlsaRecord,
  type TlsaResolver,
} from './resolve.ts'
export { targets, type DialStep, type Target, type TargetOptions } from './srv.ts'
export { isPublicAddress } from './public-address.ts'
export { guardedLookup, guardLiteral } from './guarded-lookup.ts'
export type { GuardedFetchOptions } from './guarded-fetch.ts'
export { s2sTls, type S2sTls, type S2sTlsOptions } from './s2s/contexts.ts'
export {
  s2sDialer,
  type S2sDialOptions,
  type S2sDialled,
  type S2sDialer,
  type S2sDialerOptions,
  type S2sTarget,
} from './s2s/dialer.ts'
export {
  certificateVerifier,
  type CertificateVerifier,
  type CertificateVerifierOptions,
  type Pinned,
  type PinStore,
  type VerifyOptions,
} from './s2s/verifier.ts'
export { type Verdict } from './s2s/verdict.ts'
export { webSocketFinder, type WebSocketFinder } from './s2s/web-socket-finder.ts'
export { daneChecker, type DaneChecker } from './s2s/dane.ts'
export { poshChecker, type PoshChecker, type PoshOptions } from './s2s/posh.ts'
