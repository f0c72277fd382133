/** Installations of clients as accounts know them (`user-agent` of XEP-0388 §2.3): their tokens (XEP-0484), and what access they have (XEP-0494). */

import type { BareJid } from '@tercet/jid'
import { decodeBase64Strict, encodeBase64, fastTokenKey, HT_MECHANISMS, type FastToken } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { token as wire } from '@tercet/stanza/fast'
import type { Table, Unit } from '@tercet/storage'
import { write } from '@tercet/xml'
import { isGood, issued, takenBack, used, type TokenRow } from './client-tokens.ts'
import type { Host } from './host.ts'
import { sessionKey } from './session-key.ts'
import { newToken } from './token.ts'

/** How much is kept, and for how long. */
export interface ClientBounds {
  /** Clients of one account; beyond that the one that was seen longest ago is forgotten. */
  readonly perAccount: number
  /** How long a token can be used. */
  readonly tokenMs: number
  /** Age at which a token that is shown is replaced. */
  readonly rotateMs: number
  /** Whether names of software and devices are kept. */
  readonly details: boolean
}

/** One installation. All times are milliseconds since 1970. */
export interface ClientRow {
  /** What the account's owner knows it by; the identifier that it has given itself is shown to nobody (XEP-0388 §2.3). */
  readonly id: string
  readonly firstSeen: number
  readonly lastSeen: number
  readonly software?: string | undefined
  readonly device?: string | undefined
  /** When it last proved to know the password, or showed what somebody else grants. */
  readonly passwordAt?: number | undefined
  readonly grantAt?: number | undefined
  readonly tokens: readonly TokenRow[]
}

/** An installation that has logged in. */
export interface ClientLogin {
  readonly account: BareJid
  /** Its UUID. */
  readonly clientId: string
  readonly software: string | undefined
  readonly device: string | undefined
  readonly mechanism: string
  /** What it has shown, with FAST. */
  readonly token: FastToken | undefined
  /** The mechanism that it wants a token for. */
  readonly wanted: string | undefined
  /** It does not want to use its token again. */
  readonly invalidate: boolean
}

/** Which installation a session is of, by its UUID. */
export const clientOf = sessionKey<string>('client')

/** 396 bits; longer than a block of the hash, so that what is kept of it is a hash. */
const TOKEN_CHARACTERS = 66
/** Text that a stranger gives us is cut. */
const MAX_NAME = 100
/** Who comes back within this time leaves no trace. */
const SEEN_MS = 600_000

/** The clients of the accounts of one host. */
export class Clients {
  readonly #host: Host
  readonly #bounds: ClientBounds
  readonly #table: Table<ClientRow>
  readonly #issuedAt = new WeakMap<FastToken, number>()

  constructor(host: Host, bounds: ClientBounds) {
    this.#host = host
    this.#bounds = bounds
    this.#table = host.table<ClientRow>('clients')
  }

