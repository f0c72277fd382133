/** What an earlier process has taken for other domains and nobody has confirmed: it is sent again. */

import { fromFragment } from '@tercet/stanza'
import type { Storage } from '@tercet/storage'
import { readStanza } from '@tercet/xml'
import { Entry } from './entry.ts'
import type { Gateway } from './gateway.ts'
import { notAllowed } from './policy.ts'

/** Fills the queues of a gateway that starts, in the order in which stanzas were taken. */
export async function restore(gateway: Gateway, { spool }: Storage): Promise<void> {
  for (const domain of await spool.destinations()) {
    // The other destinations are accounts.
    if (domain.includes('@') || gateway.isLocal(domain)) continue
    const entries: Entry[] = []
    for (const { id, at, text } of await spool.load(domain)) {
      const from = fromFragment(readStanza(text)).from?.domain
      if (from === undefined) continue
      const entry = new Entry(domain, from, gateway.wheel.now, text, { id, at }, undefined)
      entry.stored = true
      entry.spooled = true
      entries.push(entry)
    }
    gateway.logger.info({ domain, stanzas: entries.length }, 'Stanzas of an earlier run wait for another server')
    const destination = gateway.destination(domain)
    destination.restore(entries)
    if (!gateway.policy.allows(domain)) destination.bounceAll(notAllowed(domain))
  }
}
