/** The end of an account (XEP-0077 2.4 §3.2): its sessions, credentials, contacts, and everything that modules keep for it. */

import { BareJid } from '@tercet/jid'
import { factsOf, StanzaError, StreamError } from '@tercet/stanza'
import type { SpoolEntry } from '@tercet/storage'
import type { Account } from './account.ts'
import type { Host } from './host.ts'
import { HANDLED_TABLE } from './handled.ts'
import { cancellations, rosters } from './modules/roster.ts'
import { accountRemoved } from './points.ts'
import type { Turn } from './turn.ts'

/**
 * Removes an account: contacts hear that the subscriptions are over, modules forget what they keep (`accountRemoved`), the credentials
 * go, and sessions end with `<not-authorized/>`. Durable when it resolves; if it cannot be stored, the account stays.
 *
 * @param local prepared text
 * @throws {StanzaError} `item-not-found`: there is no such account · {StorageError} it could not be stored
 */
export async function removeAccount(host: Host, local: string): Promise<void> {
  if (!(await host.accounts.exists(local)))
    throw new StanzaError('item-not-found', { text: 'There is no such account' })
  const account = host.account(BareJid.of(local, host.domain))
  const turn = host.server.turn()
  try {
    await account.entered(() => erase(account, turn))
  } finally {
    turn.release()
  }
  await new Promise<void>(resolve => turn.whenDecided(resolve))
  if (turn.state === 'failed') throw turn.error
  await finish(host, account.jid)
}

/** Removes the account with `turn`: its request is answered as usual, and then its sessions end. Runs in the account's queue. */
export async function removeWithTurn(account: Account, turn: Turn): Promise<void> {
  await erase(account, turn)
  turn.whenDecided(() => {
    if (turn.state === 'failed') return
    // After all who wait for the turn: the answer is on its way before its stream ends.
    queueMicrotask(() => void finish(account.host, account.jid).catch(account.host.bug))
  })
}

/** Everything durable, in one unit. */
async function erase(account: Account, turn: Turn): Promise<void> {
  const { host } = account
  for (const { jid, contact } of await host.services.get(rosters).list(account)) {
    const { subscription, pendingOut, pendingIn } = factsOf(contact.state)
    const to = subscription === 'to' || subscription === 'both' || pendingOut
    const from = subscription === 'from' || subscription === 'both' || pendingIn
    cancellations(host, account, jid, { to, from }, turn)
  }
  await host.tell(accountRemoved, { account, turn })
  host.table(HANDLED_TABLE).clear(turn.unit, host.domain, account.jid.local)
  host.accounts.delete(turn.unit, account.jid.local)
}

/** Ends the sessions, and then removes what they have left or done since. */
async function finish(host: Host, jid: BareJid): Promise<void> {
  const account = host.account(jid)
  for (const session of account.sessions) {
    session.stream?.fail(new StreamError('not-authorized', { text: 'This account was removed' }))
    void host.life.end(session)
  }
  // Behind the ends of the sessions; without any, the account is not in memory any more.
  await host.account(jid).entered(async () => {
    // Somebody else has the name already; nothing here is the old account's.
    if (await host.accounts.exists(jid.local)) return
    await forgetOwed(host.account(jid))
    const turn = host.server.turn()
    try {
      await host.tell(accountRemoved, { account, turn })
      host.table(HANDLED_TABLE).clear(turn.unit, host.domain, account.jid.local)
    } finally {
      turn.release()
    }
    await new Promise<void>(resolve => turn.whenDecided(resolve))
  })
}

/** Messages that waited for the account are nobody's. */
async function forgetOwed(account: Account): Promise<void> {
  const { spool } = account.host.server.storage
  const entries = new Map<string, SpoolEntry>()
  for (const entry of await spool.load(account.jid.text)) entries.set(entry.id, entry)
  // Those in memory are the ones that deliveries look at.
  for (const [id, owed] of account.owed ?? []) entries.set(id, owed)
  spool.settle([...entries.values()])
  account.owed = undefined
}
