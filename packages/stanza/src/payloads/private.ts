// XEP-0049 1.2: private XML storage.
import { type Codec, type Read, element } from '../codec.ts'
import { elements } from '../fields.ts'
import { iqGet, iqSet } from '../query.ts'

/** Namespace of private storage. */
export const NS = 'jabber:iq:private'

const fields = { elements: elements() }

/** What is asked for (an empty element of that name and namespace), found, or stored. */
export type PrivateData = Read<typeof fields>

/** `<query/>` of private storage. */
export const query: Codec<PrivateData> = element(NS, 'query', fields)

/** Asks for what is stored under the name and namespace of one element; there is an answer even if nothing is. */
export const get = iqGet(query, query)

/** Stores elements, each in place of what had its name and namespace. */
export const set = iqSet(query)
