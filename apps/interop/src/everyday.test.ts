/** What Python's two libraries do with everything that a server offers to one person: each a script that ends well, or says why not. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryHome } from './home.ts'
import { Peer } from './processes.ts'
import type { ServerUnderTest } from './servers/server-under-test.ts'
import { launchServer } from './servers/launch.ts'
import { waitFor } from './wait.ts'

let server: ServerUnderTest
beforeAll(async () => {
  server = await launchServer()
})
afterAll(() => (server as ServerUnderTest | undefined)?.stop())

const both = [
  'the other device gets what one sends, and what one gets',
  'history comes by id',
  'who is blocked is not heard, and all devices know',
  'files go up, and come down as they were and as they may be shown',
]

test.concurrent.for([
  {
    title: 'slixmpp publishes, configures and hears (XEP-0060, XEP-0163, XEP-0084, XEP-0384)',
    script: 'slixmpp_pep',
    lines: [
      'a contact hears of a tune',
      'a contact sees an avatar',
      'a node is made, configured, filled, read, subscribed to, purged and deleted',
      'everybody reads devices and keys',
    ],
  },
  {
    title: 'slixmpp has history, carbons, blocking and files (XEP-0313, XEP-0280, XEP-0191, XEP-0363)',
    script: 'slixmpp_everyday',
    lines: [...both, 'history comes page by page, both ways, with the ids that were seen live'],
  },
  {
    title: 'aioxmpp has history, carbons, nodes, blocking and files (XEP-0313, XEP-0280, XEP-0163, XEP-0191, XEP-0363)',
    script: 'aioxmpp_everyday',
    lines: [...both, 'history comes page by page, both ways', 'a contact hears of a node, reads it and subscribes'],
  },
])('$title', async ({ script, lines }, { onTestFailed }) => {
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-4_000)}`))
  const { host, c2sPort: port, caFile, domain } = server
  const [juliet, romeo] = ['juliet', 'romeo'].map(name => ({
    jid: `${name}.${script}@${domain}`,
    password: `${name}'s word`,
  }))
  await Promise.all([juliet!, romeo!].map(({ jid, password }) => server.addAccount(jid, password)))
  using home = temporaryHome(script)
  const file = fileURLToPath(new URL(`../drivers/${script}.py`, import.meta.url))
  // Debian's own interpreter: another one on the PATH does not see Debian's modules. -B: what it compiles stays out of the sources.
  await using peer = new Peer('/usr/bin/python3', ['-uB', file], { env: { ...home.env, SSL_CERT_FILE: caFile } })
  peer.child.stdin.write(JSON.stringify({ host, port, caFile, juliet, romeo }) + '\n')
  await waitFor(`${script} ends`, () => peer.ended, { timeoutMs: 75_000, evidence: () => peer.output })
  expect(peer.child.exitCode, peer.output).toBe(0)
  for (const line of lines) expect(peer.output).toContain(line)
})
