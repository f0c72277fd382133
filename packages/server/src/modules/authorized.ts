/** Who may know about an account: its owner, and those who are subscribed to its presence (RFC 6121 §8.5, XEP-0030 §8). */

import { hasFrom, StanzaError } from '@tercet/stanza'
import type { Account } from '../account.ts'
import type { IqContext } from '../iq.ts'
import type { Rosters } from './roster.ts'

/**
 * The account that a request is addressed to, if its sender may know about it.
 *
 * @throws {StanzaError} `service-unavailable`: it may not, and gets what it would get if there were no such account
 */
export async function authorizedAccount(store: Rosters, { account, from }: IqContext): Promise<Account> {
  if (!account) throw new StanzaError('service-unavailable')
  if (from.bare.text === account.jid.text) return account
  if (!hasFrom((await store.get(account, from.bare)).state)) throw new StanzaError('service-unavailable')
  return account
}
