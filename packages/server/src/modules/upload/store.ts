/** What is known of uploaded files: whose they are, how many bytes accounts and the host keep, and when they go. */

import type { BareJid } from '@tercet/jid'
import type { Files } from '../../files.ts'
import type { Host } from '../../host.ts'
import type { Turn } from '../../turn.ts'

/** One file. */
export interface UploadRow {
  readonly name: string
  readonly type: string
  readonly size: number
  /** When it was asked for, and when it goes; milliseconds since 1970. */
  readonly at: number
  readonly expires: number
}

/** Files and their rows by token, the part of their address that nobody guesses. */
export class UploadStore {
  readonly #host: Host
  readonly #files: Files
  readonly #rows
  /** Whose a token is: addresses do not tell. */
  readonly #owners
  /** Bytes of all files of the host; undefined: not counted yet. */
  #total: Promise<number> | undefined

  constructor(host: Host, files: Files) {
    this.#host = host
    this.#files = files
    this.#rows = host.table<UploadRow>('uploads')
    this.#owners = host.table<string>('upload owners')
  }

  /** The file of a token, unless its time is over. */
  async find(token: string): Promise<UploadRow | undefined> {
    const owner = await this.#owners.get(this.#host.domain, '', token)
    const row = owner && (await this.#rows.get(this.#host.domain, owner.value, token))
    return row && row.value.expires > Date.now() ? row.value : undefined
  }

  /** Files of an account, oldest first. */
  async of(local: string): Promise<UploadRow[]> {
    const rows = await this.#rows.list(this.#host.domain, local)
    return rows.map(({ value }) => value).sort((a, b) => a.at - b.at)
  }

  /** Bytes of all files of the host. */
  total(): Promise<number> {
    return (this.#total ??= this.#count())
  }

  /** Writes the row of a file that is stored; false: the account is gone. Durable when it resolves. */
  add(account: BareJid, token: string, row: UploadRow): Promise<boolean> {
    return this.#changed(account, async turn => {
      if (!(await this.#host.accounts.exists(account.local))) return false
      this.#rows.put(turn.unit, this.#host.domain, account.local, token, row)
      this.#owners.put(turn.unit, this.#host.domain, '', token, account.local)
      this.#grow(row.size)
      return true
    })
  }

  /** Removes files of an account that are over. */
  async sweep(account: BareJid, nowMs: number): Promise<void> {
    const gone = await this.#changed(account, turn => this.#delete(account.local, turn, row => row.expires <= nowMs))
    for (const token of gone) await this.#files.remove(token)
  }

  /** Everything of an account, with the turn that removes it; files go when that is on disk. */
  async clear(account: BareJid, turn: Turn): Promise<void> {
    const gone = await this.#delete(account.local, turn, () => true)
    turn.whenDecided(() => {
      if (turn.state === 'failed') return
      void Promise.all(gone.map(token => this.#files.remove(token))).catch(this.#host.bug)
    })
  }

  /** Accounts that have files. */
  owners(): AsyncIterable<string> {
    return this.#rows.owners(this.#host.domain)
  }

  /** Removes files that no row knows: the process ended between the two. */
  async removeOrphans(beforeMs: number): Promise<void> {
    for await (const name of this.#files.names(beforeMs))
      if (!(await this.#owners.get(this.#host.domain, '', name))) await this.#files.remove(name)
  }

  async #delete(local: string, turn: Turn, isOver: (row: UploadRow) => boolean): Promise<string[]> {
    const gone: string[] = []
    for (const { key, value } of await this.#rows.list(this.#host.domain, local)) {
      if (!isOver(value)) continue
      this.#rows.delete(turn.unit, this.#host.domain, local, key)
      this.#owners.delete(turn.unit, this.#host.domain, '', key)
      this.#grow(-value.size)
      gone.push(key)
    }
    return gone
  }

  /** Runs in the account's queue, in a turn of its own that is on disk in the end. */
  async #changed<T>(account: BareJid, run: (turn: Turn) => Promise<T>): Promise<T> {
    const turn = this.#host.server.turn()
    let result: T
    try {
      result = await this.#host.account(account).entered(() => run(turn))
    } finally {
      turn.release()
    }
    await new Promise<void>(resolve => turn.whenDecided(resolve))
    if (turn.state === 'failed') {
      this.#total = undefined
      throw turn.error
    }
    return result
  }

  #grow(bytes: number): void {
    // In the order of the calls, whichever waits for the count.
    this.#total = this.total().then(total => total + bytes)
  }

  async #count(): Promise<number> {
    let bytes = 0
    for await (const owner of this.owners()) for (const { size } of await this.of(owner)) bytes += size
    return bytes
  }
}
