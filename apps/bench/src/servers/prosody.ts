/** Debian's Prosody with the modules of its default configuration, without rate limits, and without federation where none is measured. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveScramKeys } from '@tercet/sasl'
import { DOMAIN, FAR_ACCOUNTS, FAR_DOMAIN, ITERATIONS, PASSWORD, type Ground } from '../ground.ts'
import { startNameServer } from './dns.ts'
import { startFederation, type Side } from './federation.ts'
import { startServer } from './process.ts'
import type { BenchServer, Install, StartOptions } from './server.ts'

const modules = [
  ['disco', 'roster', 'saslauth', 'tls', 'blocklist', 'bookmarks', 'carbons', 'pep', 'private', 'smacks', 'vcard4'],
  ['vcard_legacy', 'csi_simple', 'dialback', 'ping', 'register', 'time', 'uptime', 'version'],
].flat()

/** Writes the accounts as files of Prosody's internal store. */
export const installProsody: Install = async ground => {
  const template = join(ground.folder, 'prosody')
  // One salt for all: it changes nothing for the server.
  const salt = 'c0ffee00-bench-salt'
  const keys = await deriveScramKeys(PASSWORD, 'SHA-1', Buffer.from(salt), ITERATIONS)
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const row = `return { stored_key = "${hex(keys.storedKey)}", server_key = "${hex(keys.serverKey)}", salt = "${salt}", iteration_count = ${ITERATIONS} }\n`
  const add = async (domain: string, locals: readonly string[]) => {
    const accounts = join(template, 'data', domain.replaceAll('.', '%2e'), 'accounts')
    await mkdir(accounts, { recursive: true })
    for (const local of locals) await writeFile(join(accounts, `${local}.dat`), row)
  }
  await add(DOMAIN, ground.locals)
  await add(FAR_DOMAIN, ground.locals.slice(0, FAR_ACCOUNTS))
  const start = ({ archive = false, side }: StartOptions, federation = alone) =>
    startServer(ground, {
      name: 'prosody',
      template,
      async command(folder, port) {
        const file = join(folder, 'prosody.cfg.lua')
        const enabled = archive ? [...modules, 'mam'] : modules
        await writeFile(file, configuration(ground, folder, port, enabled, federation, side?.domain ?? DOMAIN))
        return ['/usr/bin/prosody', '-F', '--config', file]
      },
    })
  const startSide = (side: Side) => startNamed(ground, side, lines => start({ side }, lines))
  return {
    name: 'prosody',
    start: (options = {}) =>
      options.federated ? startFederation(startSide) : options.side ? startSide(options.side) : start(options),
  }
}

/** No federation. */
const alone: readonly string[] = ['s2s_ports = {}; modules_disabled = { "s2s"; "dialback" }']

/** Prosody asks nothing but DNS where a domain is. */
async function startNamed(
  ground: Ground,
  side: Side,
  start: (lines: readonly string[]) => Promise<BenchServer>,
): Promise<BenchServer> {
  await using stack = new AsyncDisposableStack()
  const dns = stack.use(await startNameServer(ground, [side, ...side.others]))
  const { name, pid, port } = stack.use(await start(together(side, dns.port)))
  const both = stack.move()
  return { name, pid, port, [Symbol.asyncDispose]: () => both.disposeAsync() }
}

/** STARTTLS and dialback, as `tercet` has them by default. */
function together(side: Side, dns: number): string[] {
  return [
    `s2s_ports = { ${side.port} }; s2s_secure_auth = false; s2s_require_encryption = true`,
    `unbound = { resolvconf = false, hoststxt = false, forward = "127.0.0.1@${dns}", options = { ["do-not-query-localhost:"] = "no" } }`,
  ]
}

function configuration(
  ground: Ground,
  folder: string,
  port: number,
  enabled: readonly string[],
  federation: readonly string[],
  domain: string,
): string {
  return [
    'run_as_root = true; network_backend = "epoll"; storage = "internal"',
    `pidfile = "${folder}/pid"; data_path = "${folder}/data"; log = { warn = "${folder}/prosody.log" }`,
    `interfaces = { "127.0.0.1" }; c2s_ports = { ${port} }; http_ports = {}; https_ports = {}`,
    'c2s_direct_tls_ports = {}; s2s_direct_tls_ports = {}',
    'default_archive_policy = true',
    `modules_enabled = { ${enabled.map(name => JSON.stringify(name)).join('; ')} }`,
    ...federation,
    'c2s_require_encryption = false; allow_unencrypted_plain_auth = false',
    `authentication = "internal_hashed"; default_iteration_count = ${ITERATIONS}`,
    `ssl = { certificate = "${ground.certificateFile}"; key = "${ground.keyFile}" }`,
    `VirtualHost "${domain}"`,
    '',
  ].join('\n')
}
