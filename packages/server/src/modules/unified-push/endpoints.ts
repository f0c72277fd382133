/** Endpoints of the apps of a host's accounts: addresses that nobody guesses, the same as long as they are renewed. */

import { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { Table } from '@tercet/storage'
import { clientOf } from '../../clients.ts'
import type { Host } from '../../host.ts'
import type { Session } from '../../session.ts'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'

/** Where pushes for one use of an app go. */
export interface Endpoint {
  readonly token: string
  readonly local: string
  /** Of the session that registered it last, and which of the account's clients that is, if it says so. */
  readonly resource: string
  readonly client?: string
  /** Names that the client has made up. */
  readonly application: string
  readonly instance: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

type Names = Pick<Endpoint, 'application' | 'instance'>
type EndpointRow = Omit<Endpoint, 'local' | 'token'>

const TOKEN_LENGTH = 43

/** The endpoints of one host. Those of an account change in its queue. */
export class Endpoints {
  readonly #host: Host
  readonly #rows: Table<EndpointRow>
  /** Whose a token is. */
  readonly #owners: Table<string>
  readonly #max: number
  readonly #lifeMs: number

  /** @param options.max of one account */
  constructor(host: Host, { max, lifeMs }: { readonly max: number; readonly lifeMs: number }) {
    this.#host = host
    this.#rows = host.table('unified push')
    this.#owners = host.table('unified push owners')
    this.#max = max
    this.#lifeMs = lifeMs
  }

  /** The endpoint of a token, unless its time is over. */
  async find(token: string): Promise<Endpoint | undefined> {
    const owner = await this.#owners.get(this.#host.domain, '', token)
    const row = owner && (await this.#rows.get(this.#host.domain, owner.value, token))
    return row && row.value.expires > Date.now() ? { token, local: owner.value, ...row.value } : undefined
  }

  /** Makes an endpoint, or gives the one that is there more time, and leads it to this client. @throws {StanzaError} there are too many */
  async register(session: Session, names: Names, turn: Turn): Promise<Endpoint> {
    const { local, resource } = session.jid
    const client = session.get(clientOf)
    const { application, instance } = names
    const rows = await this.#rows.list(this.#host.domain, local)
    const now = Date.now()
    const living = rows.filter(({ value }) => value.expires > now)
    const same = living.find(({ value }) => value.application === application && value.instance === instance)
    if (!same && living.length >= this.#max)
      throw new StanzaError('resource-constraint', { type: 'wait', text: 'Too many apps are registered' })
    for (const { key, value } of rows) if (value.expires <= now) this.#delete(local, key, turn)
    const token = same?.key ?? newToken(TOKEN_LENGTH)
    const expires = now + this.#lifeMs
    const row = { resource, application, instance, expires, ...(client === undefined ? {} : { client }) }
    this.#rows.put(turn.unit, this.#host.domain, local, token, row)
    if (!same) this.#owners.put(turn.unit, this.#host.domain, '', token, local)
    return { token, local, ...row }
  }

  /** Ends an endpoint, whose app is gone, unless it was renewed meanwhile. */
  remove({ token, local, expires }: Endpoint): Promise<void> {
    return this.#changed(local, async turn => {
      const row = await this.#rows.get(this.#host.domain, local, token)
      if (row?.value.expires === expires) this.#delete(local, token, turn)
    })
  }

  /** Ends all of an account. */
  async clear({ local }: BareJid, turn: Turn): Promise<void> {
    for (const { key } of await this.#rows.list(this.#host.domain, local)) this.#delete(local, key, turn)
  }

  /** Removes those whose time is over. */
  async sweep(): Promise<void> {
    for await (const local of this.#rows.owners(this.#host.domain))
      await this.#changed(local, async turn => {
        for (const { key, value } of await this.#rows.list(this.#host.domain, local))
          if (value.expires <= Date.now()) this.#delete(local, key, turn)
      })
  }

  async #changed(local: string, run: (turn: Turn) => Promise<void>): Promise<void> {
    const account = this.#host.account(BareJid.of(local, this.#host.domain))
    const turn = this.#host.server.turn()
    await account.entered(() => run(turn)).finally(() => turn.release())
  }

  #delete(local: string, token: string, turn: Turn): void {
    this.#rows.delete(turn.unit, this.#host.domain, local, token)
    this.#owners.delete(turn.unit, this.#host.domain, '', token)
  }
}
