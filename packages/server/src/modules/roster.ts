/** Rosters (RFC 6121 §2), with versions (§2.6). Each change goes to disk before anybody hears of it. */

import { BareJid, isFull } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { factsOf, iq, StanzaError, writeStanza, type SubscriptionState } from '@tercet/stanza'
import * as wire from '@tercet/stanza/roster'
import type { Awaitable, Table } from '@tercet/storage'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import { accountRemoved } from '../points.ts'
import { sessionKey } from '../session-key.ts'
import type { Turn } from '../turn.ts'

/** A contact as it is stored. */
export interface Contact {
  readonly name: string | undefined
  readonly groups: readonly string[]
  readonly state: SubscriptionState
  /** A request of the contact will be granted (§3.4). */
  readonly approved: boolean
  /** Wire text of the contact's request that waits for an answer (§3.1.3). */
  readonly request: string | undefined
  /** The user has put it on the roster, or asked for a subscription: it is shown although there is none. */
  readonly listed: boolean
}

/** Nobody has heard of this contact yet. */
export const stranger: Contact = {
  name: undefined,
  groups: [],
  state: 'none',
  approved: false,
  request: undefined,
  listed: false,
}

/** A contact and its address. */
export interface Entry {
  readonly jid: BareJid
  readonly contact: Contact
}

interface ContactRow {
  readonly name?: string
  readonly groups?: readonly string[]
  readonly state: SubscriptionState
  readonly approved?: true
  readonly request?: string
  readonly listed?: true
}

/** The session has asked for the roster: it hears of changes (§2.1.6). */
export const interested = sessionKey<boolean>('interested in the roster')

const MAX_NAME = 1023
const MAX_ITEMS = 5000

/** Rosters of one host. Everything that changes runs in the account's queue. */
export class Rosters {
  readonly #host: Host
  readonly #contacts: Table<ContactRow>
  readonly #versions: Table<string>

  constructor(host: Host) {
    this.#host = host
    this.#contacts = host.table('roster')
    this.#versions = host.table('roster version')
  }

  get(account: Account, contact: BareJid): Awaitable<Contact> {
    const row = this.#contacts.get(this.#host.domain, account.jid.local, contact.text)
    if (row instanceof Promise) return row.then(row => readContact(row?.value))
    return readContact(row?.value)
  }

  async list(account: Account): Promise<Entry[]> {
    const rows = await this.#contacts.list(this.#host.domain, account.jid.local)
    return rows.map(({ key, value }) => ({ jid: BareJid.parse(key), contact: readContact(value) }))
  }

  /** Stores a contact, without a push; for what the roster does not show. */
  store(account: Account, jid: BareJid, contact: Contact, turn: Turn): void {
    const { local } = account.jid
    if (forgettable(contact)) this.#contacts.delete(turn.unit, this.#host.domain, local, jid.text)
    else this.#contacts.put(turn.unit, this.#host.domain, local, jid.text, writeContact(contact))
  }

  /** Stores a contact and pushes it to whoever is interested, once it is on disk (§2.1.6). */
  save(account: Account, jid: BareJid, contact: Contact, turn: Turn): void {
    // Once shown, it stays on the roster until the user removes it.
    this.store(account, jid, visible(contact) ? { ...contact, listed: true } : contact, turn)
    const ver = this.#newVersion(account, turn)
    this.#push(
      account,
      visible(contact) ? itemOf(jid, contact) : { jid, subscription: 'remove', groups: [] },
      ver,
      turn,
    )
  }

  version(account: Account): Awaitable<string> {
    const row = this.#versions.get(this.#host.domain, account.jid.local, 'ver')
    if (row instanceof Promise) return row.then(row => row?.value ?? '0')
    return row?.value ?? '0'
  }

  clear(account: Account, turn: Turn): void {
    this.#contacts.clear(turn.unit, this.#host.domain, account.jid.local)
    this.#versions.clear(turn.unit, this.#host.domain, account.jid.local)
  }

  #newVersion(account: Account, turn: Turn): string {
    const ver = this.#host.server.newId()
    this.#versions.put(turn.unit, this.#host.domain, account.jid.local, 'ver', ver)
    return ver
  }

  #push(account: Account, item: wire.RosterItem, ver: string, turn: Turn): void {
    const payload = wire.query.write({ ver, items: [item] })
    for (const session of account.sessions) {
      if (!session.get(interested)) continue
      session.send(writeStanza(iq({ type: 'set', id: `push-${ver}`, to: session.jid, payload })), undefined, turn)
    }
  }
}

/** The rosters of a host, for modules that look at subscriptions. */
export const rosters = service<Rosters>('rosters')

/** Answers requests for rosters. */
export const roster = defineModule({
  name: 'roster',
  specs: { 'RFC 6121': '2011-03' },
  provides: rosters,
  setup(host) {
    const store = new Rosters(host)
    host.streamFeature("<ver xmlns='urn:xmpp:features:rosterver'/>")
    host.handle(wire.get, 'self', (request, context) => get(store, request, context))
    host.handle(wire.set, 'self', (request, context) => set(host, store, request, context))
    // §2.1.5: nobody reads or changes the roster of somebody else.
    host.handle(wire.get, 'account', () => refuse('forbidden'))
    host.handle(wire.set, 'account', () => refuse('forbidden'))
    host.on(accountRemoved, 'run', ({ account, turn }) => store.clear(account, turn))
    return store
  },
})

