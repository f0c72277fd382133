import { once } from 'node:events'
import { selfSigned } from '@tercet/net'
import { silent } from '@tercet/plugin'
import type { Transport } from '@tercet/stream'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import { createWeb, type Web } from './http.ts'

const pair = selfSigned({ domains: ['localhost'] })
const arrived: { of: 'clients' | 'servers'; transport: Transport }[] = []
let web: Web | undefined

afterEach(async () => {
  for (const { transport } of arrived.splice(0)) transport.destroy()
  await web?.close()
})

/** Opens the listener; gives its port. */
async function start({ federates = true, isProxy = false } = {}): Promise<number> {
  const take = (of: 'clients' | 'servers') => (transport: Transport) => arrived.push({ of, transport })
  web = createWeb({
    certificates: { current: pair, contexts: {}, onChange() {}, reload() {}, close() {} },
    maxMessageBytes: 1000,
    logger: silent,
    accept: take('clients'),
    ...(federates ? { servers: { maxMessageBytes: 2000, accept: take('servers') } } : {}),
    respond: async () => new Response(null, { status: 404 }),
    trusts: () => isProxy,
  })
  return (await web.listen({ address: '127.0.0.1', port: 0 })).port
}

/** Tries a WebSocket: the status that refuses it, or who got it. */
async function tried(url: string, options: ClientOptions = {}): Promise<unknown> {
  const near = new WebSocket(url, 'xmpp', { rejectUnauthorized: false, ...options })
  const status = await new Promise<number>((resolve, reject) => {
    near.once('open', () => resolve(101))
    near.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
    near.once('error', reject)
  })
  near.on('error', () => {}).terminate()
  return status === 101 ? arrived.at(-1)?.of : status
}

test('each path has its own door (RFC 7395, XEP-0468)', async () => {
  const port = await start()
  expect(await tried(`wss://127.0.0.1:${port}/ws`)).toBe('clients')
  expect(await tried(`wss://127.0.0.1:${port}/s2s?x`)).toBe('servers')
  expect(await tried(`wss://127.0.0.1:${port}/s2s/x`)).toBe(404)
  // No certificate is asked for: browsers would ask their users.
  expect(arrived.at(-1)?.transport.tls).toMatchObject({ protocol: 'TLSv1.3', peerCertificate: undefined })
})

test('between servers TLS is a MUST (XEP-0468 §2)', async () => {
  expect(await tried(`ws://127.0.0.1:${await start()}/s2s`)).toBe(403)
  expect(arrived).toEqual([])
})

test.each([
  ['https', 'servers'],
  ['http', 403],
])('behind a trusted proxy it is up to what that says: %s', async (scheme, outcome) => {
  const headers = { 'X-Forwarded-For': '203.0.113.1', 'X-Forwarded-Proto': scheme }
  expect(await tried(`ws://127.0.0.1:${await start({ isProxy: true })}/s2s`, { headers })).toBe(outcome)
  if (outcome !== 403)
    expect(arrived[0]?.transport).toMatchObject({ remote: { address: '203.0.113.1' }, tls: { protocol: 'unknown' } })
})

test('what anybody else says about it is not believed', async () => {
  const headers = { 'X-Forwarded-Proto': 'https' }
  expect(await tried(`ws://127.0.0.1:${await start()}/s2s`, { headers })).toBe(403)
})

test('pages are no servers (RFC 6455 §10.2)', async () => {
  expect(await tried(`wss://127.0.0.1:${await start()}/s2s`, { origin: 'https://a.test' })).toBe(403)
})

test('without federation there is none', async () => {
  const port = await start({ federates: false })
  expect(await tried(`wss://127.0.0.1:${port}/s2s`)).toBe(404)
  expect((await fetch(`http://127.0.0.1:${port}/s2s`)).status).toBe(404)
})

test('a plain request is told what is there (RFC 9110 §15.5.22)', async () => {
  const port = await start()
  for (const path of ['/ws', '/s2s']) {
    const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`)
    expect([status, headers.get('upgrade')]).toEqual([426, 'websocket'])
  }
})

test('a message above the limit of its door ends it', async () => {
  const port = await start()
  const near = new WebSocket(`wss://127.0.0.1:${port}/s2s`, 'xmpp', { rejectUnauthorized: false })
  await once(near, 'open')
  const closes: unknown[] = []
  const over = new Promise<void>(resolve =>
    arrived[0]!.transport.start({
      chunk: bytes => closes.push(bytes.length),
      drained() {},
      ended() {},
      closed: error => {
        closes.push((error as Error & { code?: string }).code)
        resolve()
      },
    }),
  )
  near.send('x'.repeat(1500))
  near.send('x'.repeat(2001))
  await over
  expect(closes).toEqual([1500, 'message-too-large'])
  near.terminate()
})
