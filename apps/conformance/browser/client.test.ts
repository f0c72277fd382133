import { expect, inject, test } from 'vitest'
import type * as Page from './page.ts'

const bundle = inject('bundle')
const password = inject('password')
const url = inject('webSocketUrl')
// There is nobody between a page and the loopback.
const plaintext = { allowPlaintext: true }

test('the client in a bundle knows nothing of Node', () => {
  expect(bundle).not.toMatch(/(from|import\(|require\()\s*['"]node:/)
  expect(globalThis).not.toHaveProperty('Buffer')
})

test('two clients in a page log in by WebSocket and talk', async () => {
  const address = URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' }))
  const { body, createClient, disco, incoming, Jid, message, ping, presence, roster, websocket } = (await import(
    /* @vite-ignore */ address
  )) as typeof Page
  const login = (jid: string): ReturnType<typeof createClient<typeof plugins>> =>
    createClient({ jid, password, plugins, connect: websocket({ url }), ...plaintext })
  const plugins = { disco, ping, presence, roster }
  await using juliet = await login('juliet@a.test/balcony')
  await using romeo = await login('romeo@a.test/orchard')
  expect(juliet.state).toMatchObject({ kind: 'online' })
  expect(juliet.pin).toMatch(/^SCRAM-/)
  const { promise: heard, resolve } = Promise.withResolvers<string | undefined>()
  romeo.on(incoming, 'show', ({ stanza }) => {
    if (stanza.kind === 'message') resolve(stanza.get(body))
  })
  await juliet.roster.load()
  await juliet.ping.send()
  const words = body.write('Wherefore art thou Romeo? \u{1f339}')
  await juliet.send(message({ to: Jid.parse('romeo@a.test/orchard'), type: 'chat', payloads: [words] }))
  expect(await heard).toBe('Wherefore art thou Romeo? \u{1f339}')
})

test('a wrong password is told, and nothing goes on', async () => {
  const address = URL.createObjectURL(new Blob([bundle], { type: 'text/javascript' }))
  const { createClient, websocket } = (await import(/* @vite-ignore */ address)) as typeof Page
  const connect = websocket({ url })
  await expect(createClient({ jid: 'juliet@a.test', password: 'wrong', connect, ...plaintext })).rejects.toMatchObject({
    name: 'SaslError',
    condition: 'not-authorized',
  })
})
