/** tercet status: how the running server is. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { status as operation } from '../operations/index.ts'
import { reachingRunning } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function status(): Command {
  return new Command('status')
    .description('print sessions, memory, and how the disk keeps up')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const facts = await reachingRunning(loadConfig(options.config), reached => reached.ask(operation, {}))
      process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : asText(facts))
    })
}

type Facts = Awaited<ReturnType<typeof operation.run>>

function asText(facts: Facts): string {
  const rows: [string, string][] = [
    ['pid', String(facts.pid)],
    ['uptime', duration(facts.uptimeSeconds)],
    ['hosts', facts.hosts.join(', ')],
    ['sessions', `${facts.sessions} (${facts.hibernating} waiting to be resumed)`],
    ['streams', String(facts.streams)],
    [
      'federation',
      facts.federation
        ? `${facts.federation.domains} domains, ${facts.federation.streams} streams, ${facts.federation.queued} stanzas waiting or unconfirmed`
        : 'off',
    ],
    ...facts.components.map(({ domain, connected, unconfirmed }): [string, string] => [
      'component',
      `${domain}: ${connected ? 'connected' : 'away'}, ${unconfirmed} stanzas unconfirmed`,
    ]),
    ['timers', String(facts.timers)],
    ['RSS', `${(facts.rssBytes / 2 ** 20).toFixed(1)} MiB`],
    ['commits', `${facts.commits} with ${facts.rows} rows`],
    ['commit p50', `${facts.commitP50Ms.toFixed(1)} ms`],
    ['commit p99', `${facts.commitP99Ms.toFixed(1)} ms`],
    ['backlog', `${facts.backlog} rows`],
    ['disk', facts.writable ? 'writable' : 'refuses writes'],
  ]
  return rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('')
}

function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return (first < 0 ? parts.slice(-1) : parts.slice(first)).map(([count, unit]) => `${count} ${unit}`).join(' ')
}
