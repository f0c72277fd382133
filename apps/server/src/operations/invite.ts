/** Invitations: make, list, take back. */

import { BareJid } from '@tercet/jid'
import type { Host, Server } from '@tercet/server'
import { invites, type Invite } from '@tercet/server/modules'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { locate } from './account.ts'
import { operation } from './operation.ts'

/** Enough to tell one invitation from another. */
const ID_LENGTH = 8

/** An invitation as an operator sees it: without the token, which nobody knows but who has it. */
export interface ListedInvite extends Omit<Invite, 'hash'> {
  readonly id: string
  readonly host: string
}

/** Makes an invitation: to have an account, and with `contact` to be somebody's contact too. */
export const createInvite = operation({
  name: 'invite.create',
  input: z.strictObject({
    host: z.string().optional(),
    username: z.string().optional(),
    contact: z.string().optional(),
    group: z.string().optional(),
    days: z.number().positive().max(3650).default(7),
    uses: z.int().positive().max(10_000).default(1),
  }),
  async run({ server }, { host: name, username, contact, group, days, uses }) {
    const inviter = contact === undefined ? undefined : locate(server, contact)
    const host = inviter?.host ?? hostOf(server, name)
    if (inviter && !(await host.accounts.exists(inviter.local)))
      throw new UserError(`There is no account ${inviter.text}`)
    const local = username === undefined ? undefined : locate(server, `${username}@${host.domain}`).local
    const made = host.services.get(invites)
    const unit = server.storage.unit()
    try {
      const lifetimeMs = days * 86_400_000
      const options = { account: true, inviter: inviter?.local, username: local, group, lifetimeMs, uses }
      const { token, invite } = await made.create(options, { unit })
      await unit.commit()
      return { uri: made.uri(token, invite), link: made.page?.(token), expiresAt: invite.expiresAt }
    } catch (error) {
      unit.abandon()
      if (error instanceof Error && error.name === 'StanzaError') throw new UserError(error.message, { cause: error })
      throw error
    }
  },
})

/** Lists the invitations that may still be used. */
export const listInvites = operation({
  name: 'invite.list',
  input: z.strictObject({}),
  async run({ server }): Promise<{ invites: readonly ListedInvite[] }> {
    const found: ListedInvite[] = []
    for (const host of server.hosts.values())
      for (const { hash, ...invite } of await host.services.get(invites).list())
        found.push({ ...invite, id: hash.slice(0, ID_LENGTH), host: host.domain })
    return { invites: found }
  },
})

/** Takes an invitation back. */
export const revokeInvite = operation({
  name: 'invite.revoke',
  input: z.strictObject({ id: z.string().length(ID_LENGTH) }),
  async run({ server }, { id }) {
    for (const host of server.hosts.values()) {
      const made = host.services.get(invites)
      for (const invite of await made.list()) {
        if (!invite.hash.startsWith(id)) continue
        const unit = server.storage.unit()
        made.revoke(invite, { unit })
        await unit.commit()
        return { id }
      }
    }
    throw new UserError(`There is no invitation ${id}`)
  },
})

function hostOf(server: Server, name: string | undefined): Host {
  const [first] = server.hosts.values()
  let host = first
  if (name !== undefined) {
    try {
      host = server.hosts.get(BareJid.parse(name).text)
    } catch {
      host = undefined
    }
  }
  if (!host)
    throw new UserError(
      `${name ?? ''} is not a host of this server, which serves ${[...server.hosts.keys()].join(', ')}`,
    )
  return host
}
