/** Plays on our own server, run from its sources as a process of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts, reachable, startProcess } from '@tercet/testkit'
import type { Launch, LaunchOptions } from './server-under-test.ts'

const main = join(import.meta.dirname, '../../../server/src/main.ts')
const run = [`--conditions=@tercet/source`, main]

/** Launches `tercet start` with a configuration and accounts of its own. */
export const launch: Launch = async options => {
  const folder = await mkdtemp(join(tmpdir(), 'tercet-'))
  const [port = 0, tlsPort = 0, httpPort = 0] = await freePorts(3)
  const configFile = join(folder, 'tercet.toml')
  const pidFile = join(folder, 'tercet.pid')
  const accountsFile = join(folder, 'accounts.csv')
  await writeFile(configFile, configuration(options, { folder, port, tlsPort, httpPort }))
  await writeFile(accountsFile, options.accounts.map(account => `${account},${options.password}\n`).join(''))
  await promisify(execFile)(process.execPath, [...run, 'account', 'import', accountsFile, '--config', configFile])
  const start = async () => {
    const started = await startProcess(
      process.execPath,
      [...run, 'start', '--config', configFile, '--pid-file', pidFile],
      {
        logFile: join(folder, 'output.log'),
      },
    )
    try {
      await reachable(port, started)
    } catch (cause) {
      await started.kill()
      throw cause
    }
    return started
  }
  let running = await start()
  return {
    house: {
      host: '127.0.0.1',
      port,
      tlsPort,
      webSocketUrl: `ws://127.0.0.1:${httpPort}/ws`,
      password: options.password,
    },
    restart: async () => {
      await running.stop()
      running = await start()
    },
    stop: async () => {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Where each need is set: table, key. */
const keys: Record<string, [table: string, key: string]> = {
  'require-tls': ['c2s', 'require_tls'],
  'login-seconds': ['c2s', 'login_seconds'],
  'sasl-attempts': ['c2s', 'sasl_attempts'],
  'stanza-bytes': ['limits', 'stanza_bytes'],
  'sessions-per-account': ['limits', 'sessions_per_account'],
  'offline-messages': ['limits', 'offline_messages'],
  'resume-seconds': ['limits', 'resume_seconds'],
}

function configuration(
  options: LaunchOptions,
  place: { folder: string; port: number; tlsPort: number; httpPort: number },
): string {
  const tables: Record<string, string[]> = { c2s: [], limits: [] }
  for (const [need, value] of Object.entries({ 'require-tls': 'false', ...options.needs })) {
    const [table, key] = keys[need] ?? []
    if (table !== undefined) tables[table]?.push(`${String(key)} = ${value}`)
  }
  return [
    `data = ${JSON.stringify(join(place.folder, 'data'))}`,
    '[[host]]',
    'name = "a.test"',
    '[[host]]',
    'name = "b.test"',
    '[listen]',
    `c2s = ["127.0.0.1:${place.port}"]`,
    `c2s_tls = ["127.0.0.1:${place.tlsPort}"]`,
    `http = ["127.0.0.1:${place.httpPort}"]`,
    '[tls]',
    `certificate = ${JSON.stringify(options.certificateFile)}`,
    `key = ${JSON.stringify(options.keyFile)}`,
    ...Object.entries(tables).flatMap(([table, lines]) => (lines.length > 0 ? [`[${table}]`, ...lines] : [])),
    // Hundreds of accounts are made: as little work for each as is allowed (RFC 7677 §4).
    '[auth]',
    'iterations = 4096',
    '[modules.register]',
    'open = true',
    '',
  ].join('\n')
}
