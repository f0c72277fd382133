/**
 * Bookmarks in all their forms, kept in step: items of a node (XEP-0402 1.2.0), one element in private storage, and the same element in a
 * node (XEP-0048 1.2).
 */

import { Jid } from '@tercet/jid'
import { DecodeError, StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/bookmarks'
import type { Bookmark, StoredBookmark } from '@tercet/stanza/bookmarks'
import { Element, readStanza, write, type Child } from '@tercet/xml'
import type { Account } from '../account.ts'
import { defineModule } from '../module.ts'
import type { Turn } from '../turn.ts'
import { nodeChanged, pep, type AccountService, type Pep } from './pep/index.ts'
import { privateChanged, privateData, type PrivateStore } from './private.ts'
import { publish, retract } from './pubsub/index.ts'

const STORAGE = { name: 'storage', ns: wire.NS_STORAGE }

/** Rewrites the other forms when a client has changed one. */
export const bookmarks = defineModule({
  name: 'bookmarks',
  specs: { 'XEP-0048': '1.2', 'XEP-0402': '1.2.0' },
  needs: [pep, privateData],
  setup(host, pep, store) {
    for (const feature of ['compat', 'compat-pep']) host.feature(`${wire.NS}#${feature}`, 'account')
    // XEP-0411: private storage and the node of the older form are the same.
    host.feature('urn:xmpp:bookmarks-conversion:0', 'account')
    host.on(nodeChanged, 'run', async ({ account, node, change, turn }) => {
      if (node.name === wire.NS) return fromItems(pep, store, account, turn)
      if (node.name !== wire.NS_STORAGE) return
      const [storage] = change.kind === 'published' ? readAll(change.item.payload) : []
      const kept = storage ?? new Element(STORAGE.name, STORAGE.ns)
      store.put(account, STORAGE, [kept], turn)
      await toItems(pep, account, kept, turn)
    })
    host.on(privateChanged, 'run', async ({ account, name, ns, elements, turn }) => {
      if (name !== STORAGE.name || ns !== STORAGE.ns) return
      const kept = elements[0] ?? new Element(STORAGE.name, STORAGE.ns)
      await publishStorage(quietly(pep, account), account, kept, turn)
      await toItems(pep, account, kept, turn)
    })
  },
})

/** Quietly: this module need not hear of what it does itself. */
function quietly(pep: Pep, account: Account): AccountService {
  return pep.of(account, { quiet: true })
}

/** XEP-0402 §5.3.1: all items, each with its address in it. What the older form has beside rooms stays. */
async function fromItems(pep: Pep, store: PrivateStore, account: Account, turn: Turn): Promise<void> {
  const service = quietly(pep, account)
  const [before] = await store.get(account, STORAGE.name, STORAGE.ns)
  const children: Child[] = (before?.children ?? []).filter(child => typeof child !== 'string' && !isRoom(child))
  for (const { id, payload } of await service.store.items(service.owner, wire.NS)) {
    const bookmark = readItem(payload)
    if (bookmark) children.push(wire.storedConference.write({ ...bookmark, jid: id }))
  }
  const storage = new Element(STORAGE.name, STORAGE.ns, before?.attrs, children)
  store.put(account, STORAGE, [storage], turn)
  await publishStorage(service, account, storage, turn)
}

async function publishStorage(service: AccountService, account: Account, storage: Element, turn: Turn): Promise<void> {
  const items = [{ id: 'current', payloads: [storage] }]
  await attempt(account, () => publish(service, { node: wire.NS_STORAGE, items, options: {} }, account.jid, turn))
}

/** XEP-0402 §5.3.2: what is new or different is published, what is missing retracted; the rest is not touched. */
async function toItems(pep: Pep, account: Account, storage: Element, turn: Turn): Promise<void> {
  const service = quietly(pep, account)
  const left = new Map<string, { id: string; bookmark: Bookmark | undefined }>()
  for (const { id, payload } of await service.store.items(service.owner, wire.NS))
    left.set(addressOf(id) ?? id, { id, bookmark: readItem(payload) })
  for (const { jid, ...stored } of roomsOf(storage)) {
    const known = left.get(jid)
    left.delete(jid)
    // §3.4: what the older form cannot hold is not lost by it.
    const bookmark: Bookmark = { ...stored, extensions: stored.extensions ?? known?.bookmark?.extensions }
    const payload = wire.conference.write(bookmark)
    if (known?.bookmark && write(wire.conference.write(known.bookmark)) === write(payload)) continue
    const items = [{ id: known?.id ?? jid, payloads: [payload] }]
    await attempt(account, () => publish(service, { node: wire.NS, items, options: {} }, account.jid, turn))
  }
  const ids = [...left.values()].map(({ id }) => id)
  if (ids.length > 0)
    await attempt(account, () => retract(service, { node: wire.NS, ids, notify: true }, account.jid, turn))
}

/** Rooms of the older form by their prepared address; of two with the same the last one counts. */
function roomsOf(storage: Element): Iterable<StoredBookmark> {
  const rooms = new Map<string, StoredBookmark>()
  for (const element of storage.elements()) {
    if (!isRoom(element)) continue
    const jid = addressOf(element.attr('jid') ?? '')
    const bookmark = read(() => wire.storedConference.read(element))
    if (jid !== undefined && bookmark) rooms.set(jid, { ...bookmark, jid })
  }
  return rooms.values()
}

function isRoom({ name, ns }: Element): boolean {
  return name === 'conference' && ns === wire.NS_STORAGE
}

function addressOf(text: string): string | undefined {
  try {
    return Jid.parse(text).bare.text
  } catch {
    return undefined
  }
}

function readItem(payload: string): Bookmark | undefined {
  const [element] = readAll(payload)
  return element && read(() => wire.conference.read(element))
}

function readAll(payload: string): readonly Element[] {
  return payload === '' ? [] : readStanza(`<iq>${payload}</iq>`).content.elements()
}

function read<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** What does not fit into the other form, for its bounds, stays out of it. */
async function attempt(account: Account, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error
    account.host.logger.debug({ jid: account.jid.text, reason: error.message }, 'A bookmark was not converted')
  }
}
