import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, incoming, tcp } from '@tercet/client/node'
import { presence, presenceChanged, roster } from '@tercet/client/plugins'
import { Jid } from '@tercet/jid'
import { selfSigned } from '@tercet/net'
import { message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Program } from './program.fixture.ts'

test.each([
  ['server.ts', 80],
  ['bot.ts', 30],
])('%s has at most %i lines of at most 100 columns', (file, lines) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  expect(text.length).toBeLessThanOrEqual(lines)
  expect(text.filter(line => line.length > 100)).toEqual([])
})

describe('the server and the bot', { timeout: 60_000 }, () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-minimal-'))
    const { cert, key } = selfSigned({ domains: ['a.test'] })
    writeFileSync(join(folder, 'server.crt'), cert)
    writeFileSync(join(folder, 'server.key'), key)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const start = async (...users: string[]) => {
    const server = new Program('server.ts', ['a.test', folder, '0', ...users])
    const [, port = ''] = await server.prints(/^a\.test is served on port (\d+)$/mu)
    return { server, port: Number(port) }
  }
  const login = (port: number, password = 'moon') => {
    const ca = readFileSync(join(folder, 'server.crt'), 'utf8')
    const connect = tcp({ target: { host: '127.0.0.1', port }, tls: { ca } })
    return createClient({
      jid: 'romeo@a.test/orchard',
      password,
      connect,
      plugins: { presence, roster },
    })
  }

  test('the bot says back through the server what it is told', async () => {
    const { server, port } = await start('romeo:moon', 'bot:secret')
    await using _server = server
    await using romeo = await login(port)
    const seen = Promise.withResolvers<unknown>()
    romeo.on(presenceChanged, 'run', ({ from }) => {
      if (from.local === 'bot') seen.resolve(from)
    })
    const heard = Promise.withResolvers<string | undefined>()
    romeo.on(incoming, 'show', ({ stanza }) => {
      if (stanza.kind === 'message' && stanza.type === 'chat') heard.resolve(stanza.get(body))
    })
    await romeo.roster.load()
    expect([...romeo.roster.items.keys()].sort()).toEqual(['bot@a.test', 'romeo@a.test'])
    await romeo.presence.set({})
    const trust = { NODE_EXTRA_CA_CERTS: join(folder, 'server.crt') }
    await using _bot = new Program('bot.ts', ['bot@a.test', 'secret', `127.0.0.1:${port}`], trust)
    await seen.promise
    const words = [body.write('O, swear not by the moon, & <co>')]
    await romeo.send(message({ to: Jid.parse('bot@a.test'), type: 'chat', payloads: words }))
    expect(await heard.promise).toBe('O, swear not by the moon, & <co>')
  })

  test('accounts survive a restart, a wrong password does not log in', async () => {
    await (await start('romeo:moon')).server[Symbol.asyncDispose]()
    const { server, port } = await start()
    await using _server = server
    await using romeo = await login(port)
    expect(romeo.account.text).toBe('romeo@a.test')
    await expect(login(port, 'sun')).rejects.toMatchObject({ condition: 'not-authorized' })
  })

  test('who asks for another domain is not served (RFC 6120 §4.9.3.6)', async () => {
    const { server, port } = await start()
    await using _server = server
    const ca = readFileSync(join(folder, 'server.crt'), 'utf8')
    const connect = tcp({ target: { host: '127.0.0.1', port }, tls: { ca } })
    const stranger = createClient({ jid: 'romeo@b.test', password: 'moon', connect })
    await expect(stranger).rejects.toMatchObject({ condition: 'host-unknown' })
  })
})
