/** CPU of stanzas from one gateway to another in one process, over memory, with a spool in memory: both ends together, no TLS, no sockets. */

import { fromFragment } from '@tercet/stanza'
import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair } from '@tercet/stream'
import { readStanza } from '@tercet/xml'
import { createGateway, type Gateway } from '@tercet/s2s'

const STANZAS = 200_000
const BATCH = 500

const gateways = new Map<string, Gateway>()
let arrived = 0
let wake: (() => void) | undefined

function home(domain: string): Gateway {
  const over = { over: true, whenOver: (run: () => void) => run() }
  const gateway = createGateway({
    isLocal: name => name === domain,
    dialer: {
      dial(_, to) {
        const [near, far] = memoryPair()
        gateways.get(to)?.accept(far)
        return Promise.resolve({ transport: near, target: to })
      },
    },
    verifier: { verify: () => ({ valid: false, reason: 'there are no certificates', names: [] }) },
    policy: { rule: { requireTls: false, stanzasPerSecond: 1e9 } },
    storage: memoryStorage(),
    receiver: {
      receive() {
        if (++arrived % BATCH === 0) wake?.()
        return over
      },
      refuse: () => over,
    },
  })
  gateways.set(domain, gateway)
  return gateway
}

const a = home('a.test')
home('b.test')
const stanza = fromFragment(
  readStanza(
    "<message from='romeo@a.test/orchard' to='juliet@b.test/balcony' type='chat' id='m1'><body>Wherefore art thou?</body></message>",
  ),
)

async function run(stanzas: number): Promise<void> {
  for (let sent = 0; sent < stanzas; sent += BATCH) {
    const all = new Promise<void>(resolve => (wake = resolve))
    for (let index = 0; index < BATCH; index++) a.send(stanza)
    await all
  }
}

await run(20_000)
const before = process.cpuUsage()
await run(STANZAS)
const { user, system } = process.cpuUsage(before)
console.log(`${((user + system) / STANZAS).toFixed(2)} µs of CPU a stanza, both ends together`)
for (const gateway of gateways.values()) await gateway.close()
