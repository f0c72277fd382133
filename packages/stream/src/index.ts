export type { ChannelBindingType, Endpoint, TlsContext, TlsInfo, Transport, TransportSink } from './transport.ts'
export { memoryPair } from './memory.ts'
export { ForwardingTransport } from './forwarding.ts'
export { TimerWheel, type Timed } from './timers.ts'
export { FlushList, type Flushable } from './flush.ts'
export { Stream, type HeaderAttributes, type StreamHandler, type StreamSurroundings } from './stream.ts'
export { stanzaHandler, type StanzaHandlerOptions } from './stanza-handler.ts'
export { Outbox, type Barrier, type OutboxLimits } from './outbox.ts'
export { randomId } from './random-id.ts'
export { Pull, StreamEnded } from './pull.ts'
export {
  receive,
  type Negotiation,
  type Outcome,
  type ReceiverFeature,
  type ReceiverHost,
  type ReceiverOptions,
} from './receiver.ts'
export {
  initiate,
  type Bound as InitiatorBound,
  type Initiated,
  type InitiatorOptions,
  type Resumed as InitiatorResumed,
} from './initiator.ts'
export type { OfferMemory, RememberedOffer } from './offer-memory.ts'
export { memoryTokens, type Installation, type StoredToken, type TokenStore } from './installation.ts'
export type { Managed } from './features/initiator-sm.ts'
export { starttls, tlsRequired, type TlsHost } from './features/starttls.ts'
export { sasl } from './features/sasl.ts'
export type { SaslHost } from './features/sasl-exchange.ts'
export { sasl2, type Granted, type Sasl2Host, type Sasl2Login } from './features/sasl2.ts'
export type { Task } from './features/sasl2-tasks.ts'
export { bind, type BindHost, type Bound } from './features/bind.ts'
export { failed, NS_SM, readH, sm, type NotResumed, type ResumeHost, type Resumed } from './features/sm.ts'
export { limits, type LimitsHost } from './features/limits.ts'
export { essentialFeatures, type EssentialHost } from './features/essential.ts'
export { ReceivedCounter, type PendingStanza } from './sm/received.ts'
export { SentQueue } from './sm/sent.ts'
