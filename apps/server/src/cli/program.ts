/** The command line: all verbs, and what their errors look like. */

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { ConfigError } from '../config.ts'
import { isForPeople, textForPeople } from '../user-error.ts'
import { accountAdd } from './account-add.ts'
import { accountImport } from './account-import.ts'
import { accountList } from './account-list.ts'
import { accountPasswd } from './account-passwd.ts'
import { accountRemove } from './account-remove.ts'
import { backup } from './backup.ts'
import { check } from './check.ts'
import { invite } from './invite.ts'
import { push } from './push.ts'
import { reportList } from './report-list.ts'
import { s2s } from './s2s.ts'
import { start, type Serve } from './start.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'

/** Runs the verb that `argv` names. Errors end the process with exit code 1; those for people without a stack. */
export async function runCommandLine(argv: readonly string[], serve: Serve): Promise<void> {
  // The name that other programs show, and an end of passwords in the arguments that they show.
  process.title = 'tercet'
  // Everything this program makes is for its owner alone, unless it says otherwise.
  process.umask(0o077)
  // Whoever reads what we print may stop reading.
  process.stdout.on('error', () => {})
  try {
    await program(serve).parseAsync(argv)
  } catch (error) {
    process.stderr.write(errorText(error))
    process.exit(1)
  }
}

/** All verbs. */
export function program(serve: Serve): Command {
  const account = new Command('account')
    .description('accounts of the hosts of this server')
    .addCommand(accountAdd())
    .addCommand(accountList())
    .addCommand(accountPasswd())
    .addCommand(accountRemove())
    .addCommand(accountImport())
  const report = new Command('report').description('what users report about others').addCommand(reportList())
  return new Command('tercet')
    .description('A complete XMPP server. Without a configuration file it serves localhost to this machine alone.')
    .version(version())
    .configureHelp({
      // One page tells all: verbs of verbs are listed too.
      visibleCommands: command => command.commands.flatMap(verb => (verb.commands.length > 0 ? verb.commands : [verb])),
      subcommandTerm: verb => `${prefixOf(verb)}${verb.name()} ${verb.usage()}`,
    })
    .addHelpText('after', '\n"tercet COMMAND --help" tells more about a command.')
    .addCommand(start(serve))
    .addCommand(check())
    .addCommand(account)
    .addCommand(invite())
    .addCommand(push())
    .addCommand(report)
    .addCommand(backup())
    .addCommand(stop())
    .addCommand(status())
    .addCommand(s2s())
}

/** Verbs of verbs are written with both. */
function prefixOf({ parent }: Command): string {
  return parent?.parent ? `${parent.name()} ` : ''
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version // our own file
}

function errorText(error: unknown): string {
  if (error instanceof ConfigError) return `${error.message}\n`
  if (isForPeople(error)) return `tercet: ${textForPeople(error)}\n`
  return `tercet: this is a defect of the program\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
}
