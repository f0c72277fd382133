/** Subscriptions that somebody asks for (XEP-0060 1.30.0 §6.1, §6.2, §5.6). */

import { isFull, Jid, type BareJid } from '@tercet/jid'
import type { Subscription, SubscriptionState } from '@tercet/stanza/pubsub'
import type { Turn } from '../../turn.ts'
import { affiliationOf, requireAccess, requireNode } from './access.ts'
import { contentOf, delayText, itemsText, notifyOne } from './notify.ts'
import { refuse } from './refusal.ts'
import { expired } from './retrieve.ts'
import type { PubsubService } from './service.ts'
import type { PubsubNode } from './store.ts'

/** Who asks, and for which address of his. */
interface Asked {
  readonly node?: string | undefined
  readonly jid: Jid
}

/**
 * Subscribes an address; it gets the last item.
 *
 * @throws {StanzaError} as §6.1.3 says
 */
export async function subscribe(
  service: PubsubService,
  { node: name, jid }: Asked,
  from: Jid,
  turn: Turn,
): Promise<Subscription> {
  const { store, owner, limits } = service
  const node = await requireNode(service, name, from.bare)
  // §6.1.3.1: nobody subscribes somebody else.
  if (jid.bare.text !== from.bare.text || (isFull(jid) && isFull(from) && jid.text !== from.text))
    refuse('bad-request', 'invalid-jid')
  await requireAccess(service, node, from.bare)
  const known = await store.subscriber(owner, node, jid.text)
  if (known?.state === 'pending') refuse('not-authorized', 'pending-subscription')
  const open = node.config.accessModel !== 'authorize' || affiliationOf(service, node, from.bare) !== 'none'
  const state: SubscriptionState = open ? 'subscribed' : 'pending'
  if (!known) {
    if (node.subscribers >= limits.subscribers) refuse('policy-violation', 'too-many-subscriptions')
    store.putSubscriber(owner, node.name, { jid: jid.text, state }, turn)
    store.put(owner, { ...node, subscribers: node.subscribers + 1 }, turn)
    if (!open) service.ask(node, jid, turn)
  }
  if (open && node.config.sendLast !== 'never') await sendLast(service, node, jid, turn)
  return { node: node.name, jid, subscription: state }
}

/** Sends the item that was published last, if there is one, with the time when it was (§6.1.7). */
export async function sendLast(service: PubsubService, node: PubsubNode, to: Jid, turn: Turn): Promise<void> {
  if (node.last === undefined || !node.config.deliverNotifications) return
  const item = await service.store.item(service.owner, node.name, node.last)
  if (!item || expired(node, item)) return
  await notifyOne(service, node, to, contentOf(itemsText(node, [item]) + delayText(item, service)), turn)
}

/** Ends a subscription. @throws {StanzaError} `unexpected-request`: there is none · `forbidden`: it is somebody else's */
export async function unsubscribe(
  service: PubsubService,
  { node: name, jid }: Asked,
  from: Jid,
  turn: Turn,
): Promise<void> {
  const { store, owner } = service
  const node = await requireNode(service, name, from.bare)
  if (jid.bare.text !== from.bare.text) refuse('forbidden')
  const known = await store.subscriber(owner, node, jid.text)
  if (!known) refuse('unexpected-request', 'not-subscribed')
  store.deleteSubscriber(owner, node.name, jid.text, turn)
  store.put(owner, { ...node, subscribers: node.subscribers - 1 }, turn)
}

/** The subscriptions of `entity`, to one node or to all. */
export async function subscriptionsOf(
  service: PubsubService,
  name: string | undefined,
  entity: BareJid,
): Promise<Subscription[]> {
  const nodes =
    name === undefined ? await service.store.list(service.owner) : [await requireNode(service, name, entity)]
  const found: Subscription[] = []
  for (const node of nodes)
    for (const { jid, state } of await service.store.subscribers(service.owner, node)) {
      const address = Jid.parse(jid)
      if (address.bare.text === entity.text) found.push({ node: node.name, jid: address, subscription: state })
    }
  return found
}
