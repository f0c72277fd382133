export { createGateway, type Gateway } from './gateway.ts'
export type { GatewayOptions } from './gateway-options.ts'
export type {
  Dialer,
  DialOptions,
  Dialled,
  DialStep,
  Origin,
  Receipt,
  Receiver,
  TlsPort,
  Verdict,
  Verifier,
  Work,
} from './ports.ts'
export { Policy, type Authentication, type DomainRule, type PolicyOptions } from './policy.ts'
export { defaultGatewayLimits, type GatewayLimits } from './limits.ts'
export { DialbackKeys } from './dialback.ts'
export type { Step } from './outgoing-stream.ts'
export type { DomainStatus, StreamStatus } from './status.ts'
