/** Debian's ejabberd without its control script. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const CONTROL = '/usr/sbin/ejabberdctl'

/**
 * The command that runs it in the foreground on a folder with an `ejabberd.yml`, where its data and log go as well: a lone Erlang node that
 * neither listens for others nor starts their name service.
 *
 * @throws {Error} it is not installed
 */
export async function ejabberdCommand(folder: string): Promise<[file: string, ...args: string[]]> {
  const control = await readFile(CONTROL, 'utf8').catch((cause: unknown) => {
    throw new Error('ejabberd is missing: install the Debian package ejabberd', { cause })
  })
  // Debian's script names the folder of its Erlang libraries.
  const libraries = /^ERL_LIBS='?([^'\n]+)'?$/mu.exec(control)?.[1] ?? '/usr/lib'
  const variables = {
    ERL_LIBS: libraries,
    EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
    ERL_CRASH_DUMP: join(folder, 'crash.dump'),
  }
  return [
    '/usr/bin/env',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...['/usr/bin/erl', '+S', '2', '-noinput', '-mnesia', 'dir', JSON.stringify(join(folder, 'data'))],
    ...['-s', 'ejabberd'],
  ]
}
