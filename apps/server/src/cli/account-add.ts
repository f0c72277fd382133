/** tercet account add: makes an account. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { add } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'
import { newPassword, passwordOption } from './password.ts'

/** The verb. */
export function accountAdd(): Command {
  return new Command('add')
    .description('make an account')
    .argument('<jid>', 'its address, such as alice@localhost')
    .addOption(passwordOption())
    .addOption(configOption())
    .action(async (jid: string, options: { password?: string; config?: string }) => {
      const config = loadConfig(options.config)
      const { password, generated } = await newPassword(options.password)
      await reaching(config, async reached => {
        const added = await reached.ask(add, { jid, password })
        process.stdout.write(`${added.jid} was added\n`)
        if (generated) process.stdout.write(`Its password is ${password}\n`)
      })
    })
}
