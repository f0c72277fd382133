/** tercet stop: ends the running server in order. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { stop as operation } from '../operations/index.ts'
import { reachingRunning } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function stop(): Command {
  return new Command('stop')
    .description('end the running server in order, and wait until it has ended')
    .addOption(configOption())
    .action(async (options: { config?: string }) => {
      await reachingRunning(loadConfig(options.config), async reached => {
        const { pid } = await reached.ask(operation, {})
        await reached.ended
        process.stdout.write(`The server (pid ${pid}) has stopped\n`)
      })
    })
}
