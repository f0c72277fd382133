/** Whose messages an account keeps (XEP-0441 0.2.0). */

import { Jid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { ArchivePreferences } from '@tercet/stanza/mam'
import type { Awaitable, Table } from '@tercet/storage'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import type { Turn } from '../../turn.ts'
import type { Rosters } from '../roster.ts'

/** What holds for whoever is on neither list. */
export type Policy = ArchivePreferences['default']

/** As it is stored. */
interface Row {
  readonly default: Policy
  readonly always: readonly string[]
  readonly never: readonly string[]
}

const TABLE = 'archive preferences'
const KEY = 'prefs'
/** Accounts whose preferences are known without a look at the disk. */
const MAX_KNOWN = 20_000
const MAX_LISTED = 1000

/** The preferences of the accounts of one host. */
export class Preferences {
  readonly #host: Host
  readonly #rosters: Rosters
  readonly #table: Table<Row>
  readonly #fallback: Row
  readonly #known = new Map<string, Row>()

  constructor(host: Host, rosters: Rosters, policy: Policy) {
    this.#host = host
    this.#rosters = rosters
    this.#table = host.table(TABLE)
    this.#fallback = { default: policy, always: [], never: [] }
  }

  /** Whether an account keeps what it exchanges with `peer`; at once unless something has to be read. */
  keeps(account: Account, peer: Jid): boolean | Promise<boolean> {
    const { local } = account.jid
    const row = this.#read(local)
    return row instanceof Promise ? row.then(row => this.#judge(account, row, peer)) : this.#judge(account, row, peer)
  }

  async get(local: string): Promise<ArchivePreferences> {
    return shown(await this.#read(local))
  }

  /** @throws {StanzaError} `resource-constraint`: too many addresses */
  set(local: string, wanted: ArchivePreferences, turn: Turn): ArchivePreferences {
    const always = wanted.always?.jids ?? []
    const never = wanted.never?.jids ?? []
    if (always.length + never.length > MAX_LISTED)
      throw new StanzaError('resource-constraint', { text: `There may be ${MAX_LISTED} addresses, at most` })
    const row: Row = { default: wanted.default, always: always.map(textOf), never: never.map(textOf) }
    this.#table.put(turn.unit, this.#host.domain, local, KEY, row)
    this.#remember(local, row)
    turn.whenDecided(() => {
      if (turn.state === 'failed') this.#known.delete(local)
    })
    return shown(row)
  }

  clear(local: string, turn: Turn): void {
    this.#table.clear(turn.unit, this.#host.domain, local)
    this.#known.delete(local)
  }

  #read(local: string): Awaitable<Row> {
    const known = this.#known.get(local)
    if (known) return known
    const found = this.#table.get(this.#host.domain, local, KEY)
    // Somebody may have set them meanwhile.
    if (found instanceof Promise)
      return found.then(found => this.#known.get(local) ?? this.#remember(local, found?.value ?? this.#fallback))
    return this.#remember(local, found?.value ?? this.#fallback)
  }

  #remember(local: string, row: Row): Row {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(local, row)
    return row
  }

  /** §4.2: an exact address first, then its bare one; who is on both lists is not archived. */
  #judge(account: Account, row: Row, peer: Jid): boolean | Promise<boolean> {
    if (row.never.length > 0 || row.always.length > 0) {
      for (const text of peer.resource === '' ? [peer.text] : [peer.text, peer.bare.text]) {
        if (row.never.includes(text)) return false
        if (row.always.includes(text)) return true
      }
    }
    if (row.default !== 'roster') return row.default === 'always'
    const contact = this.#rosters.get(account, peer.bare)
    return contact instanceof Promise ? contact.then(known) : known(contact)
  }
}

function known(contact: { readonly state: string } | undefined): boolean {
  return contact !== undefined && contact.state !== 'none'
}

function textOf(jid: Jid): string {
  return jid.text
}

function shown({ default: policy, always, never }: Row): ArchivePreferences {
  return {
    default: policy,
    always: { jids: always.map(text => Jid.parse(text)) },
    never: { jids: never.map(text => Jid.parse(text)) },
  }
}
