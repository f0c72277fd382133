// XEP-0060 1.30.0: what subscribers of a node receive (§7.1.2, §7.2.2, §8.4, §8.5).
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, elements } from '../fields.ts'
import { jid, oneOf } from '../scalars.ts'
import { type DataForm, dataForm } from './data-form.ts'

/** Namespace of events. */
export const NS = 'http://jabber.org/protocol/pubsub#event'

const itemFields = { id: attr('id').optional, publisher: attr('publisher').optional, payloads: elements() }
const itemsFields = {
  node: attr('node'),
  items: child(element(NS, 'item', itemFields)).many,
  retracted: child(element(NS, 'retract', { id: attr('id') })).many,
}
const node = { node: attr('node') }

const eventFields = {
  /** Items that were published or retracted. */
  items: child<Read<typeof itemsFields>>(element(NS, 'items', itemsFields)).optional,
  /** All items are gone. */
  purge: child(element(NS, 'purge', node)).optional,
  /** The node is gone; `redirect` is where it is now. */
  delete: child(
    element(NS, 'delete', { ...node, redirect: child(element(NS, 'redirect', { uri: attr('uri') })).optional }),
  ).optional,
  /** The node is configured anew. */
  configuration: child(element(NS, 'configuration', { ...node, form: child<DataForm>(dataForm).optional })).optional,
  /** The receiver's subscription has changed. */
  subscription: child(
    element(NS, 'subscription', {
      ...node,
      jid: attr('jid', jid),
      subscription: attr('subscription', oneOf('none', 'pending', 'subscribed', 'unconfigured')).optional,
    }),
  ).optional,
}

/** Something has happened to a node. */
export type PubsubEvent = Read<typeof eventFields>

/** `<event/>`. */
export const event: Codec<PubsubEvent> = element(NS, 'event', eventFields)
