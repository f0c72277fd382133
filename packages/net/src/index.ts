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
