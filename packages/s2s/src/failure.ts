/** Why a domain cannot be reached, and what the senders of stanzas for it hear (RFC 6120 §10.4.3, XEP-0220 §2.1.1). */

import { StanzaError, type StanzaCondition, type StreamCondition } from '@tercet/stanza'

/** A failed attempt. */
export interface Failure {
  /** For people. */
  readonly reason: string
  readonly condition: StanzaCondition
  /** Trying again would not help: whoever waits hears of it at once. */
  readonly final: boolean
}

/** The other server does not believe us, or we do not believe it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly condition: StanzaCondition

  constructor(text: string, condition: StanzaCondition = 'remote-server-timeout') {
    super(text)
    this.condition = condition
  }
}

/** What a stream error of the other server says about all that waits for it. */
const final: Partial<Record<StreamCondition, StanzaCondition>> = {
  'host-unknown': 'remote-server-not-found',
  'host-gone': 'remote-server-not-found',
  'not-authorized': 'remote-server-timeout',
  'policy-violation': 'remote-server-timeout',
  'invalid-from': 'remote-server-timeout',
  'invalid-namespace': 'remote-server-timeout',
  'unsupported-version': 'remote-server-timeout',
}

/** What an attempt failed of. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { reason: String(error), condition: 'remote-server-timeout', final: false }
  const reason = error.message
  if (error instanceof Refused) return { reason, condition: error.condition, final: true }
  if (error.name === 'StreamError') {
    // By its name it is one.
    const { condition } = error as Error & { condition: StreamCondition }
    const answer = final[condition]
    const text = reason === condition ? reason : `${reason} (${condition})`
    return { reason: text, condition: answer ?? 'remote-server-timeout', final: answer !== undefined }
  }
  switch ((error as { code?: unknown }).code) {
    case 'service-absent':
    case 'not-found':
      return { reason, condition: 'remote-server-not-found', final: true }
    case 'unresolved':
      return { reason, condition: 'remote-server-not-found', final: false }
    default:
      return { reason, condition: 'remote-server-timeout', final: false }
  }
}

/** The error for a stanza that could not be delivered. */
export function bounceError(domain: string, failure: Failure | undefined): StanzaError {
  if (!failure) return new StanzaError('remote-server-timeout', { text: `${domain} does not answer` })
  return new StanzaError(failure.condition, { text: `${domain} cannot be reached: ${failure.reason}` })
}
