/** tercet invite: makes invitations, lists them, takes them back. */

import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../config.ts'
import { createInvite, listInvites, revokeInvite, type ListedInvite } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

interface CreateOptions {
  readonly host?: string
  readonly username?: string
  readonly contact?: string
  readonly group?: string
  readonly days: number
  readonly uses: number
  readonly config?: string
}

/** The verbs. */
export function invite(): Command {
  return new Command('invite')
    .description('invitations to have an account')
    .addCommand(create())
    .addCommand(list())
    .addCommand(revoke())
}

function create(): Command {
  return new Command('create')
    .description('make an invitation to have an account, and print its link')
    .option('--host <domain>', 'where the account will be (default: the first host)')
    .option('--username <name>', 'the name that it will have (default: who comes chooses)')
    .option('--contact <jid>', 'whose contact the account will be (default: nobody’s)')
    .option('--group <name>', 'shared group that it will be in')
    .option('--days <number>', 'how long it is good', positive, 7)
    .option('--uses <number>', 'how many may use it', positive, 1)
    .addOption(configOption())
    .action(async ({ config, ...options }: CreateOptions) => {
      await reaching(loadConfig(config), async reached => {
        const { uri, link, expiresAt } = await reached.ask(createInvite, options)
        process.stdout.write(`${link ?? uri}\n`)
        if (link !== undefined) process.stdout.write(`${uri}\n`)
        process.stdout.write(`It is good until ${new Date(expiresAt).toISOString()}\n`)
      })
    })
}

function list(): Command {
  return new Command('list')
    .description('print the invitations that may still be used')
    .addOption(configOption())
    .action(async (options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { invites } = await reached.ask(listInvites, {})
        process.stdout.write(invites.map(one => `${lineOf(one)}\n`).join(''))
      })
    })
}

function revoke(): Command {
  return new Command('revoke')
    .description('take an invitation back')
    .argument('<id>', 'as "invite list" shows it')
    .addOption(configOption())
    .action(async (id: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        await reached.ask(revokeInvite, { id })
        process.stdout.write(`${id} is over\n`)
      })
    })
}

function lineOf({ id, host, inviter, account, username, group, uses, expiresAt }: ListedInvite): string {
  const parts = [id, host, account ? 'account' : 'contact', `until ${new Date(expiresAt).toISOString()}`]
  if (uses > 1) parts.push(`${uses} uses`)
  if (inviter !== undefined) parts.push(`by ${inviter}`)
  if (username !== undefined) parts.push(`for ${username}`)
  if (group !== undefined) parts.push(`in ${group}`)
  return parts.join(' ')
}

function positive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return number
}
