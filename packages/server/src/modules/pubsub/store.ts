/** Nodes, their items and their subscribers on disk: three tables, everything of one service in the unit of the turn. */

import type { Awaitable, Table } from '@tercet/storage'
import type { Affiliation, SubscriptionState } from '@tercet/stanza/pubsub'
import type { Host } from '../../host.ts'
import type { Turn } from '../../turn.ts'
import type { NodeConfig } from './config.ts'

/** A node as it is stored; its name is the row's key. */
export interface PubsubNode {
  readonly name: string
  readonly config: NodeConfig
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** By bare address; owners of the service are not listed. */
  readonly affiliations: Readonly<Record<string, Affiliation>>
  /** Items that are kept. */
  readonly items: number
  /** Characters of their payloads, together. */
  readonly size: number
  /** Rows of subscribers. */
  readonly subscribers: number
  /** The item that was published last, if it is still there. */
  readonly last: string | undefined
}

/** A stored item. */
export interface PubsubItem {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Grows with each publication of the host: the order of items. */
  readonly order: string
  /** Bare address. */
  readonly publisher: string
  /** Wire text of the payload, with its namespace declared on it; '' where there is none. */
  readonly payload: string
}

/** A subscriber: the address that notifications go to. */
export interface Subscriber {
  readonly jid: string
  readonly state: SubscriptionState
}

type NodeRow = Omit<PubsubNode, 'name'>
type ItemRow = Omit<PubsubItem, 'id'>

/** Stands between the owner and the node in the name of what a node has; no text of XML contains it. */
const SEPARATOR = '\u001f'

/** The nodes of one host's services. `owner` names a service: the localpart of an account, or ''. */
export class PubsubStore {
  readonly #host: Host
  readonly #nodes: Table<NodeRow>
  readonly #items: Table<ItemRow>
  readonly #subscribers: Table<{ readonly state: SubscriptionState }>

  constructor(host: Host) {
    this.#host = host
    this.#nodes = host.table('pubsub nodes')
    this.#items = host.table('pubsub items')
    this.#subscribers = host.table('pubsub subscribers')
  }

  get(owner: string, name: string): Awaitable<PubsubNode | undefined> {
    const row = this.#nodes.get(this.#host.domain, owner, name)
    if (row instanceof Promise) return row.then(row => row && { name, ...row.value })
    return row && { name, ...row.value }
  }

  async list(owner: string): Promise<readonly PubsubNode[]> {
    const rows = await this.#nodes.list(this.#host.domain, owner)
    return rows.map(({ key, value }) => ({ name: key, ...value }))
  }

  put(owner: string, { name, ...row }: PubsubNode, turn: Turn): void {
    this.#nodes.put(turn.unit, this.#host.domain, owner, name, row)
  }

  /** Deletes a node with all it has. */
  delete(owner: string, name: string, turn: Turn): void {
    this.#nodes.delete(turn.unit, this.#host.domain, owner, name)
    this.#items.clear(turn.unit, this.#host.domain, owner + SEPARATOR + name)
    this.#subscribers.clear(turn.unit, this.#host.domain, owner + SEPARATOR + name)
  }

  // Items

  async item(owner: string, node: string, id: string): Promise<PubsubItem | undefined> {
    const row = await this.#items.get(this.#host.domain, owner + SEPARATOR + node, id)
    return row && { id, ...row.value }
  }

  /** In the order of publication. */
  async items(owner: string, node: string): Promise<PubsubItem[]> {
    const rows = await this.#items.list(this.#host.domain, owner + SEPARATOR + node)
    const items = rows.map(({ key, value }) => ({ id: key, ...value }))
    return items.sort((a, b) => (a.order < b.order ? -1 : 1))
  }

  putItem(owner: string, node: string, { id, ...row }: PubsubItem, turn: Turn): void {
    this.#items.put(turn.unit, this.#host.domain, owner + SEPARATOR + node, id, row)
  }

  deleteItem(owner: string, node: string, id: string, turn: Turn): void {
    this.#items.delete(turn.unit, this.#host.domain, owner + SEPARATOR + node, id)
  }

  clearItems(owner: string, node: string, turn: Turn): void {
    this.#items.clear(turn.unit, this.#host.domain, owner + SEPARATOR + node)
  }

  // Subscribers

  async subscribers(owner: string, { name, subscribers }: PubsubNode): Promise<Subscriber[]> {
    if (subscribers === 0) return []
    const rows = await this.#subscribers.list(this.#host.domain, owner + SEPARATOR + name)
    return rows.map(({ key, value }) => ({ jid: key, ...value }))
  }

  async subscriber(owner: string, { name, subscribers }: PubsubNode, jid: string): Promise<Subscriber | undefined> {
    if (subscribers === 0) return undefined
    const row = await this.#subscribers.get(this.#host.domain, owner + SEPARATOR + name, jid)
    return row && { jid, ...row.value }
  }

  putSubscriber(owner: string, node: string, { jid, state }: Subscriber, turn: Turn): void {
    this.#subscribers.put(turn.unit, this.#host.domain, owner + SEPARATOR + node, jid, { state })
  }

  deleteSubscriber(owner: string, node: string, jid: string, turn: Turn): void {
    this.#subscribers.delete(turn.unit, this.#host.domain, owner + SEPARATOR + node, jid)
  }
}
