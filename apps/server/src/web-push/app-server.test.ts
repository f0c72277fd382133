// Push from end to end: a browser subscribes and registers, its client goes, a message comes, and the browser hears of it.
import { createClient, type Client } from '@tercet/client'
import { push, type PushTarget } from '@tercet/client/plugins'
import { createServer, type Server } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair } from '@tercet/stream'
import { Jid } from '@tercet/jid'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { showPush, testPush } from '../operations/push.ts'
import { claimsOf, pushService, Subscription } from './user-agent.fixture.ts'
import { webPush } from './web-push.ts'

let status = 201
let service: Awaited<ReturnType<typeof pushService>>
let server: Server
let juliet: Client

async function login(local: string) {
  return createClient({
    jid: `${local}@localhost`,
    password: 'secret',
    allowPlaintext: true,
    plugins: { push },
    connect: () => {
      const [near, far] = memoryPair()
      server.accept(far)
      return Promise.resolve({ transport: near })
    },
  })
}

beforeEach(async () => {
  status = 201
  service = await pushService(() => ({ status }))
  server = await createServer({
    storage: memoryStorage(),
    hosts: [{ name: 'localhost', modules: standardModules }],
    iterations: 4096,
    requireTls: false,
    webPush: webPush({ resolver: service.resolver, ca: service.ca }),
    moduleOptions: { push_gateway: { contact: 'mailto:admin@example.org', private_addresses: true } },
  })
  const { accounts } = server.hosts.get('localhost')!
  for (const local of ['romeo', 'juliet']) await accounts.put(local, await accounts.derive('secret'), { create: true })
  juliet = await login('juliet')
})
afterEach(async () => {
  await juliet.close()
  await server.stop()
  await service[Symbol.asyncDispose]()
})

/** A browser that has subscribed, told its server, and been closed. */
async function browser(): Promise<{ subscription: Subscription; target: PushTarget; key: string }> {
  const client = await login('romeo')
  const key = await client.push.webKey()
  const subscription = new Subscription()
  const target = await client.push.registerWeb({ endpoint: `${service.origin}/s/1`, keys: subscription.keys })
  await client.push.enable(target)
  await client.close()
  return { subscription, target, key }
}

const hist = () =>
  juliet.send(message({ to: Jid.parse('romeo@localhost'), type: 'chat', payloads: [body.write('Hist! Romeo, hist!')] }))

test('a browser that is closed hears that something waits, and nobody in between what', async () => {
  const { subscription, target, key } = await browser()
  await hist()
  await vi.waitFor(() => expect(service.received).toHaveLength(1))
  const { url, headers, body } = service.received[0]!
  expect(url).toBe('/s/1')
  expect(claimsOf(headers.authorization)).toMatchObject({
    key,
    claims: { aud: service.origin, sub: 'mailto:admin@example.org' },
  })
  const text = subscription.decrypt(body)
  expect(JSON.parse(text)).toEqual({ node: target.node, count: 1 })
  expect(text).not.toContain('Hist')
})

test('a browser that is gone is told nothing more: the server has disabled its node (XEP-0357 §7.1)', async () => {
  const { target } = await browser()
  status = 410
  await hist()
  await vi.waitFor(async () => {
    const { nodes, failures } = await showPush.run({ server }, { jid: 'romeo@localhost' })
    expect(nodes).toEqual([])
    expect(failures).toMatchObject([
      { jid: 'localhost', node: target.node, reason: expect.stringMatching(/^item-not-found: .* 410$/) as string },
    ])
  })
  await hist()
  expect(service.received).toHaveLength(1)
})

test('an operator asks all services of an account what they say', async () => {
  await browser()
  const ask = async () => (await testPush.run({ server, shutDown() {} }, { jid: 'romeo@localhost' })).answers
  expect(await ask()).toMatchObject([{ answer: 'ok' }])
  status = 403
  expect(await ask()).toMatchObject([{ answer: 'resource-constraint: its push service says 403' }])
  status = 404
  expect(await ask()).toMatchObject([{ answer: expect.stringContaining('item-not-found') as string }])
  expect(await ask()).toEqual([])
})
