/**
 * The conversations of accounts. Nothing is done for a message when it comes: who asks for the inbox pays for what the archive has got since
 * the last time, and what was made of it is kept.
 */

import type { BareJid } from '@tercet/jid'
import { StorageError, type Log, type LogEntry, type Table } from '@tercet/storage'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import type { Turn } from '../../turn.ts'
import { after, type Conversation } from './conversation.ts'

/** Entries that are read at a time, and how many of an archive that nobody has asked for before. */
const PAGE = 250
const MAX_FIRST = 5000

/** Conversations by bare address. */
export type Conversations = ReadonlyMap<string, Conversation>

/** The inboxes of one host. */
export class Inbox {
  readonly #host: Host
  readonly #log: Log
  readonly #most: number
  readonly #conversations: Table<Conversation>
  /** The last entry of the archive that was counted. */
  readonly #counted: Table<string>
  /** One reader of an account at a time: two would count the same. */
  readonly #reading = new Map<string, Promise<Conversations>>()

  /** @param most conversations of an account; those without a word for longest go first */
  constructor(host: Host, log: Log, most: number) {
    this.#host = host
    this.#log = log
    this.#most = most
    this.#conversations = host.table('inbox')
    this.#counted = host.table('inbox counted')
  }

  /** All conversations of an account as its archive is now. Never call it from inside its queue. */
  read(account: Account): Promise<Conversations> {
    const { local } = account.jid
    const before = this.#reading.get(local) ?? Promise.resolve()
    const reading = before.then(
      () => this.#catchUp(account),
      () => this.#catchUp(account),
    )
    this.#reading.set(local, reading)
    const done = (): void => {
      if (this.#reading.get(local) === reading) this.#reading.delete(local)
    }
    reading.then(done, done)
    return reading
  }

  clear(local: string, turn: Turn): void {
    this.#conversations.clear(turn.unit, this.#host.domain, local)
    this.#counted.clear(turn.unit, this.#host.domain, local)
  }

  async #catchUp(account: Account): Promise<Conversations> {
    const { domain } = this.#host
    const { jid } = account
    const all = new Map<string, Conversation>()
    for (const { key, value } of await this.#conversations.list(domain, jid.local)) all.set(key, value)
    const stored = [...all.keys()]
    const counted = (await this.#counted.get(domain, jid.local, ''))?.value
    const changed = new Set<string>()
    let last = counted
    const count = (entries: readonly LogEntry[]): void => {
      for (const entry of entries) {
        all.set(entry.peer, after(all.get(entry.peer), entry, jid))
        changed.add(entry.peer)
        last = entry.id
      }
    }
    if (counted === undefined || !(await this.#countFrom(jid, counted, count))) {
      // Never asked for, or so long ago that the archive does not go back to it: what was known is about messages that are gone.
      all.clear()
      last = undefined
      count(await this.#newest(jid))
    }
    this.#bound(all)
    if (last !== counted) await this.#keep(account, all, { stored, changed, last })
    return all
  }

  /** Counts what came after an entry; false: the archive has none of this id any more. */
  async #countFrom(jid: BareJid, id: string, count: (entries: readonly LogEntry[]) => void): Promise<boolean> {
    for (let from = id; ;) {
      try {
        const { entries, complete } = await this.#log.page(jid.domain, jid.local, { after: from, max: PAGE })
        count(entries)
        from = entries.at(-1)?.id ?? from
        if (complete) return true
      } catch (error) {
        if (error instanceof StorageError && error.condition === 'unknown-id') return false
        throw error
      }
    }
  }

  /** The newest entries, in order. */
  async #newest(jid: BareJid): Promise<LogEntry[]> {
    const pages: (readonly LogEntry[])[] = []
    let before: string | undefined
    for (let seen = 0; seen < MAX_FIRST; seen += PAGE) {
      const { entries, complete } = await this.#log.page(jid.domain, jid.local, {
        max: PAGE,
        last: true,
        ...(before === undefined ? {} : { before }),
      })
      pages.unshift(entries)
      before = entries[0]?.id
      if (complete || before === undefined) break
    }
    return pages.flat()
  }

  #bound(all: Map<string, Conversation>): void {
    if (all.size <= this.#most) return
    const oldest = [...all].sort(([, a], [, b]) => (a.id < b.id ? -1 : 1)).slice(0, all.size - this.#most)
    for (const [peer] of oldest) all.delete(peer)
  }

  /** Written with the next commit, whenever that is: what is lost is counted again. */
  async #keep(
    account: Account,
    all: Conversations,
    news: {
      readonly stored: readonly string[]
      readonly changed: ReadonlySet<string>
      readonly last: string | undefined
    },
  ): Promise<void> {
    const { domain, server } = this.#host
    const { local } = account.jid
    await account.entered(async () => {
      // It may have been removed meanwhile, with all that is stored for it.
      if (!(await this.#host.accounts.exists(local))) return
      void server.work(({ unit }) => {
        for (const peer of news.stored) if (!all.has(peer)) this.#conversations.delete(unit, domain, local, peer)
        for (const [peer, conversation] of all)
          if (news.changed.has(peer)) this.#conversations.put(unit, domain, local, peer, conversation, { lazy: true })
        if (news.last === undefined) this.#counted.delete(unit, domain, local, '')
        else this.#counted.put(unit, domain, local, '', news.last, { lazy: true })
      })
    })
  }
}
