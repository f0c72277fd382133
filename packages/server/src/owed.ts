/** A stanza that this server answers for: from the moment it is taken until somebody confirms it, or it is refused. */

import type { SpoolEntry } from '@tercet/storage'
import type { Account } from './account.ts'

/** What its sender is owed of a stanza that could not be stored. */
export interface Unsaved {
  /** It was confirmed, or stored after all. */
  over(): void
  /** Nobody may confirm it any more: its sender gets an error. */
  refuse(): void
}

/** One stanza for one account, on disk when it has to be. */
export class Owed implements SpoolEntry {
  readonly account: Account
  readonly destination: string
  readonly id: string
  readonly at: number
  readonly text: string
  settled = false
  stored = false
  /** Sessions that were handed it and have neither confirmed it nor gone. */
  holders = 0
  /** Set while it could not be stored and a session that has a stream holds it. */
  unsaved: Unsaved | undefined

  constructor(account: Account, id: string, at: number, text: string) {
    this.account = account
    this.destination = account.jid.text
    this.id = id
    this.at = at
    this.text = text
  }
}
