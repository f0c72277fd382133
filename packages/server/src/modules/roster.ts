/** Rosters (RFC 6121 §2), with versions (§2.6). Each change goes to disk before anybody hears of it. */

import { createHash } from 'node:crypto'
import { BareJid, isFull } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { factsOf, iq, StanzaError, writeStanza } from '@tercet/stanza'
import * as wire from '@tercet/stanza/roster'
import type { Awaitable, Table } from '@tercet/storage'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, rosterChanged } from '../points.ts'
import { sessionKey } from '../session-key.ts'
import type { Turn } from '../turn.ts'
import {
  forgettable,
  given,
  itemOf,
  own,
  readContact,
  stranger,
  visible,
  writeContact,
  type Contact,
  type ContactRow,
} from './contact.ts'
import { RecentRosters } from './recent-rosters.ts'

export { looksLike, stranger, visible, type Contact } from './contact.ts'

/** A contact and its address. */
export interface Entry {
  readonly jid: BareJid
  readonly contact: Contact
}

/** A contact that an operator gives to an account. */
export interface SharedContact {
  readonly jid: BareJid
  readonly groups: readonly string[]
}

/** Who gives contacts to accounts; both sides have each other. */
export interface SharedContacts {
  /** The groups in which `account` has `contact`; none: it is not given. */
  groupsOf(account: BareJid, contact: BareJid): Promise<readonly string[]>
  list(account: BareJid): Promise<readonly SharedContact[]>
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
  readonly #recent = new RecentRosters()
  #shared: SharedContacts | undefined

  constructor(host: Host) {
    this.#host = host
    this.#contacts = host.table('roster')
    this.#versions = host.table('roster version')
  }

  /** Adds the contacts of `shared` to what users have made themselves; the subscription to them is `both`, and stays. */
  share(shared: SharedContacts): void {
    this.#shared = shared
  }

  get(account: Account, contact: BareJid): Awaitable<Contact> {
    const row = this.#contacts.get(this.#host.domain, account.jid.local, contact.text)
    const shared = this.#shared
    if (shared)
      return shared.groupsOf(account.jid, contact).then(async groups => given(readContact((await row)?.value), groups))
    if (row instanceof Promise) return row.then(row => readContact(row?.value))
    return readContact(row?.value)
  }

  async list(account: Account): Promise<readonly Entry[]> {
    const own = this.#recent.get(account.jid.local) ?? (await this.#read(account.jid.local))
    if (!this.#shared) return own
    const entries = [...own]
    const groups = new Map<string, SharedContact>()
    for (const contact of await this.#shared.list(account.jid)) groups.set(contact.jid.text, contact)
    for (const [index, { jid, contact }] of entries.entries()) {
      entries[index] = { jid, contact: given(contact, groups.get(jid.text)?.groups ?? []) }
      groups.delete(jid.text)
    }
    for (const { jid, groups: names } of groups.values()) entries.push({ jid, contact: given(stranger, names) })
    return entries
  }

  async #read(local: string): Promise<readonly Entry[]> {
    const { changed } = this.#recent
    const rows = await this.#contacts.list(this.#host.domain, local)
    const entries = rows.map(({ key, value }) => ({ jid: BareJid.parse(key), contact: readContact(value) }))
    if (this.#recent.changed === changed) this.#recent.set(local, entries)
    return entries
  }

  /** Stores a contact, without a push; for what the roster does not show. */
  store(account: Account, jid: BareJid, contact: Contact, turn: Turn): void {
    const { local } = account.jid
    const kept = own(contact)
    this.#recent.changes(local, turn)
    if (forgettable(kept)) this.#contacts.delete(turn.unit, this.#host.domain, local, jid.text)
    else this.#contacts.put(turn.unit, this.#host.domain, local, jid.text, writeContact(kept))
    void this.#host.tell(rosterChanged, { account, contact: jid, turn })
  }

  /** Stores a contact and pushes it to whoever is interested, once it is on disk (§2.1.6). */
  save(account: Account, jid: BareJid, contact: Contact, turn: Turn): void {
    // Once shown, it stays on the roster until the user removes it.
    this.store(account, jid, visible(contact) ? { ...contact, listed: true } : contact, turn)
    this.push(account, jid, contact, turn, this.#newVersion(account, turn))
  }

  /** What a roster is known by: with what the operator adds to it, if anything. */
  async version(account: Account): Promise<string> {
    const row = await this.#versions.get(this.#host.domain, account.jid.local, 'ver')
    const ver = row?.value ?? '0'
    const shared = this.#shared ? await this.#shared.list(account.jid) : []
    if (shared.length === 0) return ver
    const text = shared.map(({ jid, groups }) => `${jid.text}\n${groups.join('\n')}\n\n`).sort()
    return `${ver}/${createHash('sha256').update(text.join('')).digest('base64url').slice(0, 22)}`
  }

  clear(account: Account, turn: Turn): void {
    this.#recent.changes(account.jid.local, turn)
    this.#contacts.clear(turn.unit, this.#host.domain, account.jid.local)
    this.#versions.clear(turn.unit, this.#host.domain, account.jid.local)
  }

  #newVersion(account: Account, turn: Turn): string {
    const ver = this.#host.server.newId()
    this.#versions.put(turn.unit, this.#host.domain, account.jid.local, 'ver', ver)
    return ver
  }

  /** Shows a contact as it is to whoever is interested; `ver` undefined: nothing has changed. */
  push(account: Account, jid: BareJid, contact: Contact, turn: Turn, ver?: string): void {
    const item = visible(contact) ? itemOf(jid, contact) : { jid, subscription: 'remove' as const, groups: [] }
    const payload = wire.query.write({ ...(ver === undefined ? {} : { ver }), items: [item] })
    for (const session of account.sessions) {
      if (!session.get(interested)) continue
      session.send(
        writeStanza(iq({ type: 'set', id: `push-${ver ?? this.#host.server.newId()}`, to: session.jid, payload })),
        undefined,
        turn,
      )
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
    host.forbid(wire.get)
    host.forbid(wire.set)
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
    if (contact.shared) throw new StanzaError('not-allowed', { text: 'This contact belongs to a group of your server' })
    remove(host, store, account, item.jid, contact, turn)
    return
  }
  check(item)
  if (!contact.listed && (await store.list(account)).length >= MAX_ITEMS)
    throw new StanzaError('not-acceptable', { text: 'The roster is full' })
  const groups = contact.shared ? [...new Set([...contact.shared.groups, ...item.groups])] : item.groups
  store.save(account, item.jid, { ...contact, name: item.name || undefined, groups, listed: true }, turn)
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

function refuse(condition: 'forbidden' | 'service-unavailable'): never {
  throw new StanzaError(condition)
}
