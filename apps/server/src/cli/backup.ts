/** tercet backup: copies all data to a file while the server runs. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { backup as operation } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function backup(): Command {
  return new Command('backup')
    .description(
      'copy all data to a file, while the server runs; as tercet.db in an empty data folder it is the same server',
    )
    .argument('<file>', 'file to write; one that exists is replaced when the copy is complete')
    .addOption(configOption())
    .action(async (file: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { path } = await reached.ask(operation, { path: resolve(file) })
        process.stdout.write(`The data was copied to ${path}\n`)
      })
    })
}
