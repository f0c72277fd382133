export { createComponents, type Components, type ComponentsOptions, type ComponentStatus } from './components.ts'
export { handshakeOf, isHandshake, NS_ACCEPT } from './handshake.ts'
export { defaultComponentLimits, type ComponentLimits } from './limits.ts'
export type { Origin, Receipt, Receiver, Work } from './ports.ts'
