import { createClient } from '@tercet/client'
import { createServer, defineModule } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { attr, element, iqGet } from '@tercet/stanza'
import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair } from '@tercet/stream'

// A request of your own, declared once for both ends, and a module that answers it.
const NS = 'urn:example:greeting'
const greeting = iqGet(element(NS, 'greet'), element(NS, 'greet', { words: attr('words') }))
const greeter = defineModule({
  name: 'greeter',
  features: [NS],
  setup(host) {
    host.handle(greeting, 'server', (_, { from }) => ({ words: `Good morrow, ${from.local}` }))
  },
})

const storage = memoryStorage()
const server = await createServer({
  storage,
  hosts: [{ name: 'capulet.example', modules: [...standardModules, greeter] }],
  requireTls: false, // there is none in memory
})
const { accounts } = server.hosts.get('capulet.example')!
await accounts.put('juliet', await accounts.derive('r0m30myr0m30'), { create: true })

// Anything that is a Transport can be accepted: here both ends are in this process.
const client = await createClient({
  jid: 'juliet@capulet.example',
  password: 'r0m30myr0m30',
  allowPlaintext: true,
  connect: () => {
    const [near, far] = memoryPair()
    server.accept(far)
    return Promise.resolve({ transport: near })
  },
})
const { words } = await client.request(greeting, {}, { to: 'capulet.example' })
console.log(words) // Good morrow, juliet

await client.close()
await server.stop()
await storage.close()
