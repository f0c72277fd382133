/** Accounts and their credentials: salt, iterations, StoredKey and ServerKey for each hash, never a password (RFC 5802 §9). */

import {
  deriveScramKeys,
  readScramKeys,
  SCRAM_HASHES,
  writeScramKeys,
  type ScramHash,
  type ScramKeys,
  type StoredScramKeys,
} from '@tercet/sasl'
import { opaqueString } from '@tercet/jid/precis'
import type { Awaitable, Storage, Table, Unit } from '@tercet/storage'

interface CredentialsRow {
  readonly keys: Readonly<Partial<Record<ScramHash, StoredScramKeys>>>
  /** Milliseconds since 1970. */
  readonly changedAt: number
}

/** Keys by hash, as an account has them. */
export type AccountKeys = Readonly<Record<ScramHash, ScramKeys>>

const KEY = 'credentials'
const SALT_BYTES = 16

/** What is known of an account beside its secrets. */
export interface AccountFacts {
  readonly hashes: readonly ScramHash[]
  /** When the password was set, in milliseconds since 1970. */
  readonly changedAt: number
}

function factsOf(row: { readonly value: CredentialsRow } | undefined): AccountFacts | undefined {
  if (!row) return undefined
  return { hashes: SCRAM_HASHES.filter(hash => row.value.keys[hash] !== undefined), changedAt: row.value.changedAt }
}

/** The accounts of one host. Localparts are prepared text. */
export class Accounts {
  readonly #host: string
  readonly #table: Table<CredentialsRow>
  readonly #storage: Storage
  /** Rounds of PBKDF2 for new passwords. */
  readonly iterations: number
  /** Localparts of guests: they exist without credentials, until they leave. See guests.ts. */
  readonly guests = new Set<string>()
  /** Grows whenever an account may have been made or removed: who remembers the list can tell whether it is still true. */
  generation = 0

  constructor(storage: Storage, host: string, iterations: number) {
    this.#storage = storage
    this.#host = host
    this.#table = storage.table('accounts')
    this.iterations = iterations
  }

  exists(local: string): Awaitable<boolean> {
    if (local === '') return false
    if (this.guests.size > 0 && this.guests.has(local)) return true
    const row = this.#table.get(this.#host, local, KEY)
    return row instanceof Promise ? row.then(row => row !== undefined) : row !== undefined
  }

  keys(local: string, hash: ScramHash): Awaitable<ScramKeys | undefined> {
    const row = this.#table.get(this.#host, local, KEY)
    if (row instanceof Promise) return row.then(row => readScramKeys(row?.value.keys[hash]))
    return readScramKeys(row?.value.keys[hash])
  }

  /** The keys of the first hash that there are keys of. */
  async anyKeys(local: string, hashes: readonly ScramHash[]): Promise<[ScramHash, ScramKeys] | undefined> {
    for (const hash of hashes) {
      const keys = await this.keys(local, hash)
      if (keys) return [hash, keys]
    }
  }

  /** What an account has, without its secrets; undefined: there is no such account, or it is a guest's. */
  facts(local: string): Awaitable<AccountFacts | undefined> {
    const row = this.#table.get(this.#host, local, KEY)
    return row instanceof Promise ? row.then(factsOf) : factsOf(row)
  }

  /**
   * Adds keys of one more hash for the same password (XEP-0480). Durable when it resolves.
   *
   * @throws {StorageError} `conflict`: the password was changed meanwhile, or the account is gone
   */
  async addKeys(local: string, hash: ScramHash, keys: ScramKeys): Promise<void> {
    const row = await this.#table.get(this.#host, local, KEY)
    const unit = this.#storage.unit()
    const value = { changedAt: 0, ...row?.value, keys: { ...row?.value.keys, [hash]: writeScramKeys(keys) } }
    this.#table.put(unit, this.#host, local, KEY, value, { expect: row?.version ?? -1 })
    await unit.commit()
  }

  /** Localparts in order. */
  list(): AsyncIterable<string> {
    return this.#table.owners(this.#host)
  }

  /**
   * Stores keys for a new or an existing account. Durable when it resolves.
   *
   * @param options.create true: the account must not exist, else `StorageError` `conflict`
   */
  async put(local: string, keys: AccountKeys, options: { create: boolean }): Promise<void> {
    const unit = this.#storage.unit()
    this.write(unit, local, keys, options)
    await unit.commit()
  }

  /** Like {@link put}, as part of a unit. */
  write(unit: Unit, local: string, keys: AccountKeys, options: { create: boolean }): void {
    if (options.create) this.generation++
    const rows: Partial<Record<ScramHash, StoredScramKeys>> = {}
    for (const hash of SCRAM_HASHES) rows[hash] = writeScramKeys(keys[hash])
    this.#table.put(
      unit,
      this.#host,
      local,
      KEY,
      { keys: rows, changedAt: Date.now() },
      options.create ? { expect: 0 } : {},
    )
  }

  /** Makes an account without a password, for whom somebody else vouches. Durable when it resolves; one that exists stays as it is. */
  async create(local: string): Promise<void> {
    this.generation++
    const unit = this.#storage.unit()
    this.#table.put(unit, this.#host, local, KEY, { keys: {}, changedAt: Date.now() }, { expect: 0 })
    try {
      await unit.commit()
    } catch (error) {
      // Somebody was quicker.
      if (!(await this.exists(local))) throw error
    }
  }

  /** Removes the credentials; whoever stores more for the account hears `accountRemoved`. */
  delete(unit: Unit, local: string): void {
    this.guests.delete(local)
    this.generation++
    this.#table.delete(unit, this.#host, local, KEY)
  }

  /**
   * Derives keys for all hashes, in the thread pool.
   *
   * @throws {Error} `PrecisError`: the password is empty or has characters that RFC 8265 §4 refuses
   */
  async derive(password: string): Promise<AccountKeys> {
    const prepared = opaqueString(password)
    const keys = await Promise.all(
      SCRAM_HASHES.map(async hash => {
        const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
        return [hash, await deriveScramKeys(prepared, hash, salt, this.iterations)] as const
      }),
    )
    // One entry for each hash.
    return Object.fromEntries(keys) as Record<ScramHash, ScramKeys>
  }
}
