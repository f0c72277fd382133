/** tercet stop: ends the running server in order. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { stop as operation } from '../operations/index.ts'
import { reachRunning } from '../reach.ts'
import { UserError } from '../user-error.ts'
import { configOption } from './options.ts'

/** The verb. */
export function stop(): Command {
  return new Command('stop')
    .description('end the running server in order, and wait until it has ended')
    .addOption(configOption())
    .action(async (options: { config?: string }) => {
      const config = loadConfig(options.config)
      const reached = await reachRunning(config)
      if (!reached) throw new UserError(`No server is running on ${config.data}`)
      const { pid } = await reached.ask(operation, {})
      await reached.ended
      process.stdout.write(`The server (pid ${pid}) has stopped\n`)
    })
}