async function get(
  store: Rosters,
  request: wire.Roster,
  { account, session }: IqContext,
): Promise<wire.Roster | undefined> {
  if (!account) return refuse('service-unavailable')
  if (request.items.length > 0) throw new StanzaError('bad-request', { text: 'A request for the roster has no items' })
  session?.set(interested, true)
  const ver = await store.version(account)
  // §2.6.3: nothing has changed since; pushes tell the rest.
  if (request.ver !== undefined && request.ver === ver) return undefined
  const entries = await store.list(account)
  const items = entries.filter(({ contact }) => visible(contact)).map(({ jid, contact }) => itemOf(jid, contact))
  return { ...(request.ver === undefined ? {} : { ver }), items }
}

async function set(host: Host, store: Rosters, request: wire.Roster, { account, turn }: IqContext): Promise<void> {
  if (!account) return refuse('service-unavailable')
  const [item, ...more] = request.items
  if (!item || more.length > 0) throw new StanzaError('bad-request', { text: 'A roster set has exactly one item' })
  if (isFull(item.jid)) throw new StanzaError('bad-request', { text: 'A contact has no resource' })
  const contact = await store.get(account, item.jid)
  if (item.subscription === 'remove') {
    remove(host, store, account, item.jid, contact, turn)
    return
  }
  check(item)
  if (!contact.listed && (await store.list(account)).length >= MAX_ITEMS)
    throw new StanzaError('not-acceptable', { text: 'The roster is full' })
  store.save(account, item.jid, { ...contact, name: item.name || undefined, groups: item.groups, listed: true }, turn)
}

/** §2.3.3. */
function check({ name, groups }: wire.RosterItem): void {
  if (new Set(groups).size < groups.length) throw new StanzaError('bad-request', { text: 'A group is named twice' })
  if (groups.some(group => group === '' || group.length > MAX_NAME))
    throw new StanzaError('not-acceptable', { text: 'A group name is empty or too long' })
  if (name !== undefined && name.length > MAX_NAME)
    throw new StanzaError('not-acceptable', { text: 'The name is too long' })
}

/** §2.5: removing a contact ends the subscriptions both ways; the subscription module hears of it by the presences. */
function remove(host: Host, store: Rosters, account: Account, jid: BareJid, contact: Contact, turn: Turn): void {
  if (!visible(contact)) throw new StanzaError('item-not-found', { type: 'modify' })
  const { subscription, pendingOut, pendingIn } = factsOf(contact.state)
  cancellations(
    host,
    account,
    jid,
    {
      to: subscription === 'to' || subscription === 'both' || pendingOut,
      from: subscription === 'from' || subscription === 'both' || pendingIn,
    },
    turn,
  )
  store.save(account, jid, stranger, turn)
}

/** Tells a contact that it is over: what the user gets from it, what it gets from the user (§2.5.2, §3.2.2). */
export function cancellations(
  host: Host,
  account: Account,
  jid: BareJid,
  ends: { to: boolean; from: boolean },
  turn: Turn,
): void {
  if (ends.to) host.sendPresence('unsubscribe', account.jid, jid, turn)
  if (!ends.from) return
  for (const session of account.sessions) if (session.presence) host.sendPresence('unavailable', session.jid, jid, turn)
  host.sendPresence('unsubscribed', account.jid, jid, turn)
}

/** A contact that only waits for an answer is not shown (§A.1, state 3). */
export function visible({ state, listed }: Contact): boolean {
  return listed || (state !== 'none' && state !== 'none+in')
}

/** Whether a roster shows both in the same way; names and groups aside, which only the user changes. */
export function looksLike(a: Contact, b: Contact): boolean {
  const [one, other] = [factsOf(a.state), factsOf(b.state)]
  return one.subscription === other.subscription && one.pendingOut === other.pendingOut && a.approved === b.approved
}

function forgettable({ state, listed, approved }: Contact): boolean {
  return state === 'none' && !listed && !approved
}

function itemOf(jid: BareJid, { name, groups, state, approved }: Contact): wire.RosterItem {
  const { subscription, pendingOut } = factsOf(state)
  return {
    jid,
    subscription,
    groups,
    ...(name === undefined ? {} : { name }),
    ...(pendingOut ? { ask: 'subscribe' } : {}),
    ...(approved ? { approved: true } : {}),
  }
}

function readContact(row: ContactRow | undefined): Contact {
  if (!row) return stranger
  return {
    name: row.name,
    groups: row.groups ?? [],
    state: row.state,
    approved: row.approved ?? false,
    request: row.request,
    listed: row.listed ?? false,
  }
}

function writeContact({ name, groups, state, approved, request, listed }: Contact): ContactRow {
  return {
    state,
    ...(name === undefined ? {} : { name }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(approved ? { approved } : {}),
    ...(request === undefined ? {} : { request }),
    ...(listed ? { listed } : {}),
  }
}

function refuse(condition: 'forbidden' | 'service-unavailable'): never {
  throw new StanzaError(condition)
}
