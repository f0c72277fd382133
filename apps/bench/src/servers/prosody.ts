/** Debian's Prosody with the modules of its default configuration, without federation and rate limits. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveScramKeys } from '@tercet/sasl'
import { DOMAIN, ITERATIONS, PASSWORD, type Ground } from '../ground.ts'
import { startServer } from './process.ts'
import type { Install } from './server.ts'

const modules = [
  ['disco', 'roster', 'saslauth', 'tls', 'blocklist', 'bookmarks', 'carbons', 'pep', 'private', 'smacks', 'vcard4'],
  ['vcard_legacy', 'csi_simple', 'ping', 'register', 'time', 'uptime', 'version'],
].flat()

/** Writes the accounts as files of Prosody's internal store. */
export const installProsody: Install = async ground => {
  const template = join(ground.folder, 'prosody')
  const accounts = join(template, 'data', DOMAIN.replaceAll('.', '%2e'), 'accounts')
  await mkdir(accounts, { recursive: true })
  // One salt for all: it changes nothing for the server.
  const salt = 'c0ffee00-bench-salt'
  const keys = await deriveScramKeys(PASSWORD, 'SHA-1', Buffer.from(salt), ITERATIONS)
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const row = `return { stored_key = "${hex(keys.storedKey)}", server_key = "${hex(keys.serverKey)}", salt = "${salt}", iteration_count = ${ITERATIONS} }\n`
  for (const local of ground.locals) await writeFile(join(accounts, `${local}.dat`), row)
  return {
    name: 'prosody',
    start: () =>
      startServer(ground, {
        name: 'prosody',
        template,
        async command(folder, port) {
          const file = join(folder, 'prosody.cfg.lua')
          await writeFile(file, configuration(ground, folder, port))
          return ['/usr/bin/prosody', '-F', '--config', file]
        },
      }),
  }
}

function configuration(ground: Ground, folder: string, port: number): string {
  return [
    'run_as_root = true; network_backend = "epoll"; storage = "internal"',
    `pidfile = "${folder}/pid"; data_path = "${folder}/data"; log = { warn = "${folder}/prosody.log" }`,
    `interfaces = { "127.0.0.1" }; c2s_ports = { ${port} }; s2s_ports = {}; http_ports = {}; https_ports = {}`,
    'c2s_direct_tls_ports = {}; s2s_direct_tls_ports = {}',
    `modules_enabled = { ${modules.map(name => JSON.stringify(name)).join('; ')} }; modules_disabled = { "s2s" }`,
    'c2s_require_encryption = false; allow_unencrypted_plain_auth = false',
    `authentication = "internal_hashed"; default_iteration_count = ${ITERATIONS}`,
    `ssl = { certificate = "${ground.certificateFile}"; key = "${ground.keyFile}" }`,
    `VirtualHost "${DOMAIN}"`,
    '',
  ].join('\n')
}
