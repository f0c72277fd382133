/** Subscriptions that an owner has to agree to (XEP-0060 1.30.0 §8.6). */

import { Jid, type BareJid } from '@tercet/jid'
import { message, type Message } from '@tercet/stanza'
import { dataForm, valueOf, type DataForm } from '@tercet/stanza/data-form'
import { NS } from '@tercet/stanza/pubsub'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'
import { affiliationOf } from './access.ts'
import { contentOf, notifyOne, subscriptionText } from './notify.ts'
import type { PubsubService } from './service.ts'
import { sendLast } from './subscribe.ts'

const FORM_TYPE = `${NS}#subscribe_authorization`

/** Asks an owner. */
export function authorizationRequest(service: PubsubService, node: string, subscriber: Jid, owner: BareJid): Message {
  const plain = { required: false, options: [] }
  const form: DataForm = {
    type: 'form',
    title: 'A subscription has been asked for',
    instructions: ['To let the address subscribe to the node, say yes.'],
    fields: [
      { ...plain, var: 'FORM_TYPE', type: 'hidden', values: [FORM_TYPE] },
      { ...plain, var: 'pubsub#node', type: 'text-single', label: 'Node', values: [node] },
      { ...plain, var: 'pubsub#subscriber_jid', type: 'jid-single', label: 'Address', values: [subscriber.text] },
      { ...plain, var: 'pubsub#allow', type: 'boolean', label: 'Let it subscribe?', values: ['false'] },
    ],
    items: [],
  }
  return message({ from: service.jid, to: owner, id: newToken(12), payloads: [dataForm.write(form)] })
}

/** What an owner has answered; undefined: the message is about something else. */
export function readAuthorization(message: Message): DataForm | undefined {
  if (message.content.find('x', dataForm.ns) < 0) return undefined
  return message.all(dataForm).find(form => form.type !== 'form' && valueOf(form, 'FORM_TYPE') === FORM_TYPE)
}

/** Does what an owner has answered. What is not pending any more stays as it is; a form that is cancelled changes nothing. */
export async function authorize(service: PubsubService, form: DataForm, owner: BareJid, turn: Turn): Promise<void> {
  const { store } = service
  const name = valueOf(form, 'pubsub#node') ?? ''
  const jid = valueOf(form, 'pubsub#subscriber_jid') ?? ''
  const node = form.type === 'submit' ? await store.get(service.owner, name) : undefined
  if (!node || affiliationOf(service, node, owner) !== 'owner') return
  const known = await store.subscriber(service.owner, node, jid)
  if (known?.state !== 'pending') return
  const subscriber = Jid.parse(known.jid)
  const allowed = ['1', 'true'].includes(valueOf(form, 'pubsub#allow')?.trim() ?? '')
  if (allowed) store.putSubscriber(service.owner, name, { jid: known.jid, state: 'subscribed' }, turn)
  else {
    store.deleteSubscriber(service.owner, name, known.jid, turn)
    store.put(service.owner, { ...node, subscribers: node.subscribers - 1 }, turn)
  }
  const state = allowed ? 'subscribed' : 'none'
  await notifyOne(service, node, subscriber, contentOf(subscriptionText(name, known.jid, state)), turn)
  if (allowed && node.config.sendLast !== 'never') await sendLast(service, node, subscriber, turn)
}
