/** Our own server, run from its sources: Node strips the types as it loads them, which costs nothing afterwards. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { DOMAIN, FAR_ACCOUNTS, FAR_DOMAIN, ITERATIONS, PASSWORD, type Ground } from '../ground.ts'
import { startFederation, type Side } from './federation.ts'
import { startServer } from './process.ts'
import type { Install, InstallOptions, ServerKind, StartOptions } from './server.ts'

const here = join(import.meta.dirname, '../../../..')

/** What `pnpm start` sets as well (apps/server/README.md, "Memory"). */
const allocator = ['MALLOC_MMAP_THRESHOLD_=65536', 'MALLOC_TOP_PAD_=0']

/** This checkout. */
export const installTercet: Install = (ground, options) => install(here, 'tercet', ground, options)

/** Another checkout, to compare a change with what was before. */
export function installCheckout(root: string): Install {
  return (ground, options) => install(resolve(root), basename(root), ground, options)
}

/** This checkout, with some of its modules only. */
export async function installModules(
  ground: Ground,
): Promise<(name: string, modules: readonly string[]) => ServerKind> {
  const template = await makeTemplate(here, 'modules', ground)
  const program = join(import.meta.dirname, 'modules-program.ts')
  return (name, modules) => ({
    name,
    start: () =>
      startServer(ground, {
        name,
        template,
        command: (folder, port) =>
          Promise.resolve([
            '/usr/bin/env',
            ...allocator,
            process.execPath,
            '--conditions=@tercet/source',
            program,
            ...[DOMAIN, join(folder, 'data'), String(port), ...modules],
          ]),
      }),
  })
}

async function install(root: string, name: string, ground: Ground, { profile }: InstallOptions): Promise<ServerKind> {
  const main = mainOf(root)
  const template = await makeTemplate(root, name, ground)
  // An older checkout may have no archive to switch off.
  const archives = existsSync(join(root, 'packages/server/src/modules/mam'))
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const start = ({ archive = false, side }: StartOptions) =>
    startServer(ground, {
      name,
      template,
      async command(folder, port) {
        const file = join(folder, 'tercet.toml')
        const policy = archives ? ['[modules.mam]', `default = "${archive ? 'always' : 'never'}"`, ''].join('\n') : ''
        await writeFile(file, configuration(ground, folder, port, [side?.domain ?? DOMAIN], side) + policy)
        const start = ['start', '--config', file, '--pid-file', join(folder, 'pid')]
        return ['/usr/bin/env', ...allocator, process.execPath, ...profiling, ...main, ...start]
      },
    })
  return {
    name,
    start: (options = {}) => (options.federated ? startFederation(side => start({ side })) : start(options)),
  }
}

function mainOf(root: string): string[] {
  return ['--conditions=@tercet/source', join(root, 'apps/server/src/main.ts')]
}

/** A folder whose `data` has all accounts. */
async function makeTemplate(root: string, name: string, ground: Ground): Promise<string> {
  const template = join(ground.folder, name)
  await mkdir(template)
  const configFile = join(template, 'tercet.toml')
  const accountsFile = join(ground.folder, 'accounts.csv')
  await writeFile(configFile, configuration(ground, template, 0, [DOMAIN, FAR_DOMAIN]))
  const far = ground.locals.slice(0, FAR_ACCOUNTS)
  const accounts = [...ground.locals.map(local => `${local}@${DOMAIN}`), ...far.map(local => `${local}@${FAR_DOMAIN}`)]
  await writeFile(accountsFile, accounts.map(jid => `${jid},${PASSWORD}\n`).join(''))
  const importing = [...mainOf(root), 'account', 'import', accountsFile, '--config', configFile]
  await promisify(execFile)(process.execPath, importing)
  return template
}

function configuration(ground: Ground, folder: string, port: number, domains: readonly string[], side?: Side): string {
  return [
    `data = ${JSON.stringify(join(folder, 'data'))}`,
    ...domains.flatMap(domain => ['[[host]]', `name = "${domain}"`]),
    '[listen]',
    `c2s = ["127.0.0.1:${port}"]`,
    ...(side ? [`s2s = ["127.0.0.1:${side.port}"]`] : []),
    '[c2s]',
    'require_tls = false',
    '[tls]',
    `certificate = ${JSON.stringify(ground.certificateFile)}`,
    `key = ${JSON.stringify(ground.keyFile)}`,
    '[auth]',
    `iterations = ${ITERATIONS}`,
    ...(side ? federation(side) : []),
    '',
  ].join('\n')
}

/** No limit of stanzas: Prosody has none in this run. */
function federation({ others }: Side): string[] {
  const found = others.flatMap(({ domain, port }) => [
    '[[s2s.domain]]',
    `name = "${domain}"`,
    `target = "127.0.0.1:${port}"`,
  ])
  return ['[s2s]', 'stanzas_per_second = 1_000_000', ...found]
}
