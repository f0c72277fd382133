/** Who may do what with a node (XEP-0060 1.30.0 §4.1, §4.5). */

import type { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { Affiliation } from '@tercet/stanza/pubsub'
import { refuse } from './refusal.ts'
import type { PubsubService } from './service.ts'
import type { PubsubNode } from './store.ts'

/** What `entity` is to a node. */
export function affiliationOf(service: PubsubService, node: PubsubNode, entity: BareJid): Affiliation {
  if (service.owns(entity)) return 'owner'
  return Object.hasOwn(node.affiliations, entity.text) ? (node.affiliations[entity.text] ?? 'none') : 'none'
}

/**
 * The node, if there is one.
 *
 * @throws {StanzaError} `bad-request`: no name · `item-not-found`: no such node; a stranger hears what he would hear if there were no such account
 */
export async function requireNode(
  service: PubsubService,
  name: string | undefined,
  entity: BareJid,
): Promise<PubsubNode> {
  if (name === undefined || name === '') return refuse('bad-request', 'nodeid-required')
  const node = await service.store.get(service.owner, name)
  if (node) return node
  await requireAcquaintance(service, entity)
  throw new StanzaError('item-not-found', { text: 'There is no such node' })
}

/** Whether nothing ties `entity` to an account: by what it hears it must not learn that there is one (RFC 6121 §8.5). */
export async function isStranger(service: PubsubService, entity: BareJid): Promise<boolean> {
  return service.jid.local !== '' && !service.owns(entity) && !(await service.relation(entity)).subscribed
}

/** @throws {StanzaError} `service-unavailable`: a stranger, who hears that where there is no such account, too */
export async function requireAcquaintance(service: PubsubService, entity: BareJid): Promise<void> {
  if (await isStranger(service, entity)) throw new StanzaError('service-unavailable')
}

/** @throws {StanzaError} `forbidden`: not an owner of the node */
export function requireOwner(service: PubsubService, node: PubsubNode, entity: BareJid): void {
  if (affiliationOf(service, node, entity) !== 'owner') refuse('forbidden')
}

/**
 * Refuses who may not subscribe to a node (§6.1.3).
 *
 * @throws {StanzaError} for the reason that the access model gives
 */
export async function requireAccess(service: PubsubService, node: PubsubNode, entity: BareJid): Promise<void> {
  const affiliation = affiliationOf(service, node, entity)
  if (affiliation === 'outcast') refuse('forbidden')
  if (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'member') return
  const { accessModel, groups } = node.config
  switch (accessModel) {
    case 'open':
    case 'authorize':
      return
    case 'presence':
      if (!(await service.relation(entity)).subscribed) refuse('not-authorized', 'presence-subscription-required')
      return
    case 'roster': {
      const relation = await service.relation(entity)
      if (!relation.subscribed || !groups.some(group => relation.groups.includes(group)))
        refuse('not-authorized', 'not-in-roster-group')
      return
    }
    case 'whitelist':
      refuse('not-allowed', 'closed-node')
  }
}

/**
 * Refuses who may not retrieve items: as for subscriptions, and where the owner has to agree, he must have (§6.5.9).
 *
 * @throws {StanzaError} for the reason that the access model gives
 */
export async function requireReader(service: PubsubService, node: PubsubNode, entity: BareJid): Promise<void> {
  await requireAccess(service, node, entity)
  if (node.config.accessModel !== 'authorize' || affiliationOf(service, node, entity) !== 'none') return
  const { state } = (await service.store.subscriber(service.owner, node, entity.text)) ?? {}
  if (state !== 'subscribed') refuse('not-authorized', 'not-subscribed')
}

/** Whether `entity` may retrieve items; for lists of nodes, which hide the others (XEP-0163 §6.2). */
export async function mayRead(service: PubsubService, node: PubsubNode, entity: BareJid): Promise<boolean> {
  try {
    await requireReader(service, node, entity)
    return true
  } catch (error) {
    if (error instanceof StanzaError) return false
    throw error
  }
}

/** @throws {StanzaError} `forbidden`: not a publisher of the node (§7.1.3.1) */
export async function requirePublisher(service: PubsubService, node: PubsubNode, entity: BareJid): Promise<void> {
  const affiliation = affiliationOf(service, node, entity)
  if (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'publish-only') return
  const { publishModel } = node.config
  if (publishModel === 'open' && affiliation !== 'outcast') return
  if (publishModel === 'subscribers' && affiliation !== 'outcast') {
    const subscriber = await service.store.subscriber(service.owner, node, entity.text)
    if (subscriber?.state === 'subscribed') return
  }
  refuse('forbidden')
}
