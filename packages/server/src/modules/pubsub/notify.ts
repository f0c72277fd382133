/** Notifications: one content, written once, for everybody who hears of a node (XEP-0060 1.30.0 §7.1.2, XEP-0163 §4.3). */

import { Jid } from '@tercet/jid'
import { message, type Message } from '@tercet/stanza'
import { NS } from '@tercet/stanza/pubsub-event'
import { escapeAttr, readStanza, type Content } from '@tercet/xml'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'
import type { PubsubService } from './service.ts'
import type { PubsubItem, PubsubNode } from './store.ts'

/** Wire text of an event about a node. */
export function eventText(inner: string): string {
  return `<event xmlns='${NS}'>${inner}</event>`
}

/** Items of a node that were published, with their payloads if the node says so. */
export function itemsText({ name, config }: PubsubNode, items: readonly PubsubItem[]): string {
  return eventText(
    `<items node='${escapeAttr(name)}'>${items.map(item => itemText(item, config.deliverPayloads)).join('')}</items>`,
  )
}

/** `<item/>` as it stands in an event or in a result, where the default namespace is theirs. */
export function itemText({ id, publisher, payload }: PubsubItem, withPayload: boolean): string {
  const start = `<item id='${escapeAttr(id)}' publisher='${escapeAttr(publisher)}'`
  return withPayload && payload !== '' ? `${start}>${payload}</item>` : `${start}/>`
}

/** When the item was published, for those who hear of it later (XEP-0203). */
export function delayText({ at }: PubsubItem, service: PubsubService): string {
  return `<delay xmlns='urn:xmpp:delay' from='${escapeAttr(service.jid.text)}' stamp='${new Date(at).toISOString()}'/>`
}

/** Wire text as the content of stanzas; read once, however many of them there are. */
export function contentOf(text: string): Content {
  return readStanza(`<message>${text}</message>`).content
}

/** A notification with that content; its type is the node's. */
export function notification(service: PubsubService, node: PubsubNode, to: Jid, content: Content): Message {
  const { notificationType: type } = node.config
  return message({ type, from: service.jid, to, id: newToken(12) }).withContent(content)
}

/** Tells everybody who hears of the node. */
export async function notify(service: PubsubService, node: PubsubNode, text: string, turn: Turn): Promise<void> {
  if (!node.config.deliverNotifications) return
  const content = contentOf(text)
  const told = new Set<string>()
  const messages: Message[] = []
  for (const jid of await service.audience(node)) {
    told.add(jid.text).add(jid.bare.text)
    messages.push(notification(service, node, jid, content))
  }
  sendAll(service, messages, turn)
  for (const { jid, state } of await service.store.subscribers(service.owner, node)) {
    // XEP-0163 §4.3.2: who is known to be there has been told there.
    if (state !== 'subscribed' || told.has(jid)) continue
    const to = Jid.parse(jid)
    if (node.config.presenceBasedDelivery && !service.available(to)) continue
    await notifyOne(service, node, to, content, turn)
  }
}

/** Tells one address, unless it is blocked (XEP-0163 §4.3.3). */
export async function notifyOne(
  service: PubsubService,
  node: PubsubNode,
  to: Jid,
  content: Content,
  turn: Turn,
): Promise<void> {
  if (await service.blocks(to)) return
  sendAll(service, [notification(service, node, to, content)], turn)
}

/** Once what the turn has written is on disk: nobody hears of a change that did not happen. */
function sendAll({ host }: PubsubService, messages: readonly Message[], turn: Turn): void {
  const send = (turn: Turn): void => {
    for (const message of messages) host.send(message, turn)
  }
  if (turn.state === 'durable') send(turn)
  else
    turn.whenDecided(() => {
      if (turn.state === 'durable') void host.server.work(send)
    })
}

/** The subscription of an address has changed (§8.8.4). */
export function subscriptionText(node: string, jid: string, state: string): string {
  return eventText(
    `<subscription node='${escapeAttr(node)}' jid='${escapeAttr(jid)}' subscription='${escapeAttr(state)}'/>`,
  )
}
