/** The one-time link for the first account: 256 random bits, good for 24 hours, once, and only while there is no account. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Host, Server } from '@tercet/server'
import type { Table } from '@tercet/storage'
import { derive, hasNoAccount, locate } from '../operations/account.ts'
import { UserError } from '../user-error.ts'

const TOKEN_BYTES = 32
const LIFETIME_MS = 24 * 3_600_000
const KEY = 'invitation'

interface InvitationRow {
  /** base64url */
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** The invitation of a server. It is kept in the storage, so a link that was printed outlives a restart. */
export class Invitation {
  readonly #server: Server
  readonly #table: Table<InvitationRow>

  constructor(server: Server) {
    this.#server = server
    this.#table = server.storage.table('first-account')
  }

  /** The host that the account will be on. */
  get host(): Host {
    const [first] = this.#server.hosts.values()
    return first! // a server has at least one: the configuration's rule
  }

  /** A token for the link, a new one if there is none that will do; undefined once there is an account. */
  async token(): Promise<string | undefined> {
    if (!(await hasNoAccount(this.#server))) return undefined
    const row = await this.#row()
    if (row && row.value.expiresAt > Date.now()) return row.value.token
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const unit = this.#server.storage.unit()
    this.#table.put(unit, '', '', KEY, { token, expiresAt: Date.now() + LIFETIME_MS })
    await unit.commit()
    return token
  }

  /** Whether `token` is the one, and still good. */
  async admits(token: string): Promise<boolean> {
    const row = await this.#row()
    if (!row || row.value.expiresAt <= Date.now() || !equal(row.value.token, token)) return false
    return hasNoAccount(this.#server)
  }

  /**
   * Makes the account and spends the token, both or none.
   *
   * @returns the address of the account; undefined: the token was spent meanwhile
   * @throws {UserError} the name or the password cannot be used
   */
  async spend(token: string, name: string, password: string): Promise<string | undefined> {
    const { host } = this
    if (name.includes('@') || name.includes('/')) throw new UserError('The name is the part before the @ alone')
    const { local, text } = locate(this.#server, `${name}@${host.domain}`)
    const keys = await derive(host, password)
    const row = await this.#row()
    if (!row || !(await this.admits(token))) return undefined
    const unit = this.#server.storage.unit()
    // Of two requests at a time one finds the version changed. What stays is a token that is over.
    this.#table.put(unit, '', '', KEY, { token: '', expiresAt: 0 }, { expect: row.version })
    host.accounts.write(unit, local, keys, { create: true })
    try {
      await unit.commit()
    } catch (error) {
      if (error instanceof Error && 'condition' in error && error.condition === 'conflict') return undefined
      throw error
    }
    return text
  }

  #row(): ReturnType<Table<InvitationRow>['get']> {
    return this.#table.get('', '', KEY)
  }
}

/** Compares in a time that tells nothing. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
