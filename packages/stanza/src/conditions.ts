// Error conditions as literal tables: stanza (RFC 6120 §8.3.3), stream (§4.9.3) and SASL (§6.5).

/** What the sender of a refused stanza may do about it (RFC 6120 §8.3.2). */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'

/** Every stanza error condition with the error type that RFC 6120 §8.3.3 recommends; where it leaves a choice, ours. */
export const stanzaConditions = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} as const satisfies Record<string, ErrorType>

/** A stanza error condition, by its wire name. */
export type StanzaCondition = keyof typeof stanzaConditions

/** Every stream error condition (RFC 6120 §4.9.3). */
export const streamConditions = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const

/** A stream error condition, by its wire name. */
export type StreamCondition = (typeof streamConditions)[number]

/** Every SASL error condition (RFC 6120 §6.5). */
export const saslConditions = [
  'aborted',
  'account-disabled',
  'credentials-expired',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
  'not-authorized',
  'temporary-auth-failure',
] as const

/** A SASL error condition, by its wire name. */
export type SaslCondition = (typeof saslConditions)[number]

const stanzaNames = new Set<string>(Object.keys(stanzaConditions))
const streamNames = new Set<string>(streamConditions)
const saslNames = new Set<string>(saslConditions)
const errorTypes = new Set<string>(['auth', 'cancel', 'continue', 'modify', 'wait'] satisfies ErrorType[])

/** Whether `name` is a stanza error condition. */
export function isStanzaCondition(name: string): name is StanzaCondition {
  return stanzaNames.has(name)
}

/** Whether `name` is one of the five stanza error types. */
export function isErrorType(name: string): name is ErrorType {
  return errorTypes.has(name)
}

/** Reads a stanza condition; an unknown one means `undefined-condition` (RFC 6120 §8.3.2). */
export function stanzaCondition(name: string): StanzaCondition {
  return isStanzaCondition(name) ? name : 'undefined-condition'
}

/** Reads a stream condition; an unknown one means `undefined-condition` (RFC 6120 §4.9.2). */
export function streamCondition(name: string): StreamCondition {
  // The set was made from the list of StreamConditions.
  return streamNames.has(name) ? (name as StreamCondition) : 'undefined-condition'
}

/** Reads a SASL condition; an unknown one means `not-authorized` (RFC 6120 §6.5). */
export function saslCondition(name: string): SaslCondition {
  // The set was made from the list of SaslConditions.
  return saslNames.has(name) ? (name as SaslCondition) : 'not-authorized'
}
