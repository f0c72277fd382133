/** tercet account list: prints all accounts. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { list } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function accountList(): Command {
  return new Command('list')
    .description('print the addresses of all accounts, one a line')
    .addOption(configOption())
    .action(async (options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { jids } = await reached.ask(list, {})
        process.stdout.write(jids.map(jid => `${jid}\n`).join(''))
      })
    })
}
