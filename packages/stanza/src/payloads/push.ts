// XEP-0357 0.4.1: push notifications.
import { Element } from '@tercet/xml'
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child } from '../fields.ts'
import { iqSet } from '../query.ts'
import { jid } from '../scalars.ts'
import { type DataForm, dataForm } from './data-form.ts'

/** Namespace of push. */
export const NS = 'urn:xmpp:push:0'

/** Type of the form that tells about messages (§7). */
export const SUMMARY = 'urn:xmpp:push:summary'

const NS_PUBSUB = 'http://jabber.org/protocol/pubsub'

/** Lets the server publish to a node of a push service, with options that the service wants to see (§5). */
export const enable = iqSet(
  element(NS, 'enable', { jid: attr('jid', jid), node: attr('node').optional, options: child(dataForm).optional }),
)

/** Ends that, for one node or for all of a service (§6). */
export const disable = iqSet(element(NS, 'disable', { jid: attr('jid', jid), node: attr('node').optional }))

const notificationFields = { summary: child(dataForm).optional }

/** What a push service gets. */
export type Notification = Read<typeof notificationFields>

/** `<notification/>`. */
export const notification: Codec<Notification> = element(NS, 'notification', notificationFields)

/** The request that publishes a notification (§7). */
export function publication(node: string, summary: DataForm, options: DataForm | undefined): Element {
  const item = new Element('item', NS_PUBSUB, [], [notification.write({ summary })])
  const children = [new Element('publish', NS_PUBSUB, node === '' ? [] : ['node', node], [item])]
  if (options) children.push(new Element('publish-options', NS_PUBSUB, [], [dataForm.write(options)]))
  return new Element('pubsub', NS_PUBSUB, [], children)
}
