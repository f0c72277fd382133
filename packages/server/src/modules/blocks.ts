/** Who blocks whom: the lists of one host (XEP-0191 1.3 §5), for everything that would reach an account by another way than its stanzas. */

import type { Jid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import type { Awaitable, Table } from '@tercet/storage'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import type { Turn } from '../turn.ts'

interface BlockedRow {
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Stands for a list that is not in memory. */
const UNREAD: ReadonlySet<string> = new Set()

/** Lists of blocked addresses, in memory for accounts that have both a list and a session. Changes run in the account's queue. */
export class Blocks {
  readonly #host: Host
  readonly #table: Table<BlockedRow>
  /** By localpart. */
  readonly #lists = new Map<string, ReadonlySet<string>>()

  constructor(host: Host) {
    this.#host = host
    this.#table = host.table('blocking')
  }

  /** Whether `account` has blocked `jid`; never its own resources, nor its server (§4). */
  refuses(account: Account, jid: Jid): Awaitable<boolean> {
    const list = account.sessions.length === 0 ? UNREAD : this.#lists.get(account.jid.local)
    if (list === undefined || exempt(account, jid)) return false
    if (list !== UNREAD) return covers(list, jid)
    const rows = this.#table.list(this.#host.domain, account.jid.local)
    if (rows instanceof Promise) return rows.then(rows => covers(new Set(rows.map(({ key }) => key)), jid))
    return rows.length > 0 && covers(new Set(rows.map(({ key }) => key)), jid)
  }

  /** Blocked addresses, as text, in order. */
  async list(account: Account): Promise<string[]> {
    return (await this.#table.list(this.#host.domain, account.jid.local)).map(({ key }) => key)
  }

  /** The first session is there: from now on the list is in memory. */
  async load(account: Account): Promise<void> {
    const { local } = account.jid
    // As long as it could not be read, it is looked up each time.
    this.#lists.set(local, UNREAD)
    this.#keep(account, await this.list(account))
  }

  unload(account: Account): void {
    this.#lists.delete(account.jid.local)
  }

  add(account: Account, jids: readonly string[], turn: Turn): void {
    const row = { at: Date.now() }
    for (const jid of jids) this.#table.put(turn.unit, this.#host.domain, account.jid.local, jid, row)
    this.#change(account, list => [...list, ...jids], turn)
  }

  remove(account: Account, jids: readonly string[], turn: Turn): void {
    for (const jid of jids) this.#table.delete(turn.unit, this.#host.domain, account.jid.local, jid)
    const gone = new Set(jids)
    this.#change(account, list => list.filter(jid => !gone.has(jid)), turn)
  }

  clear(account: Account, turn: Turn): void {
    this.#table.clear(turn.unit, this.#host.domain, account.jid.local)
    this.#change(account, () => [], turn)
  }

  /** Holds from now on; if it cannot be stored, what is on disk holds again. */
  #change(account: Account, change: (list: readonly string[]) => readonly string[], turn: Turn): void {
    const before = this.#lists.get(account.jid.local)
    if (account.sessions.length > 0 && before !== UNREAD) this.#keep(account, change([...(before ?? [])]))
    turn.whenDecided(() => {
      if (turn.state === 'failed' && account.sessions.length > 0) this.load(account).catch(this.#host.bug)
    })
  }

  #keep(account: Account, list: readonly string[]): void {
    if (list.length > 0) this.#lists.set(account.jid.local, new Set(list))
    else this.#lists.delete(account.jid.local)
  }
}

/** Whether a list has `jid`: the resource, all of the account, or its domain (§5). */
export function covers(list: ReadonlySet<string>, jid: Jid): boolean {
  return list.has(jid.text) || (jid.local !== '' && list.has(jid.bare.text)) || list.has(jid.domain)
}

function exempt(account: Account, jid: Jid): boolean {
  if (jid.domain !== account.jid.domain) return false
  return jid.local === '' ? jid.resource === '' : jid.local === account.jid.local
}

/** Who blocks whom on a host, for modules that send something to accounts themselves. */
export const blocks = service<Blocks>('blocks')
