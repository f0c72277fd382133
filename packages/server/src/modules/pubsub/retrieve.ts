/** Retrieves items, all or by id, or in pages (XEP-0060 1.30.0 §6.5, XEP-0059 1.0). */

import type { BareJid } from '@tercet/jid'
import { NS, type ItemList } from '@tercet/stanza/pubsub'
import { resultSet, type ResultSet } from '@tercet/stanza/rsm'
import { escapeAttr, write, type Content } from '@tercet/xml'
import { requireNode, requireReader } from './access.ts'
import { contentOf, itemText } from './notify.ts'
import { MAX_NAME } from './publish.ts'
import { refuse } from './refusal.ts'
import type { PubsubService } from './service.ts'
import type { PubsubItem, PubsubNode } from './store.ts'

/**
 * The answer with the items of a node. Ids are compared, never interpreted: what is no id of the node finds nothing.
 *
 * @throws {StanzaError} as §6.5.9 says · `item-not-found`: no such id to page from (XEP-0059 §2.2)
 */
export async function retrieve(
  service: PubsubService,
  { items: request, set }: { readonly items: ItemList; readonly set?: ResultSet | undefined },
  entity: BareJid,
): Promise<Content> {
  const node = await requireNode(service, request.node, entity)
  await requireReader(service, node, entity)
  const { items, page } = await select(service, node, request, set)
  const texts = items.map(item => itemText(item, true))
  const paging = page ? write(resultSet.write(page)) : ''
  return contentOf(
    `<pubsub xmlns='${NS}'><items node='${escapeAttr(node.name)}'>${texts.join('')}</items>${paging}</pubsub>`,
  )
}

interface Selection {
  readonly items: readonly PubsubItem[]
  readonly page?: ResultSet
}

async function select(
  service: PubsubService,
  node: PubsubNode,
  request: ItemList,
  set: ResultSet | undefined,
): Promise<Selection> {
  if (request.items.length > 0) return { items: await byId(service, node, request) }
  const all = await liveItems(service, node)
  const wanted = set ? pageOf(all, set) : { from: 0, to: all.length, last: true }
  // The most recent ones (§6.5.7).
  if (request.maxItems !== undefined && !set) wanted.from = Math.max(0, wanted.to - request.maxItems)
  const complete = wanted.to - wanted.from
  fit(all, wanted, service.limits.answerSize)
  const items = all.slice(wanted.from, wanted.to)
  // §6.5.4: who asked for everything has to know that there is more.
  if (!set && items.length === complete) return { items }
  const [first] = items
  if (!first) return { items, page: { count: all.length } }
  return {
    items,
    page: { first: { index: wanted.from, id: first.id }, last: items.at(-1)!.id, count: all.length },
  }
}

async function byId({ store, owner }: PubsubService, node: PubsubNode, request: ItemList): Promise<PubsubItem[]> {
  const found: PubsubItem[] = []
  for (const { id } of request.items) {
    if (id === undefined || id === '' || id.length > MAX_NAME) return refuse('bad-request', 'item-required')
    const item = await store.item(owner, node.name, id)
    if (item && !expired(node, item)) found.push(item)
  }
  // §6.5.9.x: one item that is not there is an error, of several those that are there are the answer.
  if (found.length === 0) refuse('item-not-found', undefined, 'There is no such item')
  return found
}

/** Items in the order of publication, without those whose time is over. */
export async function liveItems({ store, owner }: PubsubService, node: PubsubNode): Promise<PubsubItem[]> {
  const items = await store.items(owner, node.name)
  return node.config.itemExpire === 'max' ? items : items.filter(item => !expired(node, item))
}

/** Whether the item's time is over. */
export function expired({ config }: PubsubNode, { at }: PubsubItem): boolean {
  return config.itemExpire !== 'max' && Date.now() - at >= config.itemExpire * 1000
}

interface Range {
  from: number
  to: number
  /** Counted from its end. */
  last: boolean
}

/** XEP-0059 §2. */
function pageOf(all: readonly PubsubItem[], { max = all.length, after, before, index }: ResultSet): Range {
  if (before !== undefined) {
    const to = before === '' ? all.length : place(all, before)
    return { from: Math.max(0, to - max), to, last: true }
  }
  const from = after !== undefined ? place(all, after) + 1 : (index ?? 0)
  if (from > all.length) refuse('item-not-found', undefined, 'There is no such page')
  return { from, to: Math.min(all.length, from + max), last: false }
}

function place(all: readonly PubsubItem[], id: string): number {
  const found = all.findIndex(item => item.id === id)
  return found < 0 ? refuse('item-not-found', undefined, 'There is no such item to page from') : found
}

/** Takes items away, at the end that the reader will ask for next, until the rest fits into one answer; one always does. */
function fit(all: readonly PubsubItem[], range: Range, maxSize: number): void {
  let size = 0
  for (let count = 0; count < range.to - range.from; count++) {
    size += all[range.last ? range.to - 1 - count : range.from + count]!.payload.length
    if (size <= maxSize || count === 0) continue
    if (range.last) range.from = range.to - count
    else range.to = range.from + count
    return
  }
}
