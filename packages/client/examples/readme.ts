import { createClient, incoming, type Connect } from '@tercet/client/node'
import { disco, ping, presence, roster } from '@tercet/client/plugins'
import { message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import { Jid } from '@tercet/jid'

/** Says something to Romeo and gives his answer. Without `connect` the DNS tells which server has the domain. */
export async function ask(password: string, words: string, connect?: Connect): Promise<string | undefined> {
  await using client = await createClient({
    jid: 'juliet@capulet.example/balcony',
    password,
    plugins: { disco, ping, presence, roster },
    ...(connect ? { connect } : {}),
  })
  const { promise: answer, resolve } = Promise.withResolvers<string | undefined>()
  client.on(incoming, 'show', ({ stanza }) => {
    if (stanza.kind === 'message' && stanza.from?.local === 'romeo') resolve(stanza.get(body))
  })

  await client.roster.load()
  await client.presence.set({ show: 'chat' })
  const to = client.roster.items.get('romeo@montague.example')?.jid ?? Jid.parse('romeo@montague.example')
  // Resolves when the server has it, not when it was written.
  await client.send(message({ to, type: 'chat', payloads: [body.write(words)] }))
  return await answer
}
