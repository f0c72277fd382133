// XEP-0060 1.30.0: publish-subscribe, the requests; what subscribers receive is in pubsub-event.ts.
import type { Element } from '@tercet/xml'
import { type Codec, type Read, element, elementOf } from '../codec.ts'
import { attr, child, elements } from '../fields.ts'
import { type Query, iqGet, iqSet, orNothing } from '../query.ts'
import { bool, jid, oneOf, between } from '../scalars.ts'
import { type DataForm, dataForm } from './data-form.ts'
import { type ResultSet, resultSet } from './rsm.ts'

/** Namespace of publish-subscribe. */
export const NS = 'http://jabber.org/protocol/pubsub'
/** Namespace of what owners of nodes do. */
export const NS_OWNER = 'http://jabber.org/protocol/pubsub#owner'
/** Namespace of conditions in errors (§12.x). */
export const NS_ERRORS = 'http://jabber.org/protocol/pubsub#errors'
/** Form types: how a node is configured, what a publisher relies on, and what is told about a node (§16.4). */
export const NODE_CONFIG = 'http://jabber.org/protocol/pubsub#node_config'
export const PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'
export const META_DATA = 'http://jabber.org/protocol/pubsub#meta-data'

/** What somebody is to a node (§4.1). */
export type Affiliation = 'member' | 'none' | 'outcast' | 'owner' | 'publish-only' | 'publisher'
/** How far a subscription has come (§4.2). */
export type SubscriptionState = 'none' | 'pending' | 'subscribed' | 'unconfigured'

const affiliation = oneOf('member', 'none', 'outcast', 'owner', 'publish-only', 'publisher')
const subscriptionState = oneOf('none', 'pending', 'subscribed', 'unconfigured')

const itemFields = {
  id: attr('id').optional,
  publisher: attr('publisher').optional,
  payloads: elements(),
}

/** An item of a node. `payloads` is one element, or none where it is only named. */
export type Item = Read<typeof itemFields>

/** `<item/>`. */
export const item: Codec<Item> = element(NS, 'item', itemFields)

const listFields = {
  node: attr('node').optional,
  maxItems: attr('max_items', between(1, Number.MAX_SAFE_INTEGER)).optional,
  items: child(item).many,
}

/** Items of a node: those that are asked for by `id`, all, or the result. */
export type ItemList = Read<typeof listFields>

const itemList: Codec<ItemList> = element(NS, 'items', listFields)
const form = child<DataForm>(dataForm).optional
const set = child<ResultSet>(resultSet).optional

/** A `<pubsub/>` around what is asked for. */
function request<F extends Parameters<typeof element>[2]>(fields: F): Codec<Read<F>> {
  return element(NS, 'pubsub', fields)
}

function owner<F extends Parameters<typeof element>[2]>(fields: F): Codec<Read<F>> {
  return element(NS_OWNER, 'pubsub', fields)
}

const publishFields = {
  publish: child(element(NS, 'publish', { node: attr('node').optional, items: child(item).many })),
  options: child(element(NS, 'publish-options', { form })).optional,
}
const published = request({
  publish: child(element(NS, 'publish', { node: attr('node').optional, items: child(item).many })),
})

/** Publishes an item (§7.1). */
export const publish: Query<
  Read<typeof publishFields>,
  Read<{ publish: typeof publishFields.publish }> | undefined
> = iqSet(request(publishFields), orNothing(published))

const retractFields = {
  node: attr('node').optional,
  notify: attr('notify', bool).optional,
  items: child(item).many,
}

/** Deletes an item (§7.2). */
export const retract = iqSet(request({ retract: child(element(NS, 'retract', retractFields)) }))

/** Retrieves items, all or by id, or a page of them (§6.5). */
export const items = iqGet(request({ items: child(itemList), set }), request({ items: child(itemList), set }))

const created = child(element(NS, 'create', { node: attr('node').optional }))

/** Creates a node, which the service names where `node` is missing (§8.1). */
export const create = iqSet(
  request({ create: created, configure: child(element(NS, 'configure', { form })).optional }),
  orNothing(request({ create: created })),
)

const subscriptionFields = {
  node: attr('node').optional,
  jid: attr('jid', jid),
  subscription: attr('subscription', subscriptionState).optional,
  subid: attr('subid').optional,
}

