/** What a server without accounts says when it starts: how to make the first one. */

import type { Logger } from '@tercet/plugin'
import { formatAddress, isLoopback, type ListenAddress } from '../address.ts'
import type { Config } from '../config.ts'
import { PREFIX } from '../first-account/routes.ts'
import { configArgument } from './options.ts'
import type { Serving } from './start.ts'

/** Says how to make the first account, if there is none. */
export async function welcome(config: Config, { invitation, listening }: Serving, logger: Logger): Promise<void> {
  const token = await invitation.token()
  if (token === undefined) return
  const command = `npx --yes pnpm@12 --silent tercet account add NAME@${invitation.host.domain}${configArgument(config.file)}`
  const door = listening.find(({ option }) => option === 'http')
  const link = door && `${origin(door.at, invitation.host.domain)}${PREFIX}${token}`
  if (!process.stdout.isTTY) {
    logger.info({ command, ...(link === undefined ? {} : { link }) }, 'There is no account yet: make the first one')
    return
  }
  const lines = ['', 'There is no account yet. Make the first one', '', '  with a command:', `    ${command}`, '']
  if (link !== undefined) lines.push('  or in a browser, once and within 24 hours:', `    ${link}`, '')
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Where a browser finds the page: without TLS on this machine, with TLS from elsewhere. */
function origin({ address, port }: ListenAddress, domain: string): string {
  if (address === undefined || address === '::' || address === '0.0.0.0') return `https://${domain}:${port}`
  return `${isLoopback(address) ? 'http' : 'https'}://${formatAddress({ address, port })}`
}