  /** The tokens that a client may show, the newest first; those that do not do any more are marked. */
  async tokens(clientId: string, local: string, mechanism: string): Promise<FastToken[]> {
    const row = await this.#table.get(this.#host.domain, local, clientId)
    const facts = row && (await this.#host.accounts.facts(local))
    if (!row || !facts) return []
    const found: FastToken[] = []
    for (const token of row.value.tokens) {
      if (token.mechanism !== mechanism) continue
      const shown = { key: decodeBase64Strict(token.key), expired: !isGood(token, facts.changedAt) }
      this.#issuedAt.set(shown, token.issuedAt)
      found.push(shown)
    }
    return found
  }

  /**
   * Notes a login, and gives a token to a client that wants one or whose own is due to be replaced (§3.3, §3.5). Never call it from inside the
   * account's queue.
   *
   * @returns wire text of `<token/>`, or nothing
   * @throws {StreamError} a token is to be taken back, and that cannot be stored
   */
  async loggedIn(login: ClientLogin): Promise<string> {
    const { accounts } = this.#host
    const mechanism = this.#wanted(login)
    const token = mechanism === undefined ? undefined : newToken(TOKEN_CHARACTERS)
    const key = token === undefined ? undefined : encodeBase64(await fastTokenKey(token))
    const expiresAt = Date.now() + this.#bounds.tokenMs
    const stored = await this.#host.account(login.account).entered(async () => {
      const { local } = login.account
      // It may have been removed since it logged in.
      const facts = accounts.guests.has(local) ? undefined : await accounts.facts(local)
      if (!facts) return undefined
      const before = (await this.#table.get(this.#host.domain, local, login.clientId))?.value
      if (!before) await this.#makeRoom(login.account)
      let { tokens } = before ?? { tokens: [] }
      if (login.token) tokens = used(tokens, encodeBase64(login.token.key))
      if (login.invalidate) tokens = takenBack(tokens)
      if (key !== undefined && mechanism !== undefined) {
        tokens = issued(tokens, { key, mechanism, issuedAt: Date.now(), expiresAt })
      }
      const changed = tokens !== before?.tokens
      const recent = before && Date.now() - before.lastSeen < SEEN_MS
      if (recent && !changed && provenSince(facts.changedAt, before, login)) return undefined
      const unit = this.#host.server.storage.unit()
      this.#table.put(unit, this.#host.domain, local, login.clientId, this.#row(before, login, tokens))
      return { done: unit.commit() }
    })
    if (!stored) return ''
    if (key === undefined && !login.invalidate) {
      stored.done.catch(this.#host.bug)
      return ''
    }
    try {
      await stored.done
    } catch (cause) {
      this.#host.logger.warn({ err: cause, account: login.account.text }, 'The tokens of a client could not be stored')
      if (login.invalidate) throw new StreamError('resource-constraint', { text: 'The token stays valid', cause })
      return ''
    }
    return token === undefined ? '' : write(wire.write({ expiry: new Date(expiresAt), token }))
  }

  /** All clients of an account, with their UUIDs. */
  async list(local: string): Promise<{ readonly clientId: string; readonly row: ClientRow }[]> {
    const rows = await this.#table.list(this.#host.domain, local)
    return rows.map(({ key, value }) => ({ clientId: key, row: value }))
  }

  /** Forgets a client, or all of an account: none of their tokens lets anybody in. */
  forget(unit: Unit, local: string, clientId?: string): void {
    if (clientId === undefined) this.#table.clear(unit, this.#host.domain, local)
    else this.#table.delete(unit, this.#host.domain, local, clientId)
  }

  /** The mechanism to issue a token for, if any. */
  #wanted({ wanted, invalidate, mechanism, token }: ClientLogin): string | undefined {
    if (wanted !== undefined) return HT_MECHANISMS.includes(wanted) ? wanted : undefined
    if (!token || invalidate) return undefined
    // The object that tokens() gave is the one that comes back.
    const age = Date.now() - (this.#issuedAt.get(token) ?? Infinity)
    return age >= this.#bounds.rotateMs ? mechanism : undefined
  }

  #row(before: ClientRow | undefined, login: ClientLogin, tokens: readonly TokenRow[]): ClientRow {
    const now = Date.now()
    const { details } = this.#bounds
    return {
      id: before?.id ?? newToken(),
      firstSeen: before?.firstSeen ?? now,
      lastSeen: now,
      ...(details ? { software: cut(login.software), device: cut(login.device) } : {}),
      passwordAt: showsPassword(login.mechanism) ? now : before?.passwordAt,
      grantAt: login.mechanism === 'OAUTHBEARER' ? now : before?.grantAt,
      tokens,
    }
  }

  async #makeRoom({ local }: BareJid): Promise<void> {
    const rows = await this.list(local)
    if (rows.length < this.#bounds.perAccount) return
    rows.sort((a, b) => a.row.lastSeen - b.row.lastSeen)
    const unit = this.#host.server.storage.unit()
    for (const { clientId } of rows.slice(0, rows.length + 1 - this.#bounds.perAccount))
      this.forget(unit, local, clientId)
    unit.commit().catch(this.#host.bug)
  }
}

/** Whether a mechanism proves that its user knows the password. */
export function showsPassword(mechanism: string): boolean {
  return mechanism.startsWith('SCRAM-') || mechanism === 'PLAIN'
}

/** Whether the client has shown before what it shows now, for the same password. */
function provenSince(changedAt: number, row: ClientRow, { mechanism }: ClientLogin): boolean {
  if (showsPassword(mechanism)) return (row.passwordAt ?? 0) >= changedAt
  return mechanism !== 'OAUTHBEARER' || row.grantAt !== undefined
}

function cut(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : Array.from(text).slice(0, MAX_NAME).join('')
}
