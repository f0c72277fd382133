/** Who sees an account's presence: the subscribers, those who were told directly, and exceptions that modules make. */

import { isFull, Jid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { hasFrom, hasTo, presence as makePresence } from '@tercet/stanza'
import type { Awaitable } from '@tercet/storage'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { sessionKey, stringSet } from '../session-key.ts'
import type { Turn } from '../turn.ts'
import { covers } from './blocks.ts'
import type { Rosters } from './roster.ts'

/** Whom a session has told that it is available though they are not subscribed (RFC 6121 §4.6), as text. */
export const directed = sessionKey<Set<string>>('directed presence', stringSet)

/** Whether an account's presence is to be kept from somebody. */
export type Exception = (account: Account, to: Jid) => Awaitable<boolean>

/** The audience of the accounts of one host. */
export class Presences {
  readonly #host: Host
  readonly #rosters: Rosters
  readonly #exceptions: Exception[] = []

  constructor(host: Host, rosters: Rosters) {
    this.#host = host
    this.#rosters = rosters
  }

  /** Keeps presence and probes from whom `exception` holds for. */
  withhold(exception: Exception): void {
    this.#exceptions.push(exception)
  }

  /** Whether the presence of `account` is kept from a subscriber. */
  hides(account: Account, to: Jid): Awaitable<boolean> {
    for (const exception of this.#exceptions) {
      const holds = exception(account, to)
      if (holds !== false) return holds
    }
    return false
  }

  /** Prepares the good-bye of all sessions to those of `to` who see the account; a resource may see it by its account. */
  async withdrawal(account: Account, to: readonly Jid[]): Promise<(turn: Turn) => void> {
    const subscribers = await this.#covered(account, to, hasFrom)
    const all = new Set(to.map(({ text }) => text))
    return turn => {
      for (const session of account.sessions) {
        const told = session.get(directed)
        const targets = new Set(session.presence ? subscribers : [])
        for (const text of told ?? []) if (covers(all, Jid.parse(text))) targets.add(text)
        for (const text of targets) {
          told?.delete(text)
          this.#host.send(makePresence({ type: 'unavailable', from: session.jid, to: Jid.parse(text) }), turn)
        }
      }
    }
  }

  /** Prepares what those of `to` hear who may see the account again; and how they are is asked for. */
  async returning(account: Account, to: readonly Jid[]): Promise<(turn: Turn) => void> {
    const subscribers = await this.#covered(account, to, hasFrom)
    const contacts = await this.#covered(account, to, hasTo)
    return turn => {
      let available = false
      for (const { presence } of account.sessions) {
        if (!presence) continue
        available = true
        for (const text of subscribers) this.#host.send(presence.with({ to: Jid.parse(text) }), turn)
      }
      if (available) for (const text of contacts) this.#host.sendPresence('probe', account.jid, Jid.parse(text), turn)
    }
  }

  /** Contacts in such a state that one of `to` covers, or resources of contacts in `to`. */
  async #covered(
    account: Account,
    to: readonly Jid[],
    wanted: (state: Parameters<typeof hasFrom>[0]) => boolean,
  ): Promise<readonly string[]> {
    const whole = new Set<string>()
    const resources = new Map<string, string[]>()
    for (const jid of to) {
      if (!isFull(jid) || jid.local === '') whole.add(jid.text)
      else resources.set(jid.bare.text, [...(resources.get(jid.bare.text) ?? []), jid.text])
    }
    const found: string[] = []
    for (const { jid, contact } of await this.#rosters.list(account)) {
      if (!wanted(contact.state)) continue
      if (whole.has(jid.text) || whole.has(jid.domain)) found.push(jid.text)
      else found.push(...(resources.get(jid.text) ?? []))
    }
    return found
  }
}

/** Who sees the accounts of a host. */
export const presences = service<Presences>('presences')
