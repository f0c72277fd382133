/** A server under strace and a modest load: the order of what goes to the disk and what is told to the senders. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LoadClient } from '@tercet/testkit/load-client'
import { ServerProcess } from './server-process.ts'
import { checkOrder, tracedCalls, traceEvents, type OrderReport, type TracedSender } from './trace.ts'
import { until, within } from './within.ts'

const NS_SM = 'urn:xmpp:sm:3'
const SENDERS = 4
const MESSAGES = 150
const WINDOW = 10
const LOAD_MS = 60_000

/** What is changed for the run. */
export interface OrderOptions {
  readonly preload?: readonly URL[]
}

/**
 * Sends messages to somebody who is absent, so that each of them has to be on disk before it is acknowledged, and compares.
 *
 * @throws {Error} strace is not installed, or the server does not do its work
 */
export async function traceOrder({ preload = [] }: OrderOptions = {}): Promise<OrderReport> {
  requireStrace()
  const names = Array.from({ length: SENDERS }, (_, index) => `s${index}`)
  await using server = await ServerProcess.prepare(['absent', ...names].map(local => ({ local })))
  const file = join(server.folder, 'trace')
  // -D: strace is the server's child and not the other way round, so that a kill hits the server.
  const wrap = ['strace', '-D', '-f', '-yy', '--seccomp-bpf', '-s', '70000', '-e', tracedCalls]
  await server.start({ preload, wrap: [...wrap, '-o', file] })
  const { pid } = server
  const senders = await within(
    LOAD_MS,
    'The load is acknowledged',
    Promise.all(names.map(local => load(server, local))),
  )
  await server.kill()
  const over = new RegExp(`^${pid} +\\+\\+\\+ (killed|exited)`, 'm')
  await until(10_000, 'strace has written everything', () => over.test(readFileSync(file, 'latin1').slice(-4096)))
  return checkOrder(traceEvents(readFileSync(file, 'latin1').split('\n')), senders)
}

function requireStrace(): void {
  if (spawnSync('strace', ['--version']).status !== 0)
    throw new Error('strace is missing: run scripts/install-debian.sh tools as root')
}

/** Sends all messages of one sender, a window at a time, until all are acknowledged. */
async function load(server: ServerProcess, local: string): Promise<TracedSender> {
  const { port, domain } = server
  const client = new LoadClient({ host: '127.0.0.1', port, domain, local, password: `pw-${local}`, resource: 'r' })
  try {
    await client.authenticate()
    await client.bind()
    client.send(`<enable xmlns='${NS_SM}'/>`)
    await client.expect(/<enabled [^>]*>/)
    const ids: string[] = []
    for (let h = 0; h < MESSAGES;) {
      for (; ids.length < Math.min(MESSAGES, h + WINDOW); ids.push(`${local}-${ids.length + 1}`)) {
        const id = `${local}-${ids.length + 1}`
        client.send(`<message to='absent@${domain}' type='chat' id='${id}'><body>Message ${id}</body></message>`)
      }
      client.send(`<r xmlns='${NS_SM}'/>`)
      while (h < ids.length) h = Number((await client.expect(/<a [^>]*?\bh='(\d+)'[^>]*>/))[1])
    }
    return { port: client.socket.localPort!, ids }
  } finally {
    client.destroy()
  }
}
