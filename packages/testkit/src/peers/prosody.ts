/** Prosody (0.12 or later) in the foreground with a configuration of its own in a temporary folder, on loopback ports only. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../ports.ts'
import { reachable, startProcess } from './process.ts'
import type { RunningProcess } from './process.ts'

/** COMPAT(Prosody 0.12): a signal that meets it at work may end it without the words that it has for streams; by then it is idle. */
const CALM_MS = 300

/** What a Prosody is started with. */
export interface ProsodyOptions {
  /** Served domains. Default `a.test` and `b.test`. */
  readonly domains?: readonly string[]
  /** Bare addresses that exist from the start, all with this password. */
  readonly accounts?: readonly string[]
  readonly password?: string
  /** Domains of external components, with this password for their secret. */
  readonly components?: readonly string[]
  /** PEM files; without them there is no TLS. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string }
  /** More lines of configuration in Prosody's own language (global section). */
  readonly settings?: readonly string[]
  readonly command?: string
}

/** A running Prosody. */
export interface Prosody extends AsyncDisposable {
  readonly port: number
  readonly tlsPort: number
  readonly httpPort: number
  readonly componentPort: number
  readonly folder: string
  /** Ends the process and starts it again on the same ports and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const modules = [
  'roster',
  'saslauth',
  'tls',
  'disco',
  'private',
  'vcard',
  'ping',
  'time',
  'version',
  'pep',
  'blocklist',
  'carbons',
]
const moreModules = [
  'csi',
  'csi_simple',
  'smacks',
  'offline',
  'presence',
  'message',
  'iq',
  'c2s',
  'websocket',
  'mam',
  'register_ibr',
]

/** Launches Prosody and waits until it listens. @throws {Error} it is not installed or does not start */
export async function launchProsody(options: ProsodyOptions = {}): Promise<Prosody> {
  const folder = await mkdtemp(join(tmpdir(), 'prosody-'))
  const [port = 0, tlsPort = 0, httpPort = 0, componentPort = 0] = await freePorts(4)
  const configFile = join(folder, 'prosody.cfg.lua')
  await writeFile(configFile, configuration(options, { folder, port, tlsPort, httpPort, componentPort }))
  await writeAccounts(folder, options.accounts ?? [], options.password ?? 'secret')
  const start = async () => {
    const started = await startProcess(options.command ?? '/usr/bin/prosody', ['-F', '--config', configFile], {
      logFile: join(folder, 'output.log'),
    })
    try {
      await reachable(port, started)
    } catch (cause) {
      await started.kill()
      throw cause
    }
    return started
  }
  let running: RunningProcess = await start()
  const stop = async () => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    port,
    tlsPort,
    httpPort,
    componentPort,
    folder,
    restart: async () => {
      await new Promise(resolve => setTimeout(resolve, CALM_MS))
      await running.stop()
      running = await start()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Accounts of Prosody's plain internal store: one file each, so that hundreds cost nothing. */
async function writeAccounts(folder: string, accounts: readonly string[], password: string): Promise<void> {
  for (const account of accounts) {
    const [local = '', domain = ''] = account.split('@')
    const store = join(folder, 'data', fileName(domain), 'accounts')
    await mkdir(store, { recursive: true })
    await writeFile(join(store, `${fileName(local)}.dat`), `return { ["password"] = ${JSON.stringify(password)}; };\n`)
  }
}

/** File names of Prosody's internal store: what is no letter or digit is written as %xx. */
function fileName(text: string): string {
  return [...Buffer.from(text)]
    .map(byte =>
      /[A-Za-z0-9]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('')
}

function configuration(
  options: ProsodyOptions,
  place: { folder: string; port: number; tlsPort: number; httpPort: number; componentPort: number },
): string {
  const { tls, domains = ['a.test', 'b.test'], settings = [], components = [] } = options
  const quoted = (values: readonly string[]) => values.map(value => JSON.stringify(value)).join('; ')
  const defaults = [
    'run_as_root = true',
    `pidfile = "${place.folder}/prosody.pid"`,
    `data_path = "${place.folder}/data"`,
    `log = { info = "${place.folder}/prosody.log" }`,
    'interfaces = { "127.0.0.1" }; local_interfaces = { "127.0.0.1" }',
    `c2s_ports = { ${place.port} }; c2s_direct_tls_ports = { ${tls ? place.tlsPort : ''} }`,
    `http_ports = { ${place.httpPort} }; https_ports = { }; s2s_ports = { }`,
    `component_ports = { ${components.length > 0 ? place.componentPort : ''} }`,
    'modules_disabled = { "s2s" }',
    `modules_enabled = { ${quoted([...modules, ...moreModules])} }`,
    'c2s_require_encryption = false; allow_unencrypted_plain_auth = false; authentication = "internal_plain"',
    'consider_websocket_secure = false; http_default_host = "a.test"; http_host = "127.0.0.1"',
    tls ? `ssl = { certificate = "${tls.certificateFile}"; key = "${tls.keyFile}" }` : '',
  ]
  const secret = JSON.stringify(options.password ?? 'secret')
  return (
    [
      ...defaults,
      ...settings,
      ...domains.map(domain => `VirtualHost ${JSON.stringify(domain)}`),
      ...components.map(domain => `Component ${JSON.stringify(domain)}\n  component_secret = ${secret}`),
    ].join('\n') + '\n'
  )
}
