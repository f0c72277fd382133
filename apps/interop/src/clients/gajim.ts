/** Gajim of Debian (GTK, GnuTLS), the whole program on a screen of its own, ordered about by drivers/gajim_driver.py. */

import { fileURLToPath } from 'node:url'
import { openDisplay } from '../display.ts'
import { requireProgram, runToEnd } from '../processes.ts'
import { waitFor } from '../wait.ts'
import { loginWithDriver, type DriverSession } from './driver.ts'
import type { InteropClient, Login } from './interop-client.ts'

const script = fileURLToPath(new URL('../../drivers/gajim_driver.py', import.meta.url))
const python = '/usr/bin/python3'
const trustStore = '/etc/ssl/certs/ca-certificates.crt'

export const gajim: InteropClient<DriverSession> = {
  name: 'Gajim',
  doors: ['starttls', 'direct tls'],
  async version() {
    requireProgram('gajim', 'gajim')
    return (await runToEnd(python, ['-c', 'import gajim; print(gajim.__version__)'])).trim()
  },
  async login(login: Login) {
    requireProgram('gajim', 'gajim')
    requireProgram('dbus-run-session', 'dbus-daemon')
    const display = await openDisplay()
    // GnuTLS trusts one file of the system: in the client's own mount namespace that is our authority's.
    const asTrusted = [
      ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
      '--mount',
      '/bin/sh',
      '-c',
      'mount --bind "$0" "$1" && shift && exec "$@"',
      login.caFile ?? login.server.caFile,
      trustStore,
    ]
    const program = {
      name: 'Gajim',
      command: '/usr/bin/unshare',
      args: [...asTrusted, 'dbus-run-session', '--', python, '-uB', script],
      env: { DISPLAY: display.name, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory' },
      beside: display,
    }
    return loginWithDriver(program, login, login.door ?? 'starttls')
  },
}

/** What the chat shows, once it shows so many messages. */
export async function shown(session: DriverSession, jid: string, count: number): Promise<readonly string[]> {
  let texts: readonly string[] = []
  await waitFor(
    `Gajim shows ${count} messages`,
    async () => {
      await session.order({ do: 'shown', jid })
      texts = session.events.findLast(event => event.event === 'shown')?.texts ?? []
      return texts.length >= count
    },
    { everyMs: 200, evidence: () => texts.join('\n') },
  )
  return texts
}
