/** Tokens for fast logins (XEP-0484 0.2.0), and which clients have access to an account (XEP-0494 0.1.0). */

import { Element } from '@tercet/xml'
import { StanzaError, StreamError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/clients'
import { z } from 'zod'
import type { Account } from '../account.ts'
import { clientOf, Clients, type ClientRow } from '../clients.ts'
import { isGood } from '../client-tokens.ts'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import { accountRemoved } from '../points.ts'
import type { Session } from '../session.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Remembers the clients of accounts, and gives them tokens. */
export const clients = defineModule({
  name: 'clients',
  specs: { 'XEP-0484': '0.2.0', 'XEP-0494': '0.1.0' },
  features: [wire.NS],
  options: z.strictObject({
    per_account: z.int().positive().default(30).describe('Clients of one account that are remembered'),
    token_days: z.int().positive().default(30).describe('Days for which a token can be used'),
    rotate_hours: z.int().nonnegative().default(24).describe('Hours after which a client gets another token'),
    details: z.boolean().default(true).describe('Whether names of software and devices are kept for their owner'),
  }),
  setup(host, options) {
    const store = new Clients(host, {
      perAccount: options.per_account,
      tokenMs: options.token_days * DAY_MS,
      rotateMs: options.rotate_hours * HOUR_MS,
      details: options.details,
    })
    host.clients = store
    host.on(accountRemoved, 'run', ({ account, turn }) => store.forget(turn.unit, account.jid.local))
    for (const target of ['self', 'server'] as const) {
      host.handle(wire.list, target, (_, context) => list(host, store, ownAccount(host, context)))
      host.handle(wire.revoke, target, ({ id }, context) => revoke(host, store, id, context))
    }
  },
})

type Client = ReturnType<typeof wire.list.readResult>[number]

/** @throws {StanzaError} `service-unavailable`: it is somebody of elsewhere */
function ownAccount(host: Host, { session }: IqContext): Account {
  if (session?.host !== host) throw new StanzaError('service-unavailable')
  return session.account
}

/** §3.1: whoever can get in, and whoever is in. */
async function list(host: Host, store: Clients, account: Account): Promise<Client[]> {
  const since = (await host.accounts.facts(account.jid.local))?.changedAt ?? 0
  const found: Client[] = []
  const listed = new Set<Session>()
  for (const { clientId, row } of await store.list(account.jid.local)) {
    const sessions = account.sessions.filter(session => session.get(clientOf) === clientId)
    for (const session of sessions) listed.add(session)
    const auth = accessOf(row, since)
    if (sessions.length > 0 || auth.password || auth.grant || auth.fast)
      found.push(described(row, auth, sessions.length > 0))
  }
  // Those that have not said who they are know the password, as far as anybody can tell.
  for (const session of account.sessions) {
    if (listed.has(session)) continue
    found.push({
      id: session.jid.resource,
      connected: true,
      type: 'session',
      auth: { password: true, grant: false, fast: false },
      permission: 'unrestricted',
    })
  }
  return found
}

function accessOf(row: ClientRow, since: number): Client['auth'] {
  return {
    password: (row.passwordAt ?? -1) >= since,
    grant: row.grantAt !== undefined,
    fast: row.tokens.some(token => isGood(token, since)),
  }
}

function described(
  { id, firstSeen, lastSeen, software, device }: ClientRow,
  auth: Client['auth'],
  connected: boolean,
): Client {
  return {
    id,
    connected,
    type: 'session',
    firstSeen: new Date(firstSeen),
    lastSeen: connected ? new Date() : new Date(lastSeen),
    auth,
    permission: 'unrestricted',
    ...(software === undefined && device === undefined ? {} : { userAgent: { software, device } }),
  }
}

/**
 * §3.2: takes a client's tokens away and ends its sessions.
 *
 * @throws {StanzaError} `item-not-found`: there is no such client · `service-unavailable`: it knows the password
 */
async function revoke(host: Host, store: Clients, id: string, context: IqContext): Promise<void> {
  const account = ownAccount(host, context)
  const { local } = account.jid
  const since = (await host.accounts.facts(local))?.changedAt ?? 0
  const client = (await store.list(local)).find(({ row }) => row.id === id)
  const unnamed = account.sessions.some(session => session.jid.resource === id && session.get(clientOf) === undefined)
  if (!client && !unnamed) throw new StanzaError('item-not-found', { text: 'There is no such client' })
  if (!client || accessOf(client.row, since).password) {
    throw new StanzaError('service-unavailable', {
      text: 'This client knows the password: choose another one',
      application: new Element(wire.passwordResetRequired.name, wire.NS),
    })
  }
  store.forget(context.turn.unit, local, client.clientId)
  for (const session of account.sessions) {
    if (session.get(clientOf) !== client.clientId) continue
    session.stream?.fail(new StreamError('not-authorized', { text: 'The access of this client was taken away' }))
    void host.life.end(session).catch(host.bug)
  }
}
