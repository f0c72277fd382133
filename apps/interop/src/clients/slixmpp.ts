/** slixmpp: the Python library of Debian, scripted by drivers/slixmpp_driver.py. */

import { fileURLToPath } from 'node:url'
import { requireProgram, runToEnd } from '../processes.ts'
import { loginWithDriver, type DriverSession } from './driver.ts'
import type { InteropClient } from './interop-client.ts'

const script = fileURLToPath(new URL('../../drivers/slixmpp_driver.py', import.meta.url))
// Debian's own interpreter: another one on the PATH does not see Debian's modules.
const python = '/usr/bin/python3'

export const slixmpp: InteropClient<DriverSession> = {
  name: 'slixmpp',
  doors: ['starttls', 'direct tls'],
  async version() {
    requireProgram('python3', 'python3')
    try {
      return (await runToEnd(python, ['-c', 'import slixmpp; print(slixmpp.__version__)'])).trim()
    } catch (cause) {
      throw new Error(
        'slixmpp is missing: install the Debian package python3-slixmpp (scripts/install-debian.sh peers)',
        {
          cause,
        },
      )
    }
  },
  async login(login) {
    await this.version()
    const program = { name: 'slixmpp', command: python, args: ['-u', script] }
    return loginWithDriver(program, login, login.door ?? 'starttls')
  },
}
