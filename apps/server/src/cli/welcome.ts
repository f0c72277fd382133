/** What a server without accounts says when it starts: how to make the first one. */

import type { Logger } from '@tercet/plugin'
import type { Config } from '../config.ts'
import { configArgument } from './options.ts'
import type { Serving } from './start.ts'

/** Says how to make the first account, if there is none. */
export async function welcome(config: Config, serving: Serving, logger: Logger): Promise<void> {
  const first = await serving.firstInvite()
  if (!first) return
  const { domain, link } = first
  const command = `npx --yes pnpm@12 --silent tercet account add NAME@${domain}${configArgument(config.file)}`
  if (!process.stdout.isTTY) {
    logger.info({ command, ...(link === undefined ? {} : { link }) }, 'There is no account yet: make the first one')
    return
  }
  const lines = ['', 'There is no account yet. Make the first one', '', '  with a command:', `    ${command}`, '']
  if (link !== undefined) lines.push('  or in a browser, once and within 24 hours:', `    ${link}`, '')
  process.stdout.write(`${lines.join('\n')}\n`)
}
