/** Nodes as service discovery shows them (XEP-0060 1.30.0 §5.2 to §5.5), to those alone who may read them. */

import type { BareJid } from '@tercet/jid'
import { makeForm } from '@tercet/stanza/data-form'
import type { DiscoInfo, DiscoItem } from '@tercet/stanza/disco'
import { META_DATA, NS } from '@tercet/stanza/pubsub'
import { mayRead } from './access.ts'
import { liveItems } from './retrieve.ts'
import { maxItems } from './publish.ts'
import type { PubsubService } from './service.ts'

/** What a service can do, by the names of §13 behind the namespace. */
export const FEATURES: readonly string[] = [
  'access-authorize',
  'access-open',
  'access-presence',
  'access-roster',
  'access-whitelist',
  'config-node',
  'config-node-max',
  'create-and-configure',
  'create-nodes',
  'delete-items',
  'delete-nodes',
  'instant-nodes',
  'item-ids',
  'last-published',
  'manage-subscriptions',
  'member-affiliation',
  'meta-data',
  'modify-affiliations',
  'outcast-affiliation',
  'persistent-items',
  'presence-subscribe',
  'publish',
  'publish-only-affiliation',
  'publish-options',
  'publisher-affiliation',
  'purge-nodes',
  'retract-items',
  'retrieve-affiliations',
  'retrieve-default',
  'retrieve-items',
  'retrieve-subscriptions',
  'rsm',
  'subscribe',
].map(name => `${NS}#${name}`)

/** The nodes that `entity` may read. */
export async function nodeItems(service: PubsubService, entity: BareJid): Promise<DiscoItem[]> {
  const found: DiscoItem[] = []
  for (const node of await service.store.list(service.owner)) {
    if (!(await mayRead(service, node, entity))) continue
    const { title } = node.config
    found.push({ jid: service.jid, node: node.name, ...(title === '' ? {} : { name: title }) })
  }
  return found
}

/** What a node is; undefined: there is none, or none for `entity`. */
export async function nodeInfo(
  service: PubsubService,
  name: string,
  entity: BareJid,
): Promise<Omit<DiscoInfo, 'node'> | undefined> {
  const node = await service.store.get(service.owner, name)
  if (!node || !(await mayRead(service, node, entity))) return undefined
  const { config } = node
  const form = makeForm('result', META_DATA, {
    'pubsub#type': config.payloadType,
    'pubsub#creation_date': new Date(node.createdAt).toISOString(),
    'pubsub#title': config.title,
    'pubsub#description': config.description,
    'pubsub#num_subscribers': String(node.subscribers),
    'pubsub#access_model': config.accessModel,
    'pubsub#publish_model': config.publishModel,
    'pubsub#max_items': String(maxItems(config, service)),
    ...(service.jid.local === '' ? {} : { 'pubsub#owner': service.jid.text }),
  })
  return { identities: [{ category: 'pubsub', type: 'leaf' }], features: [NS, ...FEATURES], forms: [form] }
}

/** The items of a node by their ids (§5.5). */
export async function itemNames(
  service: PubsubService,
  name: string,
  entity: BareJid,
): Promise<DiscoItem[] | undefined> {
  const node = await service.store.get(service.owner, name)
  if (!node || !(await mayRead(service, node, entity))) return undefined
  return (await liveItems(service, node)).map(({ id }) => ({ jid: service.jid, name: id }))
}
