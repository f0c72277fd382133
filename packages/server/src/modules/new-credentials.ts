/** A username and a password as somebody gives them, made ready to be stored (RFC 7622 §3.3, RFC 8265 §4.2). */

import { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { AccountKeys } from '../accounts.ts'
import type { Host } from '../host.ts'

/** The prepared localpart that a username stands for (RFC 7622 §3.3); undefined if it can be none. */
export function localOf(host: Host, username: string): string | undefined {
  try {
    // An empty localpart would make an address without one.
    return BareJid.of(username, host.domain).local || undefined
  } catch {
    return undefined
  }
}

/**
 * Keys of a new password, made in the thread pool.
 *
 * @throws {StanzaError} `not-acceptable`: it is empty or has characters that no password may have (RFC 8265 §4.2)
 */
export async function deriveKeys(host: Host, password: string): Promise<AccountKeys> {
  try {
    return await host.accounts.derive(password)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'PrecisError') throw error
    throw new StanzaError('not-acceptable', { text: 'Choose another password', cause: error })
  }
}
