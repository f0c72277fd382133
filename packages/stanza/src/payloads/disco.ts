// XEP-0030 2.5.0: service discovery, with the forms of XEP-0128 1.0.1.
import { type Codec, type Read, element, elementOf } from '../codec.ts'
import { attr, child } from '../fields.ts'
import { iqGet } from '../query.ts'
import { jid } from '../scalars.ts'
import { dataForm } from './data-form.ts'

/** Namespace of what an entity is and can do. */
export const NS_INFO = 'http://jabber.org/protocol/disco#info'

/** Namespace of what an entity holds. */
export const NS_ITEMS = 'http://jabber.org/protocol/disco#items'

const identityFields = {
  category: attr('category'),
  type: attr('type'),
  lang: attr('xml:lang').optional,
  name: attr('name').optional,
}

/** What an entity is (XEP-0030 §3.1). */
export type Identity = Read<typeof identityFields>

const infoFields = {
  node: attr('node').optional,
  identities: child<Identity>(element(NS_INFO, 'identity', identityFields)).many,
  features: child(elementOf(NS_INFO, 'feature', attr('var'))).many,
  forms: child(dataForm).many,
}

/** What an entity is and can do; `features` by their names. */
export type DiscoInfo = Read<typeof infoFields>

/** `<query/>` that answers about information. */
export const infoResult: Codec<DiscoInfo> = element(NS_INFO, 'query', infoFields)

/** Asks what an entity, or a node of it, is and can do (XEP-0030 §3.1). */
export const info = iqGet(element(NS_INFO, 'query', { node: attr('node').optional }), infoResult)

const itemFields = { jid: attr('jid', jid), node: attr('node').optional, name: attr('name').optional }

/** Something that an entity holds: an address, or a node at one (XEP-0030 §4.1). */
export type DiscoItem = Read<typeof itemFields>

const itemsFields = {
  node: attr('node').optional,
  items: child<DiscoItem>(element(NS_ITEMS, 'item', itemFields)).many,
}

/** What an entity holds. */
export type DiscoItems = Read<typeof itemsFields>

/** `<query/>` that answers about items. */
export const itemsResult: Codec<DiscoItems> = element(NS_ITEMS, 'query', itemsFields)

/** Asks what an entity, or a node of it, holds (XEP-0030 §4.1). */
export const items = iqGet(element(NS_ITEMS, 'query', { node: attr('node').optional }), itemsResult)
