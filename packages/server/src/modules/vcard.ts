/** Cards of accounts (vcard-temp, XEP-0054 1.3.0): readable by anybody who knows the address, written by their owner. */

import { point, service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/vcard'
import type { Awaitable, Table } from '@tercet/storage'
import { readStanza, write, type Element } from '@tercet/xml'
import { z } from 'zod'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, type AccountEvent } from '../points.ts'
import type { Turn } from '../turn.ts'

/** An account has a new card, or none any more. */
export interface VCardEvent extends AccountEvent {
  readonly vCard: Element | undefined
}

/** A client has stored a card; what handlers write goes to disk with it. Modules that write by {@link VCards} are not told. */
export const vCardChanged = point<VCardEvent>()('vCardChanged', ['run'])

const KEY = 'vcard'

/** Cards of one host. Writing runs in the account's queue. */
export class VCards {
  readonly #host: Host
  readonly #table: Table<string>

  constructor(host: Host) {
    this.#host = host
    this.#table = host.table('vcard')
  }

  get(account: Account): Awaitable<Element | undefined> {
    const row = this.#table.get(this.#host.domain, account.jid.local, KEY)
    return row instanceof Promise ? row.then(row => parsed(row?.value)) : parsed(row?.value)
  }

  /** Replaces the card; undefined: there is none any more. */
  put(account: Account, vCard: Element | undefined, turn: Turn): void {
    const { domain } = this.#host
    if (vCard) this.#table.put(turn.unit, domain, account.jid.local, KEY, write(vCard))
    else this.#table.delete(turn.unit, domain, account.jid.local, KEY)
  }

  clear(account: Account, turn: Turn): void {
    this.#table.clear(turn.unit, this.#host.domain, account.jid.local)
  }
}

/** Cards of a host, for modules that keep the same data in another form. */
export const vCards = service<VCards>('vCards')

/** Stores cards and answers for accounts, whether they are online or not. */
export const vcard = defineModule({
  name: 'vcard',
  specs: { 'XEP-0054': '1.3.0' },
  features: [wire.NS],
  provides: vCards,
  options: z.strictObject({
    max_characters: z.int().positive().default(262_144).describe('Characters of one card, with its photo'),
  }),
  setup(host, { max_characters }) {
    const store = new VCards(host)
    host.feature(wire.NS, 'account')
    host.handle(wire.get, 'self', async (_, { account }) => {
      const found = account && (await store.get(account))
      if (!found) throw new StanzaError('item-not-found', { text: 'You have no vCard' })
      return found
    })
    host.handle(wire.get, 'account', async (_, { account }) => {
      const found = account && (await store.get(account))
      // §3.3: as if there were no such account, so that nobody learns which there are.
      if (!found) throw new StanzaError('service-unavailable')
      return found
    })
    // A card of somebody else is set by nobody: no handler, so that the refusal is that of an account that does not exist.
    host.handle(wire.set, 'self', async (vCard, { account, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      if (write(vCard).length > max_characters)
        throw new StanzaError('not-acceptable', { text: 'The vCard is too big' })
      const kept = vCard.elements().length > 0 ? vCard : undefined
      store.put(account, kept, turn)
      await host.tell(vCardChanged, { account, turn, vCard: kept })
    })
    host.on(accountRemoved, 'run', ({ account, turn }) => store.clear(account, turn))
    return store
  },
})

function parsed(text: string | undefined): Element | undefined {
  return text === undefined ? undefined : readStanza(`<iq>${text}</iq>`).content.elementAt(0)
}
