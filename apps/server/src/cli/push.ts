/** tercet push: what becomes of the push notifications of an account. */

import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { showPush, testPush } from '../operations/index.ts'
import { reaching } from '../reach.ts'
import { configOption } from './options.ts'

/** The verbs. */
export function push(): Command {
  return new Command('push').description('push notifications of an account').addCommand(show()).addCommand(test())
}

function show(): Command {
  return new Command('show')
    .description('print where the notifications of an account go, and why some do not any more')
    .argument('<jid>', 'its address')
    .addOption(configOption())
    .action(async (jid: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { nodes, failures } = await reached.ask(showPush, { jid })
        const lines = nodes.map(({ jid, node, enabledAt, pushedAt, answer, answeredAt }) => {
          const parts = [`${jid} ${node}`, `enabled ${dateOf(enabledAt)}`]
          if (pushedAt !== undefined) parts.push(`told ${dateOf(pushedAt)}`)
          if (answer !== undefined && answeredAt !== undefined) parts.push(`said ${dateOf(answeredAt)}: ${answer}`)
          return parts.join(', ')
        })
        for (const { jid, node, reason, at } of failures)
          lines.push(`${jid} ${node}, disabled ${dateOf(at)}: ${reason}`)
        process.stdout.write(
          lines.length === 0 ? 'No app of it has enabled push\n' : lines.map(line => `${plain(line)}\n`).join(''),
        )
      })
    })
}

function test(): Command {
  return new Command('test')
    .description('notify all apps of an account, and print what their push services say within a minute')
    .argument('<jid>', 'its address')
    .addOption(configOption())
    .action(async (jid: string, options: { config?: string }) => {
      await reaching(loadConfig(options.config), async reached => {
        const { answers } = await reached.ask(testPush, { jid })
        if (answers.length === 0) process.stdout.write('No app of it has enabled push\n')
        for (const { jid, node, answer } of answers) process.stdout.write(`${plain(`${jid} ${node}: ${answer}`)}\n`)
        if (answers.some(({ answer }) => answer !== 'ok')) process.exitCode = 1
      })
    })
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** What others wrote, without what terminals obey. */
function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}
