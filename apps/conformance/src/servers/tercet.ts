/** Plays on our own server, run from its sources as a process of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts, reachable, startProcess } from '@tercet/testkit'
import { nameServer } from './name-server.ts'
import type { Launch, LaunchOptions } from './server-under-test.ts'

const main = join(import.meta.dirname, '../../../server/src/main.ts')
const run = [`--conditions=@tercet/source`, main]

/** Launches `tercet start` with a configuration and accounts of its own. */
export const launch: Launch = async options => {
  const folder = await mkdtemp(join(tmpdir(), 'tercet-'))
  const [port = 0, tlsPort = 0, httpPort = 0, s2sPort = 0, s2sTlsPort = 0, componentPort = 0] = await freePorts(6)
  const foundBy = options.needs['found-by']
  const dns = await nameServer(foundBy ?? '', foundBy === undefined ? new Map() : (options.remotes ?? new Map()))
  const configFile = join(folder, 'tercet.toml')
  const pidFile = join(folder, 'tercet.pid')
  const accountsFile = join(folder, 'accounts.csv')
  await writeFile(
    configFile,
    configuration(options, { folder, port, tlsPort, httpPort, s2sPort, s2sTlsPort, componentPort, dns: dns.port }),
  )
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
      if ('federation' in options.needs) await reachable(s2sPort, started)
      if (options.components?.length) await reachable(componentPort, started)
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
      s2sPort,
      s2sTlsPort,
      componentPort,
    },
    restart: async () => {
      await running.stop()
      running = await start()
    },
    stop: async () => {
      await running.stop()
      dns.close()
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
  's2s-require-tls': ['s2s', 'require_tls'],
  'retry-seconds': ['s2s', 'retry_seconds'],
  'queue-stanzas': ['s2s', 'queue_stanzas'],
  'idle-seconds': ['s2s', 'idle_seconds'],
  'answer-seconds': ['s2s', 'answer_seconds'],
}

function configuration(
  options: LaunchOptions,
  place: Readonly<
    Record<'port' | 'tlsPort' | 'httpPort' | 's2sPort' | 's2sTlsPort' | 'componentPort' | 'dns', number>
  > & {
    folder: string
  },
): string {
  const tables: Record<string, string[]> = { c2s: [], limits: [], s2s: [] }
  const { components = [] } = options
  const federates = 'federation' in options.needs
  for (const [need, value] of Object.entries({ 'require-tls': 'false', ...options.needs })) {
    const [table, key] = keys[need] ?? []
    if (table !== undefined) tables[table]?.push(`${String(key)} = ${value}`)
  }
  if (federates) {
    tables['s2s']?.push(
      `dns = ["127.0.0.1:${place.dns}"]`,
      `ca = ${JSON.stringify(options.caFile ?? '')}`,
      `private_addresses = ${options.needs['private-addresses'] ?? 'true'}`,
      `authentication = "${options.needs['s2s-authentication'] ?? 'dialback'}"`,
      ...('found-by' in options.needs ? [] : [...(options.remotes ?? [])]).map(
        ([name, port]) => `[[s2s.domain]]\nname = "${name}"\ntarget = "127.0.0.1:${port}"`,
      ),
    )
    if (!('s2s-require-tls' in options.needs)) tables['s2s']?.unshift('require_tls = false')
  }
  return [
    `data = ${JSON.stringify(join(place.folder, 'data'))}`,
    '[[host]]',
    'name = "a.test"',
    ...('anonymous' in options.needs ? ['anonymous = true'] : []),
    '[[host]]',
    'name = "b.test"',
    ...components.flatMap(name => ['[[component]]', `name = "${name}"`, `secret = "${options.password}"`]),
    '[listen]',
    ...(components.length > 0 ? [`component = ["127.0.0.1:${place.componentPort}"]`] : []),
    `c2s = ["127.0.0.1:${place.port}"]`,
    `c2s_tls = ["127.0.0.1:${place.tlsPort}"]`,
    `http = ["127.0.0.1:${place.httpPort}"]`,
    ...(federates ? [`s2s = ["127.0.0.1:${place.s2sPort}"]`, `s2s_tls = ["127.0.0.1:${place.s2sTlsPort}"]`] : []),
    '[tls]',
    `certificate = ${JSON.stringify(options.certificateFile)}`,
    `key = ${JSON.stringify(options.keyFile)}`,
    ...Object.entries(tables).flatMap(([table, lines]) => (lines.length > 0 ? [`[${table}]`, ...lines] : [])),
    // Hundreds of accounts are made: as little work for each as is allowed (RFC 7677 §4).
    '[auth]',
    'iterations = 4096',
    ...('client-certificates' in options.needs
      ? ['[auth.certificates]', `ca = ${JSON.stringify(options.clientCaFile ?? '')}`]
      : []),
    '[modules.register]',
    'open = true',
    '',
  ].join('\n')
}
