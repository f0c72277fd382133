// The identity to act as: its form, and whether a proven user may have it (RFC 6120 §6.3.8).
import { andThen, type Awaitable } from './awaitable.ts'
import { SaslError } from './error.ts'
import type { FastToken, ServerContext, ServerStep } from './mechanism.ts'
import { byteLength } from './text.ts'

/** Localpart, at sign and domain at their longest (RFC 7622 §3.1). */
const MAX_BYTES = 2047

/** What every mechanism ends with when its proof is good. */
export interface Proven {
  readonly username: string
  readonly authzid: string | undefined
  readonly data?: Uint8Array | undefined
  readonly token?: FastToken
}

/** Lets a proven user in if the identity is allowed; the one place where a success is made (SASL-06, SEC-01). */
export function authorise(context: ServerContext, proven: Proven): Awaitable<ServerStep> {
  const { username, authzid, data, token } = proven
  const success: ServerStep = { kind: 'success', username, authzid, data, ...(token === undefined ? {} : { token }) }
  if (authzid === undefined) return success
  return andThen(context.allowAuthzid(username, authzid), allowed => {
    if (!allowed) throw invalid('The user may not act as this identity')
    return success
  })
}

/** @throws {SaslError} `invalid-authzid` for a full address, which no identity to act as is, and for an impossible one */
export function checkAuthzid(authzid: string | undefined): void {
  if (authzid === undefined) return
  if (authzid.includes('/')) throw invalid('The identity to act as is a bare address')
  if (authzid.includes('\0') || byteLength(authzid) > MAX_BYTES) throw invalid('The identity to act as is no address')
}

function invalid(text: string): SaslError {
  return new SaslError('invalid-authzid', { text })
}
