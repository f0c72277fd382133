/** Our own server, run from its sources: Node strips the types as it loads them, which costs nothing afterwards. */

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { DOMAIN, ITERATIONS, PASSWORD, type Ground } from '../ground.ts'
import { startServer } from './process.ts'
import type { Install, InstallOptions, ServerKind } from './server.ts'

const here = join(import.meta.dirname, '../../../..')

/** This checkout. */
export const installTercet: Install = (ground, options) => install(here, 'tercet', ground, options)

/** Another checkout, to compare a change with what was before. */
export function installCheckout(root: string): Install {
  return (ground, options) => install(resolve(root), basename(root), ground, options)
}

async function install(root: string, name: string, ground: Ground, { profile }: InstallOptions): Promise<ServerKind> {
  const main = ['--conditions=@tercet/source', join(root, 'apps/server/src/main.ts')]
  const template = join(ground.folder, name)
  await mkdir(template)
  const configFile = join(template, 'tercet.toml')
  const accountsFile = join(ground.folder, 'accounts.csv')
  await writeFile(configFile, configuration(ground, template, 0))
  await writeFile(accountsFile, ground.locals.map(local => `${local}@${DOMAIN},${PASSWORD}\n`).join(''))
  await promisify(execFile)(process.execPath, [...main, 'account', 'import', accountsFile, '--config', configFile])
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  return {
    name,
    start: () =>
      startServer(ground, {
        name,
        template,
        async command(folder, port) {
          const file = join(folder, 'tercet.toml')
          await writeFile(file, configuration(ground, folder, port))
          const start = ['start', '--config', file, '--pid-file', join(folder, 'pid')]
          return [process.execPath, ...profiling, ...main, ...start]
        },
      }),
  }
}

function configuration(ground: Ground, folder: string, port: number): string {
  return [
    `data = ${JSON.stringify(join(folder, 'data'))}`,
    '[[host]]',
    `name = "${DOMAIN}"`,
    '[listen]',
    `c2s = ["127.0.0.1:${port}"]`,
    '[c2s]',
    'require_tls = false',
    '[tls]',
    `certificate = ${JSON.stringify(ground.certificateFile)}`,
    `key = ${JSON.stringify(ground.keyFile)}`,
    '[auth]',
    `iterations = ${ITERATIONS}`,
    '',
  ].join('\n')
}
