/** Service discovery (XEP-0030 2.5.0): what this host and its accounts are, can do and hold. */

import type { BareJid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/disco'
import type { DiscoInfo, DiscoItem, Identity } from '@tercet/stanza/disco'
import type { Awaitable } from '@tercet/storage'
import { isGuest } from '../guests.ts'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import { authorizedAccount } from './authorized.ts'
import { rosters } from './roster.ts'

/** Whom a request is about. */
export type Subject = 'server' | 'account'

/** Items that a module knows of, for whoever asks. */
export type ItemSource = (context: IqContext) => Awaitable<readonly DiscoItem[]>

/** What a module knows of a node: undefined if the node is none of its own. */
export interface NodeSource {
  info(node: string, context: IqContext): Awaitable<Omit<DiscoInfo, 'node'> | undefined>
  items(node: string, context: IqContext): Awaitable<readonly DiscoItem[] | undefined>
}

/** What modules add to the answers of one host. Features are the host's: see `Host.feature`. */
export class Disco {
  readonly #host: Host
  readonly #identities: Record<Subject, Identity[]> = { server: [], account: [] }
  readonly #items: Record<Subject, ItemSource[]> = { server: [], account: [] }
  readonly #nodes: Record<Subject, NodeSource[]> = { server: [], account: [] }
  readonly #forms: DiscoInfo['forms'][number][] = []

  constructor(host: Host) {
    this.#host = host
  }

  /** What the host, or each of its accounts, is in addition. */
  identity(identity: Identity, of: Subject = 'server'): void {
    this.#identities[of].push(identity)
  }

  /** A form about the host (XEP-0128). */
  form(form: DiscoInfo['forms'][number]): void {
    this.#forms.push(form)
  }

  /** What the host, or each of its accounts, holds. */
  items(source: ItemSource, of: Subject = 'server'): void {
    this.#items[of].push(source)
  }

  /** Nodes of the host, or of each of its accounts; the first source that knows one answers for it. */
  nodes(source: NodeSource, of: Subject = 'server'): void {
    this.#nodes[of].push(source)
  }

  /** Grows with what {@link info} says of the host, from which nothing is ever taken away. */
  get size(): number {
    return this.#host.features.size + this.#identities.server.length + this.#forms.length
  }

  /** What the host, or `account`, is and can do, to whoever may know. */
  info(of: Subject, account?: BareJid): DiscoInfo {
    const features = of === 'server' ? this.#host.features : this.#host.accountFeatures
    return {
      identities:
        of === 'account' ? [this.#accountIdentity(account), ...this.#identities[of]] : [...this.#identities[of]],
      features: [...features].sort(),
      forms: of === 'server' ? [...this.#forms] : [],
    }
  }

  /** XEP-0175 §4: others see that a guest is one. */
  #accountIdentity(account: BareJid | undefined): Identity {
    return { category: 'account', type: account && isGuest(this.#host, account) ? 'anonymous' : 'registered' }
  }

  /** @throws {StanzaError} `item-not-found`: there is no such node */
  async answerInfo(of: Subject, node: string | undefined, context: IqContext): Promise<DiscoInfo> {
    if (node === undefined) return this.info(of, context.account?.jid)
    for (const source of this.#nodes[of]) {
      const info = await source.info(node, context)
      // §3.2: the answer says which node it is about.
      if (info) return { ...info, node }
    }
    throw noSuchNode()
  }

  /** @throws {StanzaError} `item-not-found`: there is no such node */
  async answerItems(of: Subject, node: string | undefined, context: IqContext): Promise<wire.DiscoItems> {
    if (node === undefined) {
      const items: DiscoItem[] = []
      for (const source of this.#items[of]) items.push(...(await source(context)))
      return { items }
    }
    for (const source of this.#nodes[of]) {
      const items = await source.items(node, context)
      if (items) return { node, items }
    }
    throw noSuchNode()
  }
}

function noSuchNode(): StanzaError {
  return new StanzaError('item-not-found', { text: 'There is no such node here' })
}

/** Discovery on one host, for modules that have more to tell than features. */
export const discovery = service<Disco>('disco')

/** Answers for the host and for its accounts; clients answer for themselves. */
export const disco = defineModule({
  name: 'disco',
  specs: { 'XEP-0030': '2.5.0', 'XEP-0128': '1.0.1' },
  features: [wire.NS_INFO, wire.NS_ITEMS],
  needs: [rosters],
  provides: discovery,
  setup(host, store) {
    const disco = new Disco(host)
    disco.identity({ category: 'server', type: 'im', name: 'Tercet' })
    host.feature(wire.NS_INFO, 'account')
    host.feature(wire.NS_ITEMS, 'account')
    host.handle(wire.info, 'server', ({ node }, context) => disco.answerInfo('server', node, context))
    host.handle(wire.items, 'server', ({ node }, context) => disco.answerItems('server', node, context))
    for (const target of ['self', 'account'] as const) {
      // §8: a stranger does not learn whether the account exists; the host refuses what is for none with the same words.
      host.handle(wire.info, target, async ({ node }, context) => {
        await authorizedAccount(store, context)
        return disco.answerInfo('account', node, context)
      })
      host.handle(wire.items, target, async ({ node }, context) => {
        await authorizedAccount(store, context)
        return disco.answerItems('account', node, context)
      })
    }
    return disco
  },
})
