/** tercet report list: prints what users have reported. */

import { Command, InvalidArgumentError } from 'commander'
import type { FiledReport } from '@tercet/server/modules'
import { loadConfig } from '../config.ts'
import { listReports } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function reportList(): Command {
  return new Command('list')
    .description('print the newest reports of users about others, the newest last')
    .option('--about <jid>', 'only those about this address or domain')
    .option('--max <number>', 'so many at most', positive, 100)
    .addOption(configOption())
    .action(async (options: { about?: string; max: number; config?: string }) => {
      const { about, max } = options
      await reaching(loadConfig(options.config), async reached => {
        const { reports } = await reached.ask(listReports, { max, ...(about === undefined ? {} : { about }) })
        process.stdout.write(reports.map(report => `${lineOf(report)}\n`).join(''))
      })
    })
}

/** One line; what a user wrote is quoted, so that it can pretend to be nothing else. */
function lineOf({ at, reporter, reported, reason, text, messages = [] }: FiledReport): string {
  const parts = [new Date(at).toISOString(), reporter, 'reports', reported, reason]
  if (text !== undefined) parts.push(JSON.stringify(text))
  if (messages.length > 0) parts.push(`messages ${messages.map(({ id }) => id).join(' ')}`)
  // Terminals obey some characters.
  return parts.join(' ').replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}

function positive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new InvalidArgumentError('It is 1 to 10000.')
  return number
}
