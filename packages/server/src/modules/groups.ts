/** Groups that an operator makes: their members have each other on the roster, whatever they do (shared rosters). */

import { BareJid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import type { Awaitable, Table } from '@tercet/storage'
import { z } from 'zod'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { accountRemoved } from '../points.ts'
import type { Turn } from '../turn.ts'
import { rosters, type SharedContact, type SharedContacts } from './roster.ts'

const member = z.string().transform((text, context) => {
  try {
    return BareJid.parse(text)
  } catch {
    context.issues.push({ code: 'custom', message: 'an address such as "romeo@example.org", or a host', input: text })
    return z.NEVER
  }
})

type Configured = Readonly<Record<string, readonly BareJid[]>>

interface MemberRow {
  /** Milliseconds since 1970. */
  readonly since: number
}

/** The groups of one host: members that are written in the configuration, and accounts that were put in later. */
export class Groups implements SharedContacts {
  readonly #host: Host
  readonly #configured: Configured
  readonly #table: Table<MemberRow>
  /** Accounts of hosts that are members as a whole, and what made them so. */
  readonly #accounts = new Map<string, { generation: number; jids: readonly BareJid[] }>()

  constructor(host: Host, configured: Configured) {
    this.#host = host
    this.#configured = configured
    this.#table = host.table('group members')
  }

  get names(): readonly string[] {
    return Object.keys(this.#configured)
  }

  /**
   * Puts an account of this host into a group.
   *
   * @throws {StanzaError} `item-not-found`: there is no such group
   */
  add(group: string, local: string, turn: Pick<Turn, 'unit'>): void {
    if (!Object.hasOwn(this.#configured, group))
      throw new StanzaError('item-not-found', { text: 'There is no such group' })
    this.#table.put(turn.unit, this.#host.domain, group, local, { since: Date.now() })
  }

  /** Takes an account out of all groups that it was put into. */
  forget(local: string, turn: Turn): void {
    for (const group of this.names) this.#table.delete(turn.unit, this.#host.domain, group, local)
  }

  async groupsOf(account: BareJid, contact: BareJid): Promise<readonly string[]> {
    const found: string[] = []
    if (account.text === contact.text) return found
    for (const [group, members] of Object.entries(this.#configured))
      if ((await this.#holds(group, members, account)) && (await this.#holds(group, members, contact)))
        found.push(group)
    return found
  }

  async list(account: BareJid): Promise<readonly SharedContact[]> {
    const groups = new Map<string, string[]>()
    for (const [group, members] of Object.entries(this.#configured)) {
      if (!(await this.#holds(group, members, account))) continue
      for (const jid of await this.#members(group, members)) {
        if (jid === account.text) continue
        const names = groups.get(jid)
        if (names) names.push(group)
        else groups.set(jid, [group])
      }
    }
    return [...groups].map(([jid, names]) => ({ jid: BareJid.parse(jid), groups: names }))
  }

  #holds(group: string, members: readonly BareJid[], jid: BareJid): Awaitable<boolean> {
    for (const member of members)
      if (member.text === jid.text || (member.text === jid.domain && !this.#isGuest(jid))) return true
    if (jid.domain !== this.#host.domain) return false
    const row = this.#table.get(this.#host.domain, group, jid.local)
    return row instanceof Promise ? row.then(row => row !== undefined) : row !== undefined
  }

  /** Whoever is here for an hour belongs to nobody's circle. */
  #isGuest({ domain, local }: BareJid): boolean {
    return this.#host.server.hosts.get(domain)?.accounts.guests.has(local) ?? false
  }

  /** As text, each once. */
  async #members(group: string, members: readonly BareJid[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for (const member of members) {
      if (member.local !== '') found.add(member.text)
      else for (const jid of await this.#accountsOf(member.domain)) found.add(jid.text)
    }
    for (const { key } of await this.#table.list(this.#host.domain, group))
      found.add(BareJid.of(key, this.#host.domain).text)
    return found
  }

  async #accountsOf(domain: string): Promise<readonly BareJid[]> {
    const accounts = this.#host.server.hosts.get(domain)?.accounts
    if (!accounts) return []
    const known = this.#accounts.get(domain)
    const { generation } = accounts
    if (known?.generation === generation) return known.jids
    const jids: BareJid[] = []
    for await (const local of accounts.list()) if (local !== '') jids.push(BareJid.of(local, domain))
    this.#accounts.set(domain, { generation, jids })
    return jids
  }
}

/** The groups of a host. */
export const groups = service<Groups>('groups')

/** Gives the members of each group to each other as contacts. */
export const sharedGroups = defineModule({
  name: 'groups',
  needs: [rosters],
  provides: groups,
  options: z.record(z.string().min(1).max(1023), z.array(member)).default({}),
  setup(host, store, configured) {
    const shared = new Groups(host, configured)
    if (shared.names.length > 0) store.share(shared)
    host.on(accountRemoved, 'run', ({ account, turn }) => shared.forget(account.jid.local, turn))
    return shared
  },
})
