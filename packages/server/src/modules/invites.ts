/** Invitations to a host: to have an account, to be somebody's contact, or both. Whoever has the token may come in. */

import { createHash } from 'node:crypto'
import { BareJid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import type { Table } from '@tercet/storage'
import type { Account } from '../account.ts'
import type { AccountKeys } from '../accounts.ts'
import type { Host } from '../host.ts'
import { newToken } from '../token.ts'
import type { Turn } from '../turn.ts'
import type { Groups } from './groups.ts'
import { stranger, type Rosters } from './roster.ts'

/** What an invitation is for. */
export interface InviteOptions {
  /** Localpart of who invites: both will be contacts. Default: the operator does. */
  readonly inviter?: string | undefined
  /** Whether it lets people have an account here. */
  readonly account: boolean
  /** Localpart that the account will have, and nobody else meanwhile. Default: who comes chooses. */
  readonly username?: string | undefined
  /** Shared group that the account will be in. */
  readonly group?: string | undefined
  /** Default 7 days. */
  readonly lifetimeMs?: number
  /** How many may use it, default 1. */
  readonly uses?: number
  /** It holds only as long as no host has an account. */
  readonly first?: true
}

interface InviteRow {
  readonly inviter?: string
  readonly account: boolean
  readonly username?: string
  readonly group?: string
  /** How many more may use it. */
  readonly uses: number
  /** Milliseconds since 1970. */
  readonly madeAt: number
  readonly expiresAt: number
  readonly first?: true
}

/** An invitation as it is stored: by the hash of its token, so that what is on disk invites nobody. */
export interface Invite extends InviteRow {
  readonly hash: string
}

const KEY = 'invite'
const LIFETIME_MS = 7 * 86_400_000

/** The invitations of one host. */
export class Invites {
  /** Where the page of an invitation is, if somebody serves one. */
  page: ((token: string) => string | undefined) | undefined
  readonly #host: Host
  readonly #rosters: Rosters
  readonly #groups: Groups
  readonly #maxOpen: number
  /** By hash. */
  readonly #invites: Table<InviteRow>
  /** When those of an inviter expire, by localpart and hash; of the operator: by `''`. */
  readonly #byInviter: Table<number>
  /** Usernames that are kept for somebody: the hash. */
  readonly #kept: Table<string>

  constructor(host: Host, { rosters, groups, maxOpen }: { rosters: Rosters; groups: Groups; maxOpen: number }) {
    this.#host = host
    this.#rosters = rosters
    this.#groups = groups
    this.#maxOpen = maxOpen
    this.#invites = host.table('invites')
    this.#byInviter = host.table('invites by inviter')
    this.#kept = host.table('usernames for invites')
  }

  /**
   * Makes an invitation, good as soon as `turn` is on disk.
   *
   * @throws {StanzaError} `resource-constraint`: the inviter has too many open ones · `conflict`: the username is taken ·
   *   `item-not-found`: there is no such group
   */
  async create(options: InviteOptions, turn: Pick<Turn, 'unit'>): Promise<{ token: string; invite: Invite }> {
    const { inviter, account, username, group, lifetimeMs = LIFETIME_MS, uses = 1, first } = options
    if (group !== undefined && !this.#groups.names.includes(group))
      throw new StanzaError('item-not-found', { text: 'There is no such group' })
    if (username !== undefined && (await this.isTaken(username)))
      throw new StanzaError('conflict', { text: 'This username is taken' })
    const { domain } = this.#host
    const now = Date.now()
    const owner = inviter ?? ''
    let open = 0
    for (const { key, value } of await this.#byInviter.list(domain, owner)) {
      if (value > now) open++
      else this.#delete(key, owner, turn)
    }
    if (inviter !== undefined && open >= this.#maxOpen)
      throw new StanzaError('resource-constraint', { text: 'You have too many open invitations' })
    const token = newToken()
    const hash = hashOf(token)
    const row: InviteRow = {
      account,
      uses,
      madeAt: now,
      expiresAt: now + lifetimeMs,
      ...(inviter === undefined ? {} : { inviter }),
      ...(username === undefined ? {} : { username }),
      ...(group === undefined ? {} : { group }),
      ...(first ? { first } : {}),
    }
    this.#invites.put(turn.unit, domain, hash, KEY, row)
    this.#byInviter.put(turn.unit, domain, owner, hash, row.expiresAt)
    if (username !== undefined) this.#kept.put(turn.unit, domain, username, KEY, hash)
    return { token, invite: { ...row, hash } }
  }

  /** The invitation of a token, if it is good. Looking up a hash takes a time that tells nothing of the token. */
  async find(token: string): Promise<Invite | undefined> {
    if (token.length > 100) return undefined
    const invite = await this.again(hashOf(token))
    if (!invite || invite.expiresAt <= Date.now() || (invite.first && !(await this.#nobodyThere()))) return undefined
    return invite
  }

  /** An invitation that was found before, if it is not used up; it may have expired meanwhile (XEP-0445 §4). */
  async again(hash: string): Promise<Invite | undefined> {
    const row = await this.#invites.get(this.#host.domain, hash, KEY)
    return row && row.value.uses > 0 ? { ...row.value, hash } : undefined
  }

  /** Whether a username is an account's, or kept for somebody who has another invitation than `hash`. */
  async isTaken(local: string, hash?: string): Promise<boolean> {
    if (await this.#host.accounts.exists(local)) return true
    const kept = await this.#kept.get(this.#host.domain, local, KEY)
    if (!kept || kept.value === hash) return false
    const invite = await this.again(kept.value)
    return invite !== undefined && invite.expiresAt > Date.now()
  }

  /**
   * Makes the account and spends the invitation, both or none; the inviter and the account are contacts then.
   *
   * @throws {StanzaError} `not-acceptable`: it is used up, or for another name · `conflict`: the name is taken · {StorageError}
   */
  async register({ hash }: Invite, local: string, keys: AccountKeys): Promise<void> {
    const { server, accounts, domain } = this.#host
    const invite = await this.again(hash)
    if (!invite?.account) throw new StanzaError('not-acceptable', { text: 'This invitation is used up' })
    if (invite.username !== undefined && invite.username !== local)
      throw new StanzaError('not-acceptable', { text: `This invitation is for ${invite.username}` })
    if (await this.isTaken(local, hash)) throw new StanzaError('conflict', { text: 'This username is taken' })
    const turn = server.turn()
    try {
      // Nobody else runs between this look and the writes.
      const row = this.#invites.get(domain, hash, KEY)
      const current = row instanceof Promise ? await row : row
      if (!current) throw new StanzaError('not-acceptable', { text: 'This invitation is used up' })
      this.#spend({ ...current.value, hash }, turn)
      accounts.write(turn.unit, local, keys, { create: true })
      const { group, inviter } = invite
      if (group !== undefined && this.#groups.names.includes(group)) this.#groups.add(group, local, turn)
      if (inviter !== undefined) await this.#befriend(inviter, local, turn)
    } finally {
      turn.release()
    }
    await new Promise<void>(resolve => turn.whenDecided(resolve))
    if (turn.state === 'failed') throw turn.error
  }

  /** The token lets `account` have a contact without being asked; what it allows is spent with the turn. */
  async admits(account: Account, token: string, turn: Turn): Promise<boolean> {
    const invite = await this.find(token)
    if (invite?.inviter !== account.jid.local) return false
    this.#spend(invite, turn)
    return true
  }

  /** All that may still be used, and by whom they were made. */
  async list(): Promise<Invite[]> {
    const found: Invite[] = []
    for await (const hash of this.#invites.owners(this.#host.domain)) {
      const invite = await this.again(hash)
      if (invite && invite.expiresAt > Date.now()) found.push(invite)
    }
    return found.sort((a, b) => a.madeAt - b.madeAt)
  }

  /** Takes back an invitation. */
  revoke({ hash, inviter = '' }: Invite, turn: Pick<Turn, 'unit'>): void {
    this.#delete(hash, inviter, turn)
  }

  /** Takes back what an account has made. */
  async forget(local: string, turn: Turn): Promise<void> {
    for (const { key } of await this.#byInviter.list(this.#host.domain, local)) this.#delete(key, local, turn)
  }

  /** The address that clients open (XEP-0401 §5.1, §5.4). */
  uri(token: string, { account, inviter, username }: Invite): string {
    const { domain } = this.#host
    if (inviter === undefined) return `xmpp:${address(username, domain)}?register;preauth=${token}`
    return `xmpp:${address(inviter, domain)}?roster;preauth=${token}${account ? ';ibr=y' : ''}`
  }

  async #befriend(inviter: string, local: string, turn: Turn): Promise<void> {
    const host = this.#host
    const [theirs, own] = [BareJid.of(inviter, host.domain), BareJid.of(local, host.domain)]
    for (const [jid, contact] of [
      [own, theirs],
      [theirs, own],
    ] as const) {
      const account = host.account(jid)
      await account.entered(async () => {
        const before = jid === own ? stranger : await this.#rosters.get(account, contact)
        this.#rosters.save(account, contact, { ...before, state: 'both', listed: true, request: undefined }, turn)
      })
    }
  }

  #spend(invite: Invite, turn: Pick<Turn, 'unit'>): void {
    const { hash, uses, inviter = '', ...rest } = invite
    if (uses <= 1) return this.#delete(hash, inviter, turn)
    const row = { ...rest, uses: uses - 1, ...(inviter === '' ? {} : { inviter }) }
    this.#invites.put(turn.unit, this.#host.domain, hash, KEY, row)
  }

  #delete(hash: string, inviter: string, turn: Pick<Turn, 'unit'>): void {
    this.#invites.clear(turn.unit, this.#host.domain, hash)
    this.#byInviter.delete(turn.unit, this.#host.domain, inviter, hash)
  }

  async #nobodyThere(): Promise<boolean> {
    for (const { accounts } of this.#host.server.hosts.values())
      for await (const local of accounts.list()) if (local !== '') return false
    return true
  }
}

/** The invitations of a host. */
export const invites = service<Invites>('invites')

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** An address as it stands in an `xmpp:` URI (RFC 5122 §2). */
function address(local: string | undefined, domain: string): string {
  return local === undefined ? domain : `${encodeURIComponent(local)}@${domain}`
}
