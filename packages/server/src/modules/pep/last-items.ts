/** The last items of an account's nodes, for resources that have come and want them (XEP-0163 1.2.2 §4.3.4). */

import type { FullJid } from '@tercet/jid'
import type { Turn } from '../../turn.ts'
import type { Features } from '../caps/index.ts'
import { requireReader, sendLast, type PubsubNode } from '../pubsub/index.ts'
import { StanzaError } from '@tercet/stanza'
import type { AccountService } from './account-service.ts'

const NOTIFY = '+notify'

/** Nodes that are wanted, by what somebody can do: made once for all who have the same software. */
const wantedNodes = new WeakMap<Features, readonly string[]>()

function wantedBy(features: Features): readonly string[] {
  let names = wantedNodes.get(features)
  if (!names) {
    const found: string[] = []
    for (const feature of features) if (feature.endsWith(NOTIFY)) found.push(feature.slice(0, -NOTIFY.length))
    wantedNodes.set(features, (names = found))
  }
  return names
}

/** Sends to a resource the last item of each node that it wants and may read. */
export async function sendLastItems(
  service: AccountService,
  jid: FullJid,
  features: Features,
  turn: Turn,
): Promise<void> {
  const wanted = wantedBy(features)
  if (wanted.length === 0) return
  for (const node of await service.store.list(service.owner)) {
    if (node.last === undefined || node.config.sendLast !== 'on_sub_and_presence') continue
    if (wanted.includes(node.name) && (await readable(service, node, jid))) await sendLast(service, node, jid, turn)
  }
}

async function readable(service: AccountService, node: PubsubNode, jid: FullJid): Promise<boolean> {
  try {
    await requireReader(service, node, jid.bare)
    return true
  } catch (error) {
    if (error instanceof StanzaError) return false
    throw error
  }
}
