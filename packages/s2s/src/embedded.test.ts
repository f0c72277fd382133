import { readFile } from 'node:fs/promises'
import { Jid } from '@tercet/jid'
import { message } from '@tercet/stanza'
import { expect, test } from 'vitest'
import { echo, federate } from '../examples/federate.ts'

test('a domain is federated by a script of forty lines, over real sockets', async () => {
  const script = await readFile(new URL('../examples/federate.ts', import.meta.url), 'utf8')
  expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(40)

  const ports = new Map<string, number>()
  const targetOf = (domain: string) => ({ host: '127.0.0.1', port: ports.get(domain) ?? 1 })
  const place = { address: '127.0.0.1', port: 0, targetOf }
  await using bot = await federate('bot.test', place, echo)
  ports.set('bot.test', bot.port)
  const answered = Promise.withResolvers<string>()
  await using human = await federate('human.test', place, stanza =>
    answered.resolve(`${stanza.kind} from ${stanza.from?.text ?? ''}`),
  )
  ports.set('human.test', human.port)
  human.gateway.send(message({ from: Jid.parse('romeo@human.test'), to: Jid.parse('echo@bot.test'), body: 'Hist!' }))
  expect(await answered.promise).toBe('message from echo@bot.test')
})
