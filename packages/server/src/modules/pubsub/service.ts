/** What a publish-subscribe service is to the engine: the address that owns nodes, and its rules. An account is one (XEP-0163). */

import type { BareJid, FullJid, Jid } from '@tercet/jid'
import type { Awaitable } from '@tercet/storage'
import type { Host } from '../../host.ts'
import type { NodeConfig } from './config.ts'
import type { Turn } from '../../turn.ts'
import type { PubsubItem, PubsubNode, PubsubStore } from './store.ts'

/** Bounds on what a service keeps. */
export interface PubsubLimits {
  readonly nodes: number
  /** In one node; what `max` means. */
  readonly items: number
  /** Characters of one payload. */
  readonly itemSize: number
  /** Characters of all payloads of a service. */
  readonly totalSize: number
  /** Subscribers of one node, and entries in its list of affiliations. */
  readonly subscribers: number
  /** Characters of payloads in one answer. */
  readonly answerSize: number
}

/** How somebody stands to the owner of a service. */
export interface Relation {
  /** Subscribed to the owner's presence. */
  readonly subscribed: boolean
  /** Groups of the owner's roster. */
  readonly groups: readonly string[]
}

/** What has happened to the items of a node; `emptied`: purged or deleted. */
export type NodeChange =
  | { readonly kind: 'published'; readonly item: PubsubItem }
  | { readonly kind: 'retracted'; readonly ids: readonly string[] }
  | { readonly kind: 'emptied' }

/** One service. Made for a request; holds nothing. */
export interface PubsubService {
  readonly host: Host
  readonly store: PubsubStore
  /** Where it is, and whom notifications are from. */
  readonly jid: BareJid
  /** Names it in the store. */
  readonly owner: string
  readonly limits: PubsubLimits
  /** Owns all nodes. */
  owns(entity: BareJid): boolean
  mayCreate(entity: BareJid): boolean
  /** A publication to a node that is not there creates it (§7.1.4). */
  readonly autoCreate: boolean
  relation(entity: BareJid): Awaitable<Relation>
  defaults(node: string): NodeConfig
  /** Who hears of the node beside its subscribers. */
  audience(node: PubsubNode): Awaitable<readonly FullJid[]>
  /** Hears of every change; what it writes goes to disk with that. */
  changed(node: PubsubNode, change: NodeChange, turn: Turn): Awaitable<void>
  /** Asks the owners of a node whether an address may subscribe. */
  ask(node: PubsubNode, subscriber: Jid, turn: Turn): void
  /** Whether somebody is there, as far as the service knows (§12.1). */
  available(entity: Jid): boolean
  /** Whether notifications to `entity` are kept back. */
  blocks(entity: Jid): Awaitable<boolean>
}
