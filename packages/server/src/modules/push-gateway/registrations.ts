/** Whom the push service wakes, and where: registrations by account, bounded, renewed by use, and gone after a long silence. */

import type { BareJid } from '@tercet/jid'
import type { Table } from '@tercet/storage'
import type { Host } from '../../host.ts'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'
import type { PushEndpoint } from '../../web-push.ts'

/** One app on one device. */
export interface Registration {
  /** The node that the account's server publishes to (XEP-0357 §4), which nobody guesses. */
  readonly node: string
  /** Bare address of who registered. */
  readonly owner: string
  /** What the account's server has to show with each notification (XEP-0357 §5). */
  readonly secret: string
  readonly endpoint: PushEndpoint
  /** The app's name for itself: with the same one it registers anew. */
  readonly device: string
  /** Milliseconds since 1970, as all times here. */
  readonly registeredAt: number
  /** When it last took something, as exactly as {@link Registrations.used} keeps it. */
  readonly usedAt: number
}

type RegistrationRow = Omit<Registration, 'node' | 'owner'>

/** How many there may be. */
export interface RegistrationBounds {
  /** Of one account; the oldest go first. */
  readonly account: number
  readonly total: number
  readonly expireMs: number
}

/** Use is written down this often. */
const USE_MS = 86_400_000
const NODE_LENGTH = 24
const SECRET_LENGTH = 32

/** The registrations of one host. Changes happen one after the other. */
export class Registrations {
  readonly #host: Host
  readonly #bounds: RegistrationBounds
  readonly #rows: Table<RegistrationRow>
  /** Whose a node is. */
  readonly #owners: Table<string>
  /** How many there are; undefined: not counted yet. */
  #total: number | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(host: Host, bounds: RegistrationBounds) {
    this.#host = host
    this.#bounds = bounds
    this.#rows = host.table('push registrations')
    this.#owners = host.table('push registration owners')
  }

  /** The registration of a node, unless it is over. */
  async find(node: string): Promise<Registration | undefined> {
    const owner = await this.#owners.get(this.#host.domain, '', node)
    const row = owner && (await this.#rows.get(this.#host.domain, owner.value, node))
    if (!row || this.#isOver(row.value)) return undefined
    return { node, owner: owner.value, ...row.value }
  }

  /** Those of an account, oldest first. */
  async of(owner: BareJid): Promise<Registration[]> {
    const rows = await this.#rows.list(this.#host.domain, owner.text)
    return rows
      .map(({ key, value }) => ({ node: key, owner: owner.text, ...value }))
      .filter(row => !this.#isOver(row))
      .sort((a, b) => a.registeredAt - b.registeredAt)
  }

  /** Registers an app, in place of what the device had; undefined: the host is full. */
  register(owner: BareJid, device: string, endpoint: PushEndpoint, turn: Turn): Promise<Registration | undefined> {
    return this.#next(async () => {
      const before = await this.of(owner)
      const same = before.filter(row => row.device === device || row.endpoint.url === endpoint.url)
      const others = before.filter(row => !same.includes(row))
      const gone = [...same, ...others.slice(0, Math.max(0, others.length + 1 - this.#bounds.account))]
      if ((await this.#count()) + 1 - gone.length > this.#bounds.total) return undefined
      for (const row of gone) this.#delete(row, turn)
      const now = Date.now()
      const secret = newToken(SECRET_LENGTH)
      const row = { secret, endpoint, device, registeredAt: now, usedAt: now }
      const node = newToken(NODE_LENGTH)
      this.#rows.put(turn.unit, this.#host.domain, owner.text, node, row)
      this.#owners.put(turn.unit, this.#host.domain, '', node, owner.text)
      this.#grow(1, turn)
      return { node, owner: owner.text, ...row }
    })
  }

  /** Removes those of an account that fit, and says how many these were. */
  remove(owner: BareJid, fits: (registration: Registration) => boolean, turn: Turn): Promise<number> {
    return this.#next(async () => {
      const gone = (await this.of(owner)).filter(fits)
      for (const row of gone) this.#delete(row, turn)
      return gone.length
    })
  }

  /** Removes one whose app is gone, unless it has registered anew. */
  async forget(registration: Registration): Promise<void> {
    await this.#next(() =>
      this.#host.server.work(async turn => {
        if (await this.#owners.get(this.#host.domain, '', registration.node)) this.#delete(registration, turn)
      }),
    )
  }

  /** It has taken something: it lives. */
  async used(registration: Registration): Promise<void> {
    const now = Date.now()
    if (now - registration.usedAt < USE_MS) return
    await this.#next(() =>
      this.#host.server.work(async turn => {
        const { node, owner } = registration
        const row = await this.#rows.get(this.#host.domain, owner, node)
        if (row)
          this.#rows.put(turn.unit, this.#host.domain, owner, node, { ...row.value, usedAt: now }, { lazy: true })
      }),
    )
  }

  /** Removes what was neither registered nor used for long. */
  async sweep(): Promise<void> {
    for await (const owner of this.#rows.owners(this.#host.domain))
      await this.#next(() =>
        this.#host.server.work(async turn => {
          for (const { key, value } of await this.#rows.list(this.#host.domain, owner))
            if (this.#isOver(value)) this.#delete({ node: key, owner }, turn)
        }),
      )
  }

  #isOver({ usedAt }: Pick<RegistrationRow, 'usedAt'>): boolean {
    return usedAt + this.#bounds.expireMs <= Date.now()
  }

  #delete({ node, owner }: Pick<Registration, 'node' | 'owner'>, turn: Turn): void {
    this.#rows.delete(turn.unit, this.#host.domain, owner, node)
    this.#owners.delete(turn.unit, this.#host.domain, '', node)
    this.#grow(-1, turn)
  }

  #grow(by: number, turn: Turn): void {
    if (this.#total !== undefined) this.#total += by
    turn.whenDecided(() => {
      // What was not written is counted anew.
      if (turn.state === 'failed') this.#total = undefined
    })
  }

  async #count(): Promise<number> {
    if (this.#total !== undefined) return this.#total
    let count = 0
    for await (const owner of this.#rows.owners(this.#host.domain))
      count += (await this.#rows.list(this.#host.domain, owner)).length
    return (this.#total = count)
  }

  #next<T>(run: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(run)
    this.#last = done.catch(() => undefined)
    return done
  }
}
