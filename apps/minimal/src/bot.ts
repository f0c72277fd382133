/** An echo bot: `node bot.ts bot@example.org secret [host:port]` says back what it is told. */

import { createClient, incoming, isOwnAccount, tcp } from '@tercet/client/node'
import { caps, discoAs, ping, presence, subscriptionChanged } from '@tercet/client/plugins'
import { message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'

const [jid = '', password = '', server] = process.argv.slice(2)
const [host = '', port = 5222] = server?.split(':') ?? []
const connect = tcp(server === undefined ? {} : { target: { host, port: Number(port) } })
const disco = discoAs({ category: 'client', type: 'bot' })
const plugins = { caps, disco, ping, presence }
const client = await createClient({ jid, password, connect, plugins })

client.on(incoming, 'show', ({ stanza }) => {
  if (stanza.kind !== 'message' || stanza.type === 'error') return
  const words = stanza.get(body)
  if (words === undefined || isOwnAccount(client, stanza.from)) return
  void client.send(message({ to: stanza.from, type: stanza.type, payloads: [body.write(words)] }))
})
client.on(subscriptionChanged, 'run', ({ from, type }) => {
  if (type === 'subscribe') void client.presence.approve(from)
})
await client.presence.set({ status: 'I say what you say' })
process.once('SIGINT', () => void client.close())
