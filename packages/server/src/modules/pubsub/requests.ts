/** What is asked of a service (XEP-0060 1.30.0), by the element inside of `<pubsub/>`. */

import { DecodeError, raw, StanzaError, type Query } from '@tercet/stanza'
import * as wire from '@tercet/stanza/pubsub'
import type { Content } from '@tercet/xml'
import { type Element } from '@tercet/xml'
import type { Host } from '../../host.ts'
import type { IqContext, Target } from '../../iq.ts'
import { affiliationOf, isStranger, requireAcquaintance, requireNode } from './access.ts'
import { configForm, readChanges } from './config.ts'
import { affiliate, changeSubscribers, configure, create, deleteNode, ownNode } from './manage.ts'
import { publish, purge, retract } from './publish.ts'
import { refuse, unsupported } from './refusal.ts'
import { retrieve } from './retrieve.ts'
import type { PubsubService } from './service.ts'
import { subscribe, subscriptionsOf, unsubscribe } from './subscribe.ts'
import { Jid } from '@tercet/jid'

/** Answers one kind of request. */
type Run<Req, Res> = (service: PubsubService, request: Req, context: IqContext) => Promise<Res>

interface Operation {
  readonly query: Query<unknown, unknown>
  readonly run: Run<unknown, unknown>
}

/** By type, namespace and the name of the element inside. */
const operations = new Map<string, Operation>()

function operation<Req, Res>(name: string, query: Query<Req, Res>, run: Run<Req, NoInfer<Res>>): void {
  // Query and handler were matched by the types here; the table only pairs them again.
  operations.set(`${query.type} ${query.request.ns} ${name}`, { query, run: run as Run<unknown, unknown> })
}

operation('publish', wire.publish, async (service, { publish: { node, items }, options }, { from, turn }) => {
  const relied = options ? readChanges(options.form, 'options') : {}
  const done = await publish(service, { node, items, options: relied }, from.bare, turn)
  return { publish: { node: done.node.name, items: [{ id: done.item.id, payloads: [] }] } }
})

operation('retract', wire.retract, (service, { retract: { node, notify = false, items } }, { from, turn }) =>
  retract(service, { node, notify, ids: items.map(({ id }) => id) }, from.bare, turn),
)

operation('create', wire.create, async (service, { create: { node }, configure }, { from, turn }) => {
  const changes = configure ? readChanges(configure.form, 'config') : {}
  const name = await create(service, node, changes, from.bare, turn)
  // §8.1.2: only a name that the service has chosen has to be told.
  return node === undefined ? { create: { node: name } } : undefined
})

operation('subscribe', wire.subscribe, async (service, { subscribe: asked }, { from, turn }) => ({
  subscription: await subscribe(service, asked, from, turn),
}))

operation('unsubscribe', wire.unsubscribe, (service, { unsubscribe: asked }, { from, turn }) =>
  unsubscribe(service, asked, from, turn),
)

operation('subscriptions', wire.subscriptions, async (service, { subscriptions: { node } }, { from }) => {
  const subscriptions = await subscriptionsOf(service, node, from.bare)
  if (subscriptions.length === 0) await requireAcquaintance(service, from.bare)
  return { subscriptions: { ...(node === undefined ? {} : { node }), subscriptions } }
})

operation('affiliations', wire.affiliations, async (service, { affiliations: { node: name } }, { from }) => {
  const { store, owner } = service
  const nodes = name === undefined ? await store.list(owner) : [await requireNode(service, name, from.bare)]
  const affiliations = nodes
    .map(node => ({ node: node.name, affiliation: affiliationOf(service, node, from.bare) }))
    .filter(({ affiliation }) => affiliation !== 'none')
  if (affiliations.length === 0) await requireAcquaintance(service, from.bare)
  return { affiliations: { ...(name === undefined ? {} : { node: name }), affiliations } }
})

// What owners do

operation('configure', wire.getConfiguration, async (service, { configure: { node } }, { from }) => {
  const { name, config } = await ownNode(service, node, from.bare)
  return { configure: { node: name, form: configForm(config) } }
})

operation('configure', wire.configure, (service, { configure: { node, form } }, { from, turn }) => {
  if (!form) return refuse('bad-request', undefined, 'A form is missing')
  return configure(service, node, readChanges(form, 'config'), from.bare, turn)
})

