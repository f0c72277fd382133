/** Service discovery (XEP-0030 2.5.0): asks what others are and hold, and says what we are. */

import type { Jid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/disco'
import type { DiscoInfo, DiscoItems, Identity } from '@tercet/stanza/disco'
import type { Abortable } from '../client.ts'
import { definePlugin, type Plugin } from '../plugin.ts'

/** Where in an entity to ask. */
export interface DiscoOptions extends Abortable {
  /** Default: the entity itself. */
  readonly node?: string
}

/** What the disco plugin offers. */
export interface Disco {
  /** What `to` is and can do; default our server. @throws {StanzaError} it does not tell */
  info(to?: Jid | string, options?: DiscoOptions): Promise<DiscoInfo>
  /** What `to` holds; default our server. @throws {StanzaError} it does not tell */
  items(to?: Jid | string, options?: DiscoOptions): Promise<DiscoItems>
  /** What we are and can do ourselves. */
  own(): DiscoInfo
  /** Answers requests for the nodes that `knows` accepts as for ourselves. */
  alsoAnswer(knows: (node: string) => boolean): void
}

/** The disco plugin, for other plugins. */
export const discoService = service<Disco>('disco')

/** Discovers, and says that we are `identities`. */
export function discoAs(...identities: readonly Identity[]): Plugin<Disco> {
  return definePlugin({
    name: 'disco',
    specs: { 'XEP-0030': '2.5.0' },
    features: [wire.NS_INFO, wire.NS_ITEMS],
    provides: discoService,
    setup(client): Disco {
      const nodes: ((node: string) => boolean)[] = []
      const own = (): DiscoInfo => ({ identities, features: client.features, forms: [] })
      const check = (node: string | undefined): void => {
        if (node !== undefined && !nodes.some(knows => knows(node))) throw new StanzaError('item-not-found')
      }
      client.handle(wire.info, ({ node }) => {
        check(node)
        return { ...own(), ...(node === undefined ? {} : { node }) }
      })
      client.handle(wire.items, ({ node }) => {
        check(node)
        return { items: [], ...(node === undefined ? {} : { node }) }
      })
      return {
        own,
        alsoAnswer: knows => void nodes.push(knows),
        info: (to = client.account.domain, { node, signal } = {}) =>
          client.request(wire.info, { node }, { to, signal }),
        items: (to = client.account.domain, { node, signal } = {}) =>
          client.request(wire.items, { node }, { to, signal }),
      }
    },
  })
}

/** Discovers, and says that we are a client; {@link discoAs} says more. */
export const disco: Plugin<Disco> = discoAs({ category: 'client', type: 'pc' })
