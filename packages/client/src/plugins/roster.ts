/** The contact list (RFC 6121 §2), with versions where the server has them (§2.6). */

import { Jid } from '@tercet/jid'
import { point } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/roster'
import type { RosterItem } from '@tercet/stanza/roster'
import type { Abortable, Client } from '../client.ts'
import { definePlugin } from '../plugin.ts'
import { stateChanged } from '../points.ts'

/** A contact was added, changed or removed: its `subscription` is then `remove`. */
export interface RosterEvent {
  readonly item: RosterItem
}

/** The contact list has changed. */
export const rosterChanged = point<RosterEvent>()('rosterChanged', ['run'])

/** What may be said about a contact. */
export interface ContactOptions extends Abortable {
  readonly name?: string
  readonly groups?: readonly string[]
}

/** What the roster plugin offers. */
export interface Roster {
  /** Contacts by their address, as far as they are known. */
  readonly items: ReadonlyMap<string, RosterItem>
  /** Asks for the contact list; from then on it is kept up to date, over new sessions too. */
  load(options?: Abortable): Promise<ReadonlyMap<string, RosterItem>>
  /** Adds a contact, or replaces its name and groups (RFC 6121 §2.3, §2.4). */
  set(jid: Jid | string, options?: ContactOptions): Promise<void>
  /** Removes a contact and both subscriptions (RFC 6121 §2.5). */
  remove(jid: Jid | string, options?: Abortable): Promise<void>
}

/** Keeps the contact list. Pushes are taken from our own account only: the guard has dropped the others. */
export const roster = definePlugin({
  name: 'roster',
  specs: { 'RFC 6121': '2011' },
  setup(client): Roster {
    const list = new List(client)
    client.handle(wire.set, ({ ver, items }) => list.push(ver, items), { feature: false })
    client.on(stateChanged, 'run', ({ state }) => {
      if (state.kind === 'online' && !state.resumed) list.again()
    })
    const change = (jid: Jid | string, item: Omit<RosterItem, 'jid'>, options: Abortable): Promise<void> => {
      const address = typeof jid === 'string' ? Jid.parse(jid) : jid
      return client.request(wire.set, { items: [{ ...item, jid: address }] }, { signal: options.signal })
    }
    return {
      items: list.items,
      load: options => list.load(options),
      set: (jid, { name, groups = [], signal } = {}) => change(jid, { name, groups }, { signal }),
      remove: (jid, options = {}) => change(jid, { subscription: 'remove', groups: [] }, options),
    }
  },
})

class List {
  readonly items = new Map<string, RosterItem>()
  readonly #client: Client
  #version: string | undefined
  #loaded = false

  constructor(client: Client) {
    this.#client = client
  }

  async load({ signal }: Abortable = {}): Promise<ReadonlyMap<string, RosterItem>> {
    const versions = this.#client.streamFeature(wire.versioning) !== undefined
    const ver = versions ? (this.#version ?? '') : undefined
    const found = await this.#client.request(wire.get, { ver, items: [] }, { signal })
    this.#loaded = true
    // Nothing at all: what we have is current but for pushes (RFC 6121 §2.6.3).
    if (found) this.#replace(found)
    return this.items
  }

  /** A new session gets no pushes before it asks (RFC 6121 §2.2). Handlers that follow do not wait for the answer. */
  again(): void {
    if (!this.#loaded) return
    this.load().catch((error: unknown) => this.#client.logger.warn({ err: error }, 'The contact list was not loaded'))
  }

  /** @throws {StanzaError} `bad-request`: a push has one item */
  push(ver: string | undefined, items: readonly RosterItem[]): void {
    const [item] = items
    if (!item || items.length > 1) throw new StanzaError('bad-request', { text: 'A push has one item' })
    if (ver !== undefined) this.#version = ver
    if (item.subscription === 'remove') this.items.delete(item.jid.text)
    else this.items.set(item.jid.text, item)
    this.#client.tell(rosterChanged, { item })
  }

  #replace({ ver, items }: wire.Roster): void {
    this.#version = ver
    const before = new Map(this.items)
    this.items.clear()
    for (const item of items) {
      this.items.set(item.jid.text, item)
      before.delete(item.jid.text)
      this.#client.tell(rosterChanged, { item })
    }
    for (const gone of before.values()) this.#client.tell(rosterChanged, { item: { ...gone, subscription: 'remove' } })
  }
}