operation('default', wire.getDefault, async (service, _, { from }) => {
  await requireAcquaintance(service, from.bare)
  return { default: { form: configForm(service.defaults('')) } }
})

operation('delete', wire.deleteNode, (service, { delete: { node, redirect } }, { from, turn }) =>
  deleteNode(service, { node, uri: redirect?.uri }, from.bare, turn),
)

operation('purge', wire.purge, (service, { purge: { node } }, { from, turn }) => purge(service, node, from.bare, turn))

operation('subscriptions', wire.getSubscribers, async (service, { subscriptions: { node: name } }, { from }) => {
  const node = await ownNode(service, name, from.bare)
  const found = await service.store.subscribers(service.owner, node)
  const subscriptions = found.map(({ jid, state }) => ({ jid: Jid.parse(jid), subscription: state }))
  return { subscriptions: { node: node.name, subscriptions } }
})

operation('subscriptions', wire.setSubscribers, (service, { subscriptions: list }, { from, turn }) =>
  changeSubscribers(service, list.node, list.subscriptions, from.bare, turn),
)

operation('affiliations', wire.getAffiliations, async (service, { affiliations: { node: name } }, { from }) => {
  const node = await ownNode(service, name, from.bare)
  const others = Object.entries(node.affiliations).map(([jid, affiliation]) => ({ jid: Jid.parse(jid), affiliation }))
  const owner = service.jid.local === '' ? [] : [{ jid: service.jid, affiliation: 'owner' as const }]
  return { affiliations: { node: node.name, affiliations: [...owner, ...others] } }
})

operation('affiliations', wire.setAffiliations, (service, { affiliations: list }, { from, turn }) =>
  affiliate(service, list.node, list.affiliations, from.bare, turn),
)

/**
 * Answers everything that is asked of the services of a host.
 *
 * @param serviceOf the service that a request is for
 */
export function answerRequests(host: Host, target: Target, serviceOf: (context: IqContext) => PubsubService): void {
  for (const type of ['get', 'set'] as const)
    for (const ns of [wire.NS, wire.NS_OWNER])
      host.handle(anything(type, ns), target, (pubsub, context) => answer(serviceOf(context), pubsub, context))
}

function anything(type: 'get' | 'set', ns: string): Query<Element, Content> {
  return { type, request: raw(ns, 'pubsub'), readResult: content => content, writeResult: content => content }
}

async function answer(service: PubsubService, pubsub: Element, context: IqContext): Promise<Content> {
  try {
    return await perform(service, pubsub, context)
  } catch (error) {
    const refusal = asRefusal(error)
    if (refusal instanceof StanzaError && (await hides(service, pubsub, context)))
      throw new StanzaError('service-unavailable', { cause: refusal })
    throw refusal
  }
}

async function perform(service: PubsubService, pubsub: Element, context: IqContext): Promise<Content> {
  const { type } = context.iq
  let found: Operation | undefined
  for (const child of pubsub.elements()) found ??= operations.get(`${type} ${pubsub.ns} ${child.name}`)
  if (found) return found.query.writeResult(await found.run(service, found.query.request.read(pubsub), context))
  // Apart from the others, since its answer is text that nobody has to write again.
  if (pubsub.child('items') && type === 'get')
    return await retrieve(service, wire.items.request.read(pubsub), context.from.bare)
  return unknownOperation(pubsub)
}

/** A stranger who is refused hears why only if it is about a node that is there (RFC 6121 §8.5; XEP-0060 §6.1.3 says why). */
async function hides(service: PubsubService, pubsub: Element, { from }: IqContext): Promise<boolean> {
  if (!(await isStranger(service, from.bare))) return false
  const [asked] = pubsub.elements()
  const name = asked?.name === 'create' ? undefined : asked?.attr('node')
  return name === undefined || name === '' || !(await service.store.get(service.owner, name))
}

function asRefusal(error: unknown): unknown {
  if (error instanceof DecodeError) return new StanzaError('bad-request', { text: error.message, cause: error })
  return error
}

function unknownOperation(pubsub: Element): never {
  if (pubsub.child('options')) unsupported('subscription-options')
  if (pubsub.elements().length === 0) refuse('bad-request', undefined, 'An operation is missing')
  return refuse('feature-not-implemented')
}
