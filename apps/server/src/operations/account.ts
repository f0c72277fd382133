/** Accounts: add, list, change the password, remove. */

import { BareJid } from '@tercet/jid'
import { removeAccount, type AccountKeys, type Host, type Server } from '@tercet/server'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { operation } from './operation.ts'

const credentials = z.strictObject({ jid: z.string(), password: z.string() })
const address = z.strictObject({ jid: z.string() })

/** Makes an account. */
export const add = operation({
  name: 'account.add',
  input: credentials,
  async run({ server }, { jid, password }) {
    const { host, local, text } = locate(server, jid)
    const taken = new UserError(`${text} exists already`)
    if (await host.accounts.exists(local)) throw taken
    const keys = await derive(host, password)
    try {
      await host.accounts.put(local, keys, { create: true })
    } catch (error) {
      throw error instanceof Error && 'condition' in error && error.condition === 'conflict' ? taken : error
    }
    return { jid: text }
  },
})

/** Lists all accounts, host by host. */
export const list = operation({
  name: 'account.list',
  input: z.strictObject({}),
  async run({ server }) {
    const jids: string[] = []
    for (const host of server.hosts.values())
      for await (const local of host.accounts.list()) if (local !== '') jids.push(BareJid.of(local, host.domain).text)
    return { jids }
  },
})

/** Gives an account a new password. Sessions that are open stay open. */
export const passwd = operation({
  name: 'account.passwd',
  input: credentials,
  async run({ server }, { jid, password }) {
    const { host, local, text } = await existing(server, jid)
    await host.accounts.put(local, await derive(host, password), { create: false })
    return { jid: text }
  },
})

/** Removes an account with what is stored for it, and ends its sessions. */
export const remove = operation({
  name: 'account.remove',
  input: address,
  async run({ server }, { jid }) {
    const { host, local, text } = await existing(server, jid)
    await removeAccount(host, local)
    return { jid: text }
  },
})

/** True when no host has an account. */
export async function hasNoAccount(server: Server): Promise<boolean> {
  for (const host of server.hosts.values())
    for await (const local of host.accounts.list()) if (local !== '') return false
  return true
}

/** The host and the name that a bare address means. @throws {UserError} it is no address of an account here */
export function locate(server: Server, jid: string): { host: Host; local: string; text: string } {
  let parsed: BareJid
  try {
    parsed = BareJid.parse(jid)
  } catch (error) {
    // JidError has a text for people that does not quote the address.
    throw new UserError(`"${jid}" is not an address like name@domain: ${(error as Error).message}`)
  }
  if (parsed.local === '') throw new UserError(`"${jid}" is not an address like name@domain`)
  const host = server.hosts.get(parsed.domain)
  if (!host) {
    const hosts = [...server.hosts.keys()].join(', ')
    throw new UserError(`${parsed.domain} is not a host of this server, which serves ${hosts}`)
  }
  return { host, local: parsed.local, text: parsed.text }
}

async function existing(server: Server, jid: string): Promise<{ host: Host; local: string; text: string }> {
  const found = locate(server, jid)
  if (!(await found.host.accounts.exists(found.local))) throw new UserError(`There is no account ${found.text}`)
  return found
}

/** Keys for a password, made in the thread pool. @throws {UserError} the password cannot be used */
export async function derive(host: Host, password: string): Promise<AccountKeys> {
  if (password === '') throw new UserError('The password is empty')
  try {
    return await host.accounts.derive(password)
  } catch (error) {
    const { message } = error as Error // PrecisError and SaslError alone come from here
    throw new UserError(`The password cannot be used: ${message}`)
  }
}
