/** Personal eventing (XEP-0163 1.2.2): publishes in nodes of our account, reads those of others, and hears of what they publish. */

import type { Jid } from '@tercet/jid'
import { point, service } from '@tercet/plugin'
import { makeForm } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/pubsub'
import { event as eventPayload, type PubsubEvent } from '@tercet/stanza/pubsub-event'
import type { ResultSet } from '@tercet/stanza/rsm'
import type { Element } from '@tercet/xml'
import type { Abortable } from '../client.ts'
import { definePlugin, type Plugin } from '../plugin.ts'
import { incoming } from '../points.ts'

/** Somebody's node has changed. */
export interface NodeEvent {
  /** Whose node it is. */
  readonly from: Jid
  readonly event: PubsubEvent
}

/** A contact, or one of our own clients, has published or deleted something that we want to hear of. */
export const nodeEvent = point<NodeEvent>()('nodeEvent', ['run'])

/** How to publish. */
export interface PublishOptions extends Abortable {
  /** Default: the service makes one. */
  readonly id?: string
  /** What the node's configuration has to be, by names without `pubsub#`: `{ access_model: 'open' }` (XEP-0060 §7.1.5). */
  readonly config?: Readonly<Record<string, string>>
}

/** Where to read, and how much. */
export interface ItemsOptions extends Abortable {
  /** Default: our own account. */
  readonly from?: Jid | string
  /** Default: all of them. */
  readonly ids?: readonly string[]
  /** A page (XEP-0059). */
  readonly page?: ResultSet
}

/** An item and its payload. */
export interface NodeItem {
  readonly id: string
  readonly publisher: string | undefined
  readonly payload: Element | undefined
}

/** What the PEP plugin offers. */
export interface Pep {
  /** Wants to hear of a node, of everybody who lets us; stop with `using`. Presence that is sent later says so. */
  want(node: string): Disposable
  /** Publishes an item and gives its id. @throws {StanzaError} `conflict`: the node is configured in another way */
  publish(node: string, payload: Element, options?: PublishOptions): Promise<string | undefined>
  /** Items of a node, in the order of publication. @throws {StanzaError} there is none, or none for us */
  items(node: string, options?: ItemsOptions): Promise<readonly NodeItem[]>
  /** Deletes an item; others hear of it. @throws {StanzaError} `item-not-found` */
  retract(node: string, id: string, options?: Abortable): Promise<void>
}

/** The PEP plugin, for other plugins. */
export const pepService = service<Pep>('pep')

/** Publishes and hears. */
export const pep: Plugin<Pep> = definePlugin({
  name: 'pep',
  specs: { 'XEP-0060': '1.30.0', 'XEP-0163': '1.2.2' },
  provides: pepService,
  setup(client): Pep {
    client.on(incoming, 'show', ({ stanza }) => {
      if (stanza.kind !== 'message' || stanza.type === 'error' || !stanza.from) return
      const event = stanza.get(eventPayload)
      if (event) client.tell(nodeEvent, { from: stanza.from, event })
    })
    return {
      want: node => client.announce(`${node}+notify`),
      async publish(node, payload, { id, config, signal } = {}) {
        const result = await client.request(
          wire.publish,
          {
            publish: { node, items: [{ ...(id === undefined ? {} : { id }), payloads: [payload] }] },
            ...(config ? { options: { form: formOf(config) } } : {}),
          },
          { signal },
        )
        return result?.publish.items[0]?.id ?? id
      },
      async items(node, { from, ids = [], page, signal } = {}) {
        const { items } = await client.request(
          wire.items,
          { items: { node, items: ids.map(id => ({ id, payloads: [] })) }, ...(page ? { set: page } : {}) },
          { ...(from === undefined ? {} : { to: from }), signal },
        )
        return items.items.map(item => ({
          id: item.id ?? '',
          publisher: item.publisher,
          payload: wire.payloadOf(item),
        }))
      },
      retract: (node, id, { signal } = {}) =>
        client.request(wire.retract, { retract: { node, notify: true, items: [{ id, payloads: [] }] } }, { signal }),
    }
  },
})

function formOf(config: Readonly<Record<string, string>>): ReturnType<typeof makeForm> {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(config)) values[`pubsub#${name}`] = value
  return makeForm('submit', wire.PUBLISH_OPTIONS, values)
}
