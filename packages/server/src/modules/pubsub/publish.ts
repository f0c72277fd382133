/** Publishes and deletes items (XEP-0060 1.30.0 §7). */

import type { BareJid } from '@tercet/jid'
import { payloadOf, type Item } from '@tercet/stanza/pubsub'
import { escapeAttr, write, type Element } from '@tercet/xml'
import type { Turn } from '../../turn.ts'
import { affiliationOf, requireNode, requireOwner, requirePublisher } from './access.ts'
import { meets, type ConfigChanges, type NodeConfig } from './config.ts'
import { eventText, itemsText, notify } from './notify.ts'
import { refuse } from './refusal.ts'
import type { PubsubService } from './service.ts'
import type { PubsubItem, PubsubNode } from './store.ts'

/** Longest names of nodes and items; keys of tables hold three octets for each. */
export const MAX_NAME = 1023

/** An item to publish. */
export interface Publication {
  readonly node: string | undefined
  readonly items: readonly Item[]
  /** What the publisher relies on. */
  readonly options: ConfigChanges
  /** How the node is made if it is not there, before the options; default: as the service makes nodes of that name. */
  readonly made?: ConfigChanges
}

/**
 * Publishes one item, to a node that is created if need be, and tells who hears of it. Nothing is written before everything is checked.
 *
 * @returns what was published
 * @throws {StanzaError} as §7.1.3 says
 */
export async function publish(
  service: PubsubService,
  { node: name, items, options, made = {} }: Publication,
  publisher: BareJid,
  turn: Turn,
): Promise<{ node: PubsubNode; item: PubsubItem }> {
  const node = await nodeFor(service, name, { options, made }, publisher)
  const [item, ...more] = items
  if (more.length > 0) refuse('not-allowed', 'max-items-exceeded', 'Publish one item at a time')
  // §7.1.3.6: a node that keeps or delivers items needs one.
  if (!item && (node.config.persistItems || node.config.deliverPayloads)) refuse('bad-request', 'item-required')
  const id = item?.id === undefined || item.id === '' ? service.host.server.newId() : item.id
  if (id.length > MAX_NAME) refuse('not-acceptable', undefined, 'The id of the item is too long')
  const payload = payloadText(service, node.config, item)
  const published: PubsubItem = {
    id,
    at: Date.now(),
    order: service.host.server.newId(),
    publisher: publisher.text,
    payload,
  }
  const after = await keep(service, node, published, turn)
  await notify(service, after, itemsText(after, [published]), turn)
  await service.changed(after, { kind: 'published', item: published }, turn)
  return { node: after, item: published }
}

/** The node that is published to, there or to be made. */
async function nodeFor(
  service: PubsubService,
  name: string | undefined,
  { options, made }: { readonly options: ConfigChanges; readonly made: ConfigChanges },
  publisher: BareJid,
): Promise<PubsubNode> {
  const known = name === undefined ? undefined : await service.store.get(service.owner, name)
  if (!known) {
    if (name === undefined || name === '') return refuse('bad-request', 'nodeid-required')
    if (!service.autoCreate || !service.mayCreate(publisher)) return requireNode(service, name, publisher)
    return newNode(service, name, { ...made, ...options })
  }
  await requirePublisher(service, known, publisher)
  if (!meets(known.config, options)) refuse('conflict', 'precondition-not-met', 'The node is configured in another way')
  return known
}

/**
 * A node that is not there yet.
 *
 * @throws {StanzaError} `not-acceptable`, `policy-violation`: there are too many, or its name is too long
 */
export async function newNode(service: PubsubService, name: string, config: ConfigChanges): Promise<PubsubNode> {
  if (name.length > MAX_NAME) refuse('not-acceptable', undefined, 'The name of the node is too long')
  if ((await service.store.list(service.owner)).length >= service.limits.nodes)
    refuse('policy-violation', 'max-nodes-exceeded')
  return {
    name,
    config: { ...service.defaults(name), ...config },
    createdAt: Date.now(),
    affiliations: {},
    items: 0,
    size: 0,
    subscribers: 0,
    last: undefined,
  }
}

/** §7.1.3.4, §7.1.3.5. */
function payloadText(service: PubsubService, config: NodeConfig, item: Item | undefined): string {
  const payload = item && payloadOf(item)
  if (!payload) {
    if (item && item.payloads.length > 1) refuse('bad-request', 'invalid-payload')
    if (config.deliverPayloads) refuse('bad-request', 'payload-required')
    return ''
  }
  const text = selfContained(payload)
  if (text === undefined) return refuse('bad-request', 'invalid-payload')
  if (text.length > service.limits.itemSize) refuse('not-acceptable', 'payload-too-big')
  return text
}

