/** tercet account remove: removes an account and what is stored for it. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { remove } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function accountRemove(): Command {
  return new Command('remove')
    .description('remove an account with everything that is stored for it, and end its sessions')
    .argument('<jid>', 'its address')
    .addOption(configOption())
    .action(async (jid: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const removed = await reached.ask(remove, { jid })
        process.stdout.write(`${removed.jid} was removed\n`)
      })
    })
}
