// SaslError: why an authentication ended, in the conditions of RFC 6120 §6.5.

/** The conditions of RFC 6120 §6.5, equal to their names on the wire. */
export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure'

/**
 * An authentication that failed, on either side.
 *
 * `text` is for a person, contains no secret and may be sent to the peer; `message` is `text`, or else the condition.
 */
export class SaslError extends Error {
  override readonly name = 'SaslError'
  readonly condition: SaslCondition
  readonly text: string | undefined

  constructor(condition: SaslCondition, options: { text?: string; cause?: unknown } = {}) {
    super(options.text ?? condition, 'cause' in options ? { cause: options.cause } : {})
    this.condition = condition
    this.text = options.text
  }
}

/** A message of the peer that its mechanism's grammar does not allow. */
export function malformed(text: string): SaslError {
  return new SaslError('malformed-request', { text })
}
