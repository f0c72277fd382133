/**
 * A client in a process of its own that only wants to be served: it pings the server at a fixed pace, whether answers come or not, and
 * tells how long each took. Its parent says when to begin and when to tell.
 */

import { LoadClient } from '@tercet/testkit/load-client'

/** One ping in this time. */
const PACE_MS = 10

const [port, domain, local, password] = process.argv.slice(2)
if (port === undefined || domain === undefined || local === undefined || password === undefined)
  throw new Error('bystander: port, domain, local and password')

const client = new LoadClient({ host: '127.0.0.1', port: Number(port), domain, local, password, resource: 'bystander' })
await client.login()

let sentAt = new Map<string, number>()
let took: number[] = []
let rest = ''
let count = 0

client.onData = chunk => {
  const now = performance.now()
  const text = rest + chunk.toString('latin1')
  for (const match of text.matchAll(/id=['"]p(\d+)['"]/g)) {
    const id = match[1]!
    const sent = sentAt.get(id)
    if (sent === undefined) continue
    sentAt.delete(id)
    took.push(now - sent)
  }
  rest = text.slice(-40)
}
client.onClose = () => process.exit(3)

setInterval(() => {
  const id = String(++count)
  sentAt.set(id, performance.now())
  client.send(`<iq type='get' id='p${id}' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
}, PACE_MS)

process.on('message', message => {
  if (message === 'begin') {
    took = []
    sentAt = new Map()
  } else if (message === 'tell') {
    const now = performance.now()
    // What is not answered yet has waited for so long at least.
    process.send?.([...took, ...[...sentAt.values()].map(at => now - at)])
  }
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
