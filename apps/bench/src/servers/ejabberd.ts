/** Debian's ejabberd with the modules of its default configuration that the others have too, without rate limits and federation. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ejabberdCommand, freePorts } from '@tercet/testkit'
import { DOMAIN, PASSWORD, type Ground } from '../ground.ts'
import { inParallel } from '../loads/wait.ts'
import { startServer, type Command } from './process.ts'
import type { Install, StartOptions } from './server.ts'

const modules = [
  ['blocking', 'caps', 'carboncopy', 'client_state', 'disco', 'last', 'offline', 'ping', 'privacy', 'private'],
  ['roster', 'stream_mgmt', 'time', 'vcard', 'vcard_xupdate', 'version'],
].flat()

/** Registers the accounts at a running one, as its passwords have to be hashed by itself; its database is the template. */
export const installEjabberd: Install = async ground => {
  const name = 'ejabberd'
  const template = join(ground.folder, name)
  await mkdir(join(template, 'data'), { recursive: true })
  await register(ground, template)
  return {
    name,
    start({ archive = false, federated = false, side }: StartOptions = {}) {
      if (federated || side) throw new Error('Federation with ejabberd is not measured')
      return startServer(ground, { name, template, command: commandOf(ground, { archive }) })
    },
  }
}

async function register(ground: Ground, template: string): Promise<void> {
  const [api = 0] = await freePorts(1)
  const command = commandOf(ground, { api })
  // On the template itself: what it writes there stays.
  const inPlace: Command['command'] = (_, port) => command(template, port)
  await using server = await startServer(ground, { name: 'ejabberd', template, command: inPlace })
  await inParallel(ground.locals, 8, async user => {
    const body = JSON.stringify({ user, host: DOMAIN, password: PASSWORD })
    const answer = await fetch(`http://127.0.0.1:${api}/api/register`, { method: 'POST', body })
    if (!answer.ok) throw new Error(`${server.name} does not register ${user}: ${await answer.text()}`)
  })
}

function commandOf(ground: Ground, options: { archive?: boolean; api?: number }): Command['command'] {
  return async (folder, port) => {
    await writeFile(join(folder, 'ejabberd.yml'), configuration(ground, port, options))
    return ejabberdCommand(folder)
  }
}

function configuration(
  { certificateFile, keyFile }: Ground,
  port: number,
  { archive = false, api }: { archive?: boolean; api?: number },
): string {
  const administration =
    api === undefined
      ? []
      : [
          '  -',
          '    ip: 127.0.0.1',
          `    port: ${api}`,
          '    module: ejabberd_http',
          '    request_handlers: { /api: mod_http_api }',
        ]
  return [
    'loglevel: warning',
    `hosts: [${DOMAIN}]`,
    `certfiles: [${certificateFile}, ${keyFile}]`,
    'auth_password_format: scram',
    'auth_scram_hash: sha',
    'api_permissions: { bench: { who: { ip: 127.0.0.0/8 }, what: "*" } }',
    'listen:',
    ...['  -', '    ip: 127.0.0.1', `    port: ${port}`, '    module: ejabberd_c2s', '    starttls: true'],
    ...administration,
    'modules:',
    ...modules.map(name => `  mod_${name}: {}`),
    '  mod_pubsub: { plugins: [flat, pep] }',
    ...(archive ? ['  mod_mam: { default: always }'] : []),
    '',
  ].join('\n')
}