/** Somebody's subscription to a node. */
export type Subscription = Read<typeof subscriptionFields>

/** `<subscription/>` among requests. */
export const subscription: Codec<Subscription> = element(NS, 'subscription', subscriptionFields)

const target = { node: attr('node').optional, jid: attr('jid', jid), subid: attr('subid').optional }

/** Subscribes an address to a node (§6.1). */
export const subscribe = iqSet(
  request({ subscribe: child(element(NS, 'subscribe', target)) }),
  request({ subscription: child(subscription) }),
)

/** Ends a subscription (§6.2). */
export const unsubscribe = iqSet(request({ unsubscribe: child(element(NS, 'unsubscribe', target)) }))

const subscriptionList = element(NS, 'subscriptions', {
  node: attr('node').optional,
  subscriptions: child(subscription).many,
})

/** Retrieves the own subscriptions, to all nodes or to one (§5.6). */
export const subscriptions = iqGet(
  request({ subscriptions: child(subscriptionList) }),
  request({ subscriptions: child(subscriptionList) }),
)

const affiliationFields = {
  node: attr('node').optional,
  jid: attr('jid', jid).optional,
  affiliation: attr('affiliation', affiliation),
}
const affiliationList = element(NS, 'affiliations', {
  node: attr('node').optional,
  affiliations: child(element(NS, 'affiliation', affiliationFields)).many,
})

/** Retrieves the own affiliations (§5.7). */
export const affiliations = iqGet(
  request({ affiliations: child(affiliationList) }),
  request({ affiliations: child(affiliationList) }),
)

// What owners do

const configured = owner({ configure: child(element(NS_OWNER, 'configure', { node: attr('node').optional, form })) })

/** Retrieves how a node is configured, as a form (§8.2). */
export const getConfiguration = iqGet(configured, configured)
/** Submits that form. */
export const configure = iqSet(configured)

const defaults = owner({ default: child(element(NS_OWNER, 'default', { form })) })

/** Retrieves how new nodes are configured (§8.3). */
export const getDefault = iqGet(defaults, defaults)

const redirectFields = { uri: attr('uri') }
const deleteFields = {
  node: attr('node').optional,
  redirect: child(element(NS_OWNER, 'redirect', redirectFields)).optional,
}

/** Deletes a node, and says where others find it now (§8.4). */
export const deleteNode = iqSet(owner({ delete: child(element(NS_OWNER, 'delete', deleteFields)) }))
/** Deletes all items of a node (§8.5). */
export const purge = iqSet(owner({ purge: child(element(NS_OWNER, 'purge', { node: attr('node').optional })) }))

const ownerSubscriptions = owner({
  subscriptions: child(
    element(NS_OWNER, 'subscriptions', {
      node: attr('node').optional,
      subscriptions: child(
        element(NS_OWNER, 'subscription', {
          jid: attr('jid', jid),
          subscription: attr('subscription', subscriptionState),
          subid: attr('subid').optional,
        }),
      ).many,
    }),
  ),
})

/** Retrieves who is subscribed to a node (§8.8.1). */
export const getSubscribers = iqGet(ownerSubscriptions, ownerSubscriptions)
/** Changes subscriptions of others; `none` ends one (§8.8.2). */
export const setSubscribers = iqSet(ownerSubscriptions)

const ownerAffiliations = owner({
  affiliations: child(
    element(NS_OWNER, 'affiliations', {
      node: attr('node').optional,
      affiliations: child(
        element(NS_OWNER, 'affiliation', { jid: attr('jid', jid), affiliation: attr('affiliation', affiliation) }),
      ).many,
    }),
  ),
})

/** Retrieves who is what to a node (§8.9.1). */
export const getAffiliations = iqGet(ownerAffiliations, ownerAffiliations)
/** Changes affiliations; `none` ends one (§8.9.2). */
export const setAffiliations = iqSet(ownerAffiliations)

/** A condition of its own in an error, like `<closed-node/>`; `unsupported` names a feature. */
export const condition = elementOf(NS_ERRORS, 'unsupported', attr('feature'))

/** The one payload of an item; undefined: it has none, or several. */
export function payloadOf({ payloads }: Item): Element | undefined {
  return payloads.length === 1 ? payloads[0] : undefined
}
