/** A bound on what strangers of other domains send: messages and requests of those whom an account neither knows nor has spoken to. */

import { StanzaError, type Stanza } from '@tercet/stanza'
import { z } from 'zod'
import type { Account } from '../account.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, inbound, rosterChanged, type InboundEvent } from '../points.ts'
import { hasTold } from './presence.ts'
import { rosters, visible, type Contact, type Rosters } from './roster.ts'

const HOUR_MS = 3_600_000
/** Accounts that are counted at a time; beyond that the oldest count is forgotten. */
const MAX_ACCOUNTS = 10_000
/** Contacts that are known not to be strangers, over all accounts; beyond that all are looked up anew. */
const MAX_ACQUAINTANCES = 50_000

interface Count {
  stanzas: number
  readonly sinceMs: number
}

/** Takes so much from strangers in an hour, and refuses the rest. */
export const strangers = defineModule({
  name: 'strangers',
  needs: [rosters],
  options: z.strictObject({
    per_hour: z
      .int()
      .min(0)
      .default(1000)
      .describe('Messages and subscription requests that an account takes in one hour from strangers of other domains'),
  }),
  setup(host, store, options) {
    const counts = new Map<string, Count>()
    const known = new Acquaintances()
    host.on(accountRemoved, 'run', ({ account }) => {
      counts.delete(account.jid.local)
      known.clear()
    })
    host.on(rosterChanged, 'run', ({ account, contact }) => known.forget(account.jid.local, contact.text))
    host.on(inbound, 'guard', event => {
      const { origin } = event.turn
      // What sessions here send, and what the server itself says, is told by its origin.
      if (!origin || origin.session || !isUnasked(event.stanza)) return
      return guard(store, known, event, account => take(counts, account, options.per_hour, host.server.wheel.now))
    })
  },
})

function isUnasked({ kind, type }: Stanza): boolean {
  return kind === 'message' ? type !== 'error' : kind === 'presence' && type === 'subscribe'
}

function guard(
  store: Rosters,
  known: Acquaintances,
  { account, stanza }: InboundEvent,
  admit: (account: Account) => boolean,
): void | Promise<void> {
  const { from } = stanza
  // A room that was joined is no stranger (XEP-0045 §7.2), nor is anybody in it.
  if (!from || hasTold(account, from)) return
  const { bare } = from
  if (known.has(account.jid.local, bare.text)) return
  const contact = store.get(account, bare)
  const judge = (contact: Contact): boolean => {
    if (visible(contact) || contact.state !== 'none') return true
    if (admit(account)) return false
    throw new StanzaError('policy-violation', {
      type: 'wait',
      text: 'Too many strangers have written to this account; try again later',
    })
  }
  // What groups give comes and goes without a change of the roster, and is told later.
  if (contact instanceof Promise) return contact.then(contact => void judge(contact))
  if (judge(contact)) known.add(account.jid.local, bare.text)
}

/** Whom accounts have on their rosters, as far as it was looked up: one that writes much is not looked up each time. */
class Acquaintances {
  readonly #contacts = new Map<string, Set<string>>()
  #size = 0

  has(local: string, contact: string): boolean {
    return this.#contacts.get(local)?.has(contact) ?? false
  }

  add(local: string, contact: string): void {
    if (this.#size >= MAX_ACQUAINTANCES) this.clear()
    const contacts = this.#contacts.get(local)
    if (contacts) contacts.add(contact)
    else this.#contacts.set(local, new Set([contact]))
    this.#size++
  }

  forget(local: string, contact: string): void {
    const contacts = this.#contacts.get(local)
    if (!contacts?.delete(contact)) return
    this.#size--
    if (contacts.size === 0) this.#contacts.delete(local)
  }

  clear(): void {
    this.#contacts.clear()
    this.#size = 0
  }
}

function take(counts: Map<string, Count>, { jid }: Account, perHour: number, nowMs: number): boolean {
  let count = counts.get(jid.local)
  if (!count || nowMs - count.sinceMs >= HOUR_MS) {
    counts.delete(jid.local)
    counts.set(jid.local, (count = { stanzas: 0, sinceMs: nowMs }))
    const oldest = counts.keys().next().value
    if (oldest !== undefined && counts.size > MAX_ACCOUNTS) counts.delete(oldest)
  }
  if (count.stanzas >= perHour) return false
  count.stanzas++
  return true
}
