/** The two npm libraries, each in a Node process of its own which trusts the test authority. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loginWithDriver, type DriverSession } from './driver.ts'
import type { Door, InteropClient } from './interop-client.ts'

function nodeClient(name: string, npmName: string, script: string, doors: [Door, ...Door[]]) {
  const client: InteropClient<DriverSession> = {
    name,
    doors,
    version() {
      const manifest = readFileSync(new URL(`../../node_modules/${npmName}/package.json`, import.meta.url), 'utf8')
      return Promise.resolve((JSON.parse(manifest) as { version: string }).version)
    },
    login(login) {
      const file = fileURLToPath(new URL(`../drivers/${script}`, import.meta.url))
      const program = { name, command: process.execPath, args: [file], caVariable: 'NODE_EXTRA_CA_CERTS' }
      return loginWithDriver(program, login, login.door ?? doors[0])
    },
  }
  return client
}

/** `@xmpp/client` over TCP. */
export const xmppJs = nodeClient('xmpp.js', '@xmpp/client', 'xmpp-js.ts', ['starttls', 'direct tls'])

/** `stanza` over WebSocket. */
export const stanzaJs = nodeClient('stanza.js', 'stanza', 'stanza-js.ts', ['websocket'])
