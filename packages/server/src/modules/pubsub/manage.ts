/** Creates, configures and deletes nodes (XEP-0060 1.30.0 §8). */

import { Jid, type BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { Affiliation, SubscriptionState } from '@tercet/stanza/pubsub'
import { escapeAttr } from '@tercet/xml'
import type { Turn } from '../../turn.ts'
import { requireAccess, requireNode, requireOwner } from './access.ts'
import type { ConfigChanges } from './config.ts'
import { contentOf, eventText, notify, notifyOne, subscriptionText } from './notify.ts'
import { newNode } from './publish.ts'
import { refuse } from './refusal.ts'
import type { PubsubService } from './service.ts'
import type { PubsubNode, Subscriber } from './store.ts'

/** Creates a node; without a name it gets one (§8.1.2). @throws {StanzaError} `conflict`: it is there · `forbidden` and others */
export async function create(
  service: PubsubService,
  name: string | undefined,
  config: ConfigChanges,
  entity: BareJid,
  turn: Turn,
): Promise<string> {
  if (!service.mayCreate(entity)) refuse('forbidden')
  if (name === '') refuse('not-acceptable', 'nodeid-required')
  const chosen = name ?? service.host.server.newId()
  if (await service.store.get(service.owner, chosen)) refuse('conflict', undefined, 'There is such a node already')
  const node = await newNode(service, chosen, config)
  const affiliations: Record<string, Affiliation> = service.owns(entity) ? {} : { [entity.text]: 'owner' }
  service.store.put(service.owner, { ...node, affiliations }, turn)
  return chosen
}

/** The node, for its owner. @throws {StanzaError} `forbidden` and others */
export async function ownNode(service: PubsubService, name: string | undefined, entity: BareJid): Promise<PubsubNode> {
  const node = await requireNode(service, name, entity)
  requireOwner(service, node, entity)
  return node
}

/** Configures a node; who may not see it any more is not subscribed any more (§8.2). */
export async function configure(
  service: PubsubService,
  name: string | undefined,
  changes: ConfigChanges,
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const { store, owner } = service
  const node = await ownNode(service, name, entity)
  const after = { ...node, config: { ...node.config, ...changes } }
  if (!after.config.persistItems && node.items > 0) {
    store.clearItems(owner, node.name, turn)
    Object.assign(after, { items: 0, size: 0, last: undefined })
  }
  store.put(owner, after, turn)
  await recheck(service, after, turn)
  if (after.config.notifyConfig)
    await notify(service, after, eventText(`<configuration node='${escapeAttr(node.name)}'/>`), turn)
}

/** Ends the subscriptions of those who have lost access (XEP-0163 §7.1); `only` one of them, or all. */
export async function recheck(service: PubsubService, node: PubsubNode, turn: Turn, only?: BareJid): Promise<void> {
  const lost: Subscriber[] = []
  for (const subscriber of await service.store.subscribers(service.owner, node)) {
    const { bare } = Jid.parse(subscriber.jid)
    if (only && bare.text !== only.text) continue
    try {
      await requireAccess(service, node, bare)
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      lost.push(subscriber)
    }
  }
  if (lost.length === 0) return
  for (const { jid } of lost) {
    service.store.deleteSubscriber(service.owner, node.name, jid, turn)
    await notifyOne(service, node, Jid.parse(jid), contentOf(subscriptionText(node.name, jid, 'none')), turn)
  }
  service.store.put(service.owner, { ...node, subscribers: node.subscribers - lost.length }, turn)
}

/** Deletes a node; subscribers hear of it, and where to find it now (§8.4). */
export async function deleteNode(
  service: PubsubService,
  { node: name, uri }: { readonly node?: string | undefined; readonly uri?: string | undefined },
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const node = await ownNode(service, name, entity)
  if (node.config.notifyDelete) {
    const redirect = uri === undefined ? '' : `<redirect uri='${escapeAttr(uri)}'/>`
    await notify(service, node, eventText(`<delete node='${escapeAttr(node.name)}'>${redirect}</delete>`), turn)
  }
  service.store.delete(service.owner, node.name, turn)
  await service.changed(node, { kind: 'emptied' }, turn)
}

/** Changes who is what to a node (§8.9.2). */
export async function affiliate(
  service: PubsubService,
  name: string | undefined,
  changes: readonly { readonly jid: Jid; readonly affiliation: Affiliation }[],
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const node = await ownNode(service, name, entity)
  const listed = new Map(Object.entries(node.affiliations))
  for (const { jid, affiliation } of changes) {
    const { bare } = jid
    if (service.owns(bare) && affiliation !== 'owner') refuse('not-acceptable', undefined, 'A node needs an owner')
    if (affiliation === 'none') listed.delete(bare.text)
    else if (!service.owns(bare)) listed.set(bare.text, affiliation)
  }
  if (listed.size > service.limits.subscribers)
    refuse('resource-constraint', undefined, 'There are too many affiliations')
  if (service.jid.local === '' && ![...listed.values()].includes('owner'))
    refuse('not-acceptable', undefined, 'A node needs an owner')
  const after: PubsubNode = { ...node, affiliations: Object.fromEntries(listed) }
  service.store.put(service.owner, after, turn)
  await recheck(service, after, turn)
}

/** Changes subscriptions of others (§8.8.2); they hear of it. */
export async function changeSubscribers(
  service: PubsubService,
  name: string | undefined,
  changes: readonly { readonly jid: Jid; readonly subscription: SubscriptionState }[],
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const { store, owner, limits } = service
  const node = await ownNode(service, name, entity)
  let { subscribers } = node
  const told: { to: Jid; state: SubscriptionState }[] = []
  for (const { jid, subscription: state } of changes) {
    if (state !== 'none' && state !== 'subscribed') refuse('not-acceptable')
    const known = await store.subscriber(owner, node, jid.text)
    if (state === 'subscribed' && known?.state !== 'subscribed') {
      if (!known && ++subscribers > limits.subscribers) refuse('policy-violation', 'too-many-subscriptions')
      told.push({ to: jid, state })
    } else if (state === 'none' && known) {
      subscribers--
      told.push({ to: jid, state })
    }
  }
  for (const { to, state } of told) {
    if (state === 'none') store.deleteSubscriber(owner, node.name, to.text, turn)
    else store.putSubscriber(owner, node.name, { jid: to.text, state }, turn)
    await notifyOne(service, node, to, contentOf(subscriptionText(node.name, to.text, state)), turn)
  }
  store.put(owner, { ...node, subscribers }, turn)
}
