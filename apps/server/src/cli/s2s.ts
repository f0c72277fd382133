/** tercet s2s: other servers. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { s2sForget, s2sList, s2sTest } from '../operations/index.ts'
import { reachingRunning } from '../reach.ts'
import { configOption } from './options.ts'

/** The verbs. */
export function s2s(): Command {
  return new Command('s2s').description('other servers').addCommand(test()).addCommand(list()).addCommand(forget())
}

function test(): Command {
  return new Command('test')
    .description('try to reach another domain and tell each step')
    .argument('<domain>', 'domain to reach')
    .option('--from <host>', 'host in whose name (default: the first one)')
    .addOption(configOption())
    .action(async (domain: string, options: { config?: string; from?: string }) => {
      const { from, steps, failure } = await reachingRunning(loadConfig(options.config), reached =>
        reached.ask(s2sTest, options.from === undefined ? { domain } : { domain, from: options.from }),
      )
      const lines = steps.map(({ ok, text }) => `${ok ? 'ok' : '--'}  ${text}`)
      lines.unshift(`From ${from} to ${domain}:`)
      lines.push(failure === undefined ? `${domain} can be reached` : `${domain} cannot be reached: ${failure}`)
      process.stdout.write(lines.map(line => `${line}\n`).join(''))
      if (failure !== undefined) process.exitCode = 1
    })
}

function list(): Command {
  return new Command('list')
    .description('print the streams and queues of other domains')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const facts = await reachingRunning(loadConfig(options.config), reached => reached.ask(s2sList, {}))
      process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : asText(facts))
    })
}

function forget(): Command {
  return new Command('forget')
    .description('forget the certificate that was trusted on first use')
    .argument('<domain>', 'domain whose certificate has changed')
    .addOption(configOption())
    .action(async (domain: string, options: { config?: string }) => {
      await reachingRunning(loadConfig(options.config), reached => reached.ask(s2sForget, { domain }))
      process.stdout.write(`The next certificate of ${domain} will be trusted\n`)
    })
}

type Facts = Awaited<ReturnType<typeof s2sList.run>>

function asText({ domains, pins }: Facts): string {
  const lines: string[] = []
  for (const { domain, state, queued, attempts, failure, streams } of domains) {
    const trouble = failure === undefined ? '' : `, ${attempts} failed attempts: ${failure}`
    lines.push(`${domain}: ${state}, ${queued} waiting or unconfirmed${trouble}`)
    for (const stream of streams) {
      const secret = stream.encrypted ? `encrypted, certificate: ${stream.certificate}` : 'not encrypted'
      lines.push(
        `  ${stream.direction} ${stream.remote} (${secret}; proven by ${stream.proof}; confirms by ${stream.confirmation})`,
      )
      for (const pair of stream.pairs) lines.push(`    ${pair}`)
    }
  }
  for (const { domain, fingerprint, at } of pins)
    lines.push(`${domain}: certificate ${fingerprint} trusted since ${new Date(at).toISOString().slice(0, 10)}`)
  if (lines.length === 0) lines.push('No other servers')
  return lines.map(line => `${line}\n`).join('')
}
