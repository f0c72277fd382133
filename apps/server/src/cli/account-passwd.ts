/** tercet account passwd: gives an account a new password. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { passwd } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'
import { newPassword, passwordOption } from './password.ts'

/** The verb. */
export function accountPasswd(): Command {
  return new Command('passwd')
    .description('give an account a new password')
    .argument('<jid>', 'its address')
    .addOption(passwordOption())
    .addOption(configOption())
    .action(async (jid: string, options: { password?: string; config?: string }) => {
      const config = loadConfig(options.config)
      const { password, generated } = await newPassword(options.password)
      await reaching(config, async reached => {
        const changed = await reached.ask(passwd, { jid, password })
        process.stdout.write(`The password of ${changed.jid} was changed\n`)
        if (generated) process.stdout.write(`It is ${password}\n`)
      })
    })
}
