/** A bot that is an external component of this server, written with slixmpp's ComponentXMPP (XEP-0114). */

import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { slixmpp } from './clients/slixmpp.ts'
import { temporaryHome } from './home.ts'
import { Peer } from './processes.ts'
import { launchTercet } from './servers/tercet.ts'
import { waitFor } from './wait.ts'

const script = fileURLToPath(new URL('../drivers/slixmpp_component.py', import.meta.url))

test('an echo bot of slixmpp is a component (XEP-0114)', async ({ onTestFailed }) => {
  await slixmpp.version()
  const secret = 'Wherefore art thou?'
  await using server = await launchTercet({ component: { name: 'echo.interop.test', secret } })
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-4_000)}`))
  const romeo = { jid: `romeo@${server.domain}`, password: 'moon' }
  await server.addAccount(romeo.jid, romeo.password)
  using home = temporaryHome('component')
  // Debian's own interpreter: another one on the PATH does not see Debian's modules. -B: what it compiles stays out of the sources.
  await using peer = new Peer('/usr/bin/python3', ['-uB', script], { env: home.env })
  const { host, c2sPort: port, caFile, componentPort } = server
  const login = { host, port, componentPort, component: 'echo.interop.test', secret, caFile, romeo }
  peer.child.stdin.write(JSON.stringify(login) + '\n')
  await waitFor('the bot ends', () => peer.ended, { timeoutMs: 75_000, evidence: () => peer.output })
  expect(peer.child.exitCode, peer.output).toBe(0)
  for (const line of [
    'a wrong secret is refused',
    'a component that is away is unavailable',
    'a component is in',
    'what is said to it comes back',
    'its presence can be subscribed to',
    'it says what it is, and is found on its host',
    'it asks the server',
    'a second one is refused, and the first stays',
    'it leaves and comes back',
  ])
    expect(peer.output).toContain(line)
  expect(server.log()).not.toContain(secret)
  await waitFor('nothing is owed to the bot', () => server.owed('echo.interop.test') === 0)
})
