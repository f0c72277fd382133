// SASL mechanisms for XMPP as state machines over bytes, both ends (RFC 4422, RFC 6120 §6).
export type { Awaitable } from './awaitable.ts'
export { decodeBase64Strict, encodeBase64 } from './base64.ts'
export {
  channelBindings,
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  tlsVersionCode,
  type ChannelBinding,
  type ChannelBindingType,
  type TlsFacts,
} from './channel-binding.ts'
export { constantTimeEqual } from './constant-time.ts'
export type { SaslCrypto, ScramHash } from './crypto.ts'
export { serverEndPoint } from './end-point.ts'
export { SaslError, type SaslCondition } from './error.ts'
export { certificateIdentity } from './external.ts'
export { fastTokenKey } from './ht.ts'
export type {
  BearerOrigin,
  ClientCredentials,
  ClientMechanism,
  Credentials,
  FastToken,
  ScramCache,
  ScramCacheEntry,
  ServerContext,
  ServerMechanism,
  ServerStep,
} from './mechanism.ts'
export { HT_MECHANISMS, MECHANISMS, SCRAM_HASHES, upgradeTaskName } from './names.ts'
export { offeredFastMechanisms, offeredMechanisms, type OfferOptions } from './offer.ts'
export {
  deriveScramKeys,
  fakeScramKeys,
  SALT_BYTES,
  saltPassword,
  scramKeysFromSalted,
  verifyPasswordAgainst,
  type ScramKeys,
} from './scram-keys.ts'
export { MAX_ITERATIONS, MIN_ITERATIONS } from './scram-client.ts'
export { clientMechanism, selectMechanism, type SelectOptions } from './select.ts'
export { serverMechanism } from './server-mechanism.ts'
export { readScramKeys, writeScramKeys, type StoredScramKeys } from './stored-keys.ts'
