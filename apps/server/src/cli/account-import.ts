/** tercet account import: makes the accounts of a CSV file. */

import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { parseAccountLine, type AccountLine } from '../account-csv.ts'
import { lines } from '../lines.ts'
import { importAccounts, importBatch } from '../operations/index.ts'
import { reaching, type Reached } from '../reach.ts'
import { UserError } from '../user-error.ts'
import { configOption } from './options.ts'

const MAX_LINE_CHARACTERS = 65_536

/** The verb. */
export function accountImport(): Command {
  return new Command('import')
    .description('make the accounts of a CSV file with lines "jid,password"; an account that exists gets the password')
    .argument('<file>', 'CSV file in UTF-8')
    .addOption(configOption())
    .action(async (file: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { added, changed, failed } = await importFile(reached, file)
        process.stdout.write(`${added} added, ${changed} changed, ${failed} refused\n`)
        if (failed > 0) process.exitCode = 1
      })
    })
}

async function importFile(reached: Reached, file: string): Promise<{ added: number; changed: number; failed: number }> {
  const total = { added: 0, changed: 0, failed: 0 }
  const refuse = (line: number, text: string): void => {
    total.failed++
    process.stderr.write(`${file}:${line}: ${text}\n`)
  }
  let batch: AccountLine[] = []
  const send = async (): Promise<void> => {
    const { added, changed, failed } = await reached.ask(importAccounts, { accounts: batch })
    total.added += added
    total.changed += changed
    for (const { line, text } of failed) refuse(line, text)
    batch = []
  }
  let line = 0
  try {
    for await (const text of lines(createReadStream(file), MAX_LINE_CHARACTERS)) {
      const parsed = parseAccountLine(text, ++line)
      if (parsed === 'bad') refuse(line, 'expected jid,password')
      else if (parsed) batch.push(parsed)
      if (batch.length === importBatch) await send()
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new UserError(`${file} cannot be read: ${error.message}`, { cause: error })
    throw error
  }
  if (batch.length > 0) await send()
  return total
}
