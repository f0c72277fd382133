/** What Bind 2 does with an archive (XEP-0386 1.1.0 §3.2): the client hears how far it goes, and takes from it what has waited. */

import * as carbons from '@tercet/stanza/carbons'
import { metadata } from '@tercet/stanza/mam'
import { write, type Element } from '@tercet/xml'
import { settle, unclaimed } from '../../delivery.ts'
import type { Owed } from '../../owed.ts'
import type { Session } from '../../session.ts'
import type { Archive } from './archive.ts'
import { answerMetadata } from './results.ts'

/** Messages that are looked for in the archive at a time. */
const STEP = 64

/**
 * Wire text of the archive's metadata, with nothing left to be delivered that it holds. Runs in the account's queue.
 *
 * COMPAT(@xmpp/client 0.14): it binds by Bind 2 and knows no archive, so that it would never see what was cleared. Who asks for carbons
 * shares an account with other devices, and those that do catch up by the archive.
 */
export async function boundTo(archive: Archive, session: Session, bind: Element): Promise<string> {
  const { account } = session
  if (bind.child(carbons.enable.request.name, carbons.NS)) await clear(archive, session)
  return write(metadata.writeResult(await answerMetadata(archive, account)).elementAt(0))
}

/** What is not in the archive, since its owner wants none of it, is delivered as ever. */
async function clear({ log }: Archive, { account }: Session): Promise<void> {
  const { host, jid } = account
  if ((await host.server.storage.spool.count(jid.text)) === 0 && !account.owed?.size) return
  const waiting = await unclaimed(account)
  for (let at = 0; at < waiting.length; at += STEP) {
    const found = await Promise.all(
      waiting
        .slice(at, at + STEP)
        .map(async owed => ((await log.get(host.domain, jid.local, owed.id)) ? owed : undefined)),
    )
    // Somebody may have taken one meanwhile.
    settle(found.filter((owed): owed is Owed => owed !== undefined && !owed.settled && owed.holders === 0))
  }
}
