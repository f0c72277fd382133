/** Certificates that were trusted on first use, kept in the data folder until the operator forgets them. */

import type { PinStore } from '@tercet/net'
import type { Storage, Table } from '@tercet/storage'

interface PinRow {
  readonly fingerprint: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A pin, for people. */
export interface KnownPin extends PinRow {
  readonly domain: string
}

/** Pins by domain, of all hosts together: another server is the same for all of them. */
export class Pins implements PinStore {
  readonly #storage: Storage
  readonly #table: Table<PinRow>

  constructor(storage: Storage) {
    this.#storage = storage
    this.#table = storage.table('s2s pins')
  }

  async get(domain: string): Promise<string | undefined> {
    return (await this.#table.get('', '', domain))?.value.fingerprint
  }

  /** Resolves when it is on disk: what is forgotten in a crash would be trusted anew. */
  async put(domain: string, fingerprint: string): Promise<void> {
    const unit = this.#storage.unit()
    this.#table.put(unit, '', '', domain, { fingerprint, at: Date.now() })
    await unit.commit()
  }

  async list(): Promise<KnownPin[]> {
    return (await this.#table.list('', '')).map(({ key, value }) => ({ domain: key, ...value }))
  }

  /** False: there was none. */
  async forget(domain: string): Promise<boolean> {
    if (!(await this.#table.get('', '', domain))) return false
    const unit = this.#storage.unit()
    this.#table.delete(unit, '', '', domain)
    await unit.commit()
    return true
  }
}
