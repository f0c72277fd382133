/** Private XML storage (XEP-0049 1.2): what an account keeps for its clients, by name and namespace. */

import { point, service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/private'
import type { Table } from '@tercet/storage'
import { Element, readStanza, write } from '@tercet/xml'
import { z } from 'zod'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, type AccountEvent } from '../points.ts'
import type { Turn } from '../turn.ts'

/** A client has stored something. */
export interface PrivateEvent extends AccountEvent {
  readonly name: string
  readonly ns: string
  /** All elements of that name and namespace; none: it was emptied. */
  readonly elements: readonly Element[]
}

/** A client has stored something; what handlers write goes to disk with it. Modules that write by {@link PrivateStore} are not told. */
export const privateChanged = point<PrivateEvent>()('privateChanged', ['run'])

/** How much an account may keep. */
interface Bounds {
  readonly max_entries: number
  readonly max_characters: number
}

/** Private storage of one host. Everything runs in the account's queue. */
export class PrivateStore {
  readonly #host: Host
  readonly #table: Table<string>
  readonly #bounds: Bounds

  constructor(host: Host, bounds: Bounds) {
    this.#host = host
    this.#table = host.table('private')
    this.#bounds = bounds
  }

  /** What is stored under a name and a namespace. */
  async get(account: Account, name: string, ns: string): Promise<readonly Element[]> {
    const row = await this.#table.get(this.#host.domain, account.jid.local, keyOf(name, ns))
    return row === undefined ? [] : readStanza(`<iq>${row.value}</iq>`).content.elements()
  }

  /** Replaces what is stored under a name and a namespace; elements without any content are the same as none. */
  put(account: Account, { name, ns }: { name: string; ns: string }, elements: readonly Element[], turn: Turn): void {
    const { domain } = this.#host
    const text = elements.some(holdsSomething) ? elements.map(element => write(element)).join('') : ''
    if (text === '') this.#table.delete(turn.unit, domain, account.jid.local, keyOf(name, ns))
    else this.#table.put(turn.unit, domain, account.jid.local, keyOf(name, ns), text)
  }

  /** @throws {StanzaError} `resource-constraint`: with these an account would keep more than it may */
  async admit(account: Account, groups: readonly (readonly Element[])[]): Promise<void> {
    const sizes = new Map<string, number>()
    for (const { key, value } of await this.#table.list(this.#host.domain, account.jid.local))
      sizes.set(key, value.length)
    for (const elements of groups) {
      const { name, ns } = elements[0]! // a group has a first element
      if (elements.some(holdsSomething))
        sizes.set(
          keyOf(name, ns),
          elements.reduce((sum, one) => sum + write(one).length, 0),
        )
      else sizes.delete(keyOf(name, ns))
    }
    let characters = 0
    for (const size of sizes.values()) characters += size
    const { max_entries, max_characters } = this.#bounds
    if (sizes.size > max_entries || characters > max_characters)
      throw new StanzaError('resource-constraint', { type: 'cancel', text: 'Your private storage is full' })
  }

  clear(account: Account, turn: Turn): void {
    this.#table.clear(turn.unit, this.#host.domain, account.jid.local)
  }
}

/** Private storage of a host, for modules that keep the same data in another form. */
export const privateData = service<PrivateStore>('private storage')

/** Stores and gives back; nobody but the account itself (§4), others hear what they hear of any account. */
export const privateStorage = defineModule({
  name: 'private',
  specs: { 'XEP-0049': '1.2' },
  features: [wire.NS],
  provides: privateData,
  options: z.strictObject({
    max_entries: z.int().positive().default(200).describe('Kinds of data that one account may keep'),
    max_characters: z.int().positive().default(1_048_576).describe('Characters that one account may keep in all'),
  }),
  setup(host, options) {
    const store = new PrivateStore(host, options)
    host.handle(wire.get, 'self', async ({ elements }, { account }) => {
      const [asked, ...more] = elements
      // §2.3: one at a time, and a request for nothing is none.
      if (!asked || more.length > 0) throw new StanzaError('bad-request', { text: 'Ask for exactly one element' })
      if (!account) throw new StanzaError('service-unavailable')
      const found = await store.get(account, asked.name, asked.ns)
      return { elements: found.length > 0 ? found : [new Element(asked.name, asked.ns)] }
    })
    host.handle(wire.set, 'self', async ({ elements }, { account, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      const groups = grouped(elements)
      await store.admit(account, groups)
      for (const group of groups) {
        const { name, ns } = group[0]! // a group has a first element
        store.put(account, { name, ns }, group, turn)
        const kept = group.some(holdsSomething) ? group : []
        await host.tell(privateChanged, { account, turn, name, ns, elements: kept })
      }
    })
    host.on(accountRemoved, 'run', ({ account, turn }) => store.clear(account, turn))
    return store
  },
})

/**
 * Elements by name and namespace, in the order of their first.
 *
 * @throws {StanzaError} `not-acceptable`: none, or one without a namespace of its own (§2.3)
 */
function grouped(elements: readonly Element[]): readonly (readonly Element[])[] {
  if (elements.length === 0) throw new StanzaError('not-acceptable', { text: 'There is nothing to store' })
  const groups = new Map<string, Element[]>()
  for (const element of elements) {
    if (element.ns === '' || element.ns === wire.NS)
      throw new StanzaError('not-acceptable', { text: 'What is stored needs a namespace of its own' })
    const key = keyOf(element.name, element.ns)
    const group = groups.get(key)
    if (group) group.push(element)
    else groups.set(key, [element])
  }
  return [...groups.values()]
}

function holdsSomething({ attrs, children }: Element): boolean {
  return attrs.length > 0 || children.length > 0
}

/** @throws {StanzaError} `not-acceptable`: longer than any name is */
function keyOf(name: string, ns: string): string {
  const key = `{${ns}}${name}`
  if (key.length > 1000) throw new StanzaError('not-acceptable', { text: 'The namespace is too long' })
  return key
}