/** Wire text that means the same wherever it stands; undefined for an element in no namespace, which cannot. */
export function selfContained(payload: Element): string | undefined {
  return payload.ns === '' ? undefined : write(payload, '')
}

/** Stores an item and what follows from it: the oldest make room. */
async function keep(service: PubsubService, node: PubsubNode, item: PubsubItem, turn: Turn): Promise<PubsubNode> {
  const { store, owner, limits } = service
  if (!node.config.persistItems) {
    store.put(owner, node, turn)
    return node
  }
  const before = await store.item(owner, node.name, item.id)
  let items = node.items + (before ? 0 : 1)
  let size = node.size + item.payload.length - (before?.payload.length ?? 0)
  const gone: PubsubItem[] = []
  const max = maxItems(node.config, service)
  if (items > max) {
    for (const oldest of await store.items(owner, node.name)) {
      if (items <= max) break
      if (oldest.id === item.id) continue
      gone.push(oldest)
      items--
      size -= oldest.payload.length
    }
  }
  let total = size
  for (const other of await store.list(owner)) if (other.name !== node.name) total += other.size
  if (total > limits.totalSize && size > node.size)
    refuse('resource-constraint', undefined, 'There is no more room for items; delete some')
  for (const { id } of gone) store.deleteItem(owner, node.name, id, turn)
  store.putItem(owner, node.name, item, turn)
  const after = { ...node, items, size, last: item.id }
  store.put(owner, after, turn)
  return after
}

/** Items that a node keeps, at most. */
export function maxItems({ maxItems }: NodeConfig, { limits }: PubsubService): number {
  return maxItems === 'max' ? limits.items : Math.min(maxItems, limits.items)
}

/**
 * Deletes items (§7.2).
 *
 * @throws {StanzaError} as §7.2.3 says
 */
export async function retract(
  service: PubsubService,
  request: {
    readonly node?: string | undefined
    readonly ids: readonly (string | undefined)[]
    readonly notify: boolean
  },
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const { store, owner } = service
  const node = await requireNode(service, request.node, entity)
  const ids = [...new Set(request.ids)]
  if (ids.length === 0) refuse('bad-request', 'item-required')
  const affiliation = affiliationOf(service, node, entity)
  const gone: PubsubItem[] = []
  for (const id of ids) {
    if (id === undefined || id === '') return refuse('bad-request', 'item-required')
    const item = id.length > MAX_NAME ? undefined : await store.item(owner, node.name, id)
    if (affiliation !== 'owner' && (affiliation !== 'publisher' || (item && item.publisher !== entity.text)))
      refuse('forbidden')
    if (!item) return refuse('item-not-found', undefined, 'There is no such item')
    gone.push(item)
  }
  await drop(service, node, gone, turn)
  if (request.notify || node.config.notifyRetract) await notifyRetracted(service, node, gone, turn)
  await service.changed(node, { kind: 'retracted', ids: gone.map(({ id }) => id) }, turn)
}

function notifyRetracted(
  service: PubsubService,
  node: PubsubNode,
  gone: readonly PubsubItem[],
  turn: Turn,
): Promise<void> {
  const retracts = gone.map(({ id }) => `<retract id='${escapeAttr(id)}'/>`)
  return notify(service, node, eventText(`<items node='${escapeAttr(node.name)}'>${retracts.join('')}</items>`), turn)
}

async function drop(
  { store, owner }: PubsubService,
  node: PubsubNode,
  gone: readonly PubsubItem[],
  turn: Turn,
): Promise<void> {
  let { size, last } = node
  for (const { id, payload } of gone) {
    size -= payload.length
    store.deleteItem(owner, node.name, id, turn)
  }
  if (gone.some(({ id }) => id === last)) last = (await store.items(owner, node.name)).at(-1)?.id
  store.put(owner, { ...node, items: node.items - gone.length, size, last }, turn)
}

/** Deletes all items of a node (§8.5). @throws {StanzaError} `forbidden` and others */
export async function purge(
  service: PubsubService,
  name: string | undefined,
  entity: BareJid,
  turn: Turn,
): Promise<void> {
  const { store, owner } = service
  const node = await requireNode(service, name, entity)
  requireOwner(service, node, entity)
  store.clearItems(owner, node.name, turn)
  store.put(owner, { ...node, items: 0, size: 0, last: undefined }, turn)
  if (node.config.notifyRetract)
    await notify(service, node, eventText(`<purge node='${escapeAttr(node.name)}'/>`), turn)
  await service.changed(node, { kind: 'emptied' }, turn)
}
