/**
 * Sends one message through a server and prints which functions it passes, in order: `… ROUTE` with the steps as JSON.
 *
 * A breakpoint whose condition writes a line down and is false never stops anything: it traces functions that nobody exports.
 */

import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { createServer } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { memoryStorage } from '@tercet/storage/memory'
import { listen } from '@tercet/net'
import { LoadClient } from '@tercet/testkit/load-client'

interface Step {
  readonly file: string
  readonly name: string
}

const root = join(import.meta.dirname, '../../..')
// Given by the test, which has read it from the document.
const steps = JSON.parse(process.argv[2] ?? '[]') as Step[]
const passed: number[] = []
;(globalThis as { passed?: number[] }).passed = passed

await using server = await createServer({
  storage: memoryStorage(),
  hosts: [{ name: 'a.test', modules: standardModules }],
  requireTls: false,
  iterations: 4096,
})
const { accounts } = server.hosts.get('a.test')!
for (const local of ['romeo', 'juliet']) await accounts.put(local, await accounts.derive(local), { create: true })
await using listener = await listen({ address: '127.0.0.1', port: 0 }, transport => server.accept(transport))

async function client(local: string): Promise<LoadClient> {
  const { port } = listener
  const client = new LoadClient({ host: '127.0.0.1', port, domain: 'a.test', local, password: local, resource: 'r' })
  await client.login()
  client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
  await client.expect(/<enabled [^>]*>/)
  return client
}
const [romeo, juliet] = [await client('romeo'), await client('juliet')]

const inspector = new Session()
inspector.connect()
const urls: { scriptId: string; url: string }[] = []
inspector.on('Debugger.scriptParsed', ({ params }) => urls.push(params))
await inspector.post('Debugger.enable')
for (const [index, { file, name }] of steps.entries()) {
  const script = urls.find(({ url }) => url.endsWith(`/${file}`))
  if (!script) throw new Error(`${file} is not loaded`)
  await inspector.post('Debugger.setBreakpoint', {
    location: { scriptId: script.scriptId, lineNumber: bodyOf(file, name) },
    condition: `globalThis.passed.push(${index}), false`,
  })
}

/** The line, from 0, of the first statement of a function or method. */
function bodyOf(file: string, name: string): number {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  const start = lines.findIndex(line => new RegExp(`^( {2}|export |)(async |function )*#?${name}\\b[(<]`).test(line))
  if (start < 0) throw new Error(`${file} has no function ${name}`)
  const open = lines.findIndex((line, at) => at >= start && line.endsWith('{'))
  return open + 1
}

romeo.send("<message to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message><r xmlns='urn:xmpp:sm:3'/>")
await juliet.expect(/<message [^>]*id='m1'.*<r [^>]*>/s)
await romeo.expect(/<a [^>]*h='1'[^>]*>/)
// The answer to the request comes after what is before it.
juliet.send("<a xmlns='urn:xmpp:sm:3' h='1'/><r xmlns='urn:xmpp:sm:3'/>")
await juliet.expect(/<a [^>]*>/)
inspector.disconnect()
romeo.destroy()
juliet.destroy()
console.log(`ROUTE ${JSON.stringify(passed)}`)
