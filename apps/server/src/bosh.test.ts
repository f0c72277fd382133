// BOSH from end to end: clients over HTTP, the listener, the server. What each rule means for requests is in net/src/bosh.
import { bosh, createClient, incoming, type Client } from '@tercet/client'
import { Jid } from '@tercet/jid'
import { silent } from '@tercet/plugin'
import { createServer, type Server } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import { ping } from '@tercet/stanza/ping'
import { memoryStorage } from '@tercet/storage/memory'
import { parse, type Element } from '@tercet/xml'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixedCertificates } from './certificates.fixture.ts'
import { createWeb, type Web } from './http.ts'

let server: Server
let web: Web
let url: string
const clients: Client[] = []

beforeEach(async () => {
  server = await createServer({
    storage: memoryStorage(),
    hosts: [{ name: 'localhost', modules: standardModules }],
    iterations: 4096,
    requireTls: false,
    limits: { loginMs: 1000, stanzaBytes: 10_000 },
  })
  const { accounts } = server.hosts.get('localhost')!
  for (const name of ['romeo', 'juliet']) await accounts.put(name, await accounts.derive('secret'), { create: true })
  web = createWeb({
    certificates: fixedCertificates(),
    maxMessageBytes: 20_000,
    logger: silent,
    accept: transport => server.accept(transport),
    respond: (request, visitor) => server.respond(request, visitor),
  })
  const { port } = await web.listen({ address: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${port}/bosh`
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()))
  await server.stop()
  await web.close()
})

async function login(name: string): Promise<Client> {
  const client = await createClient({
    jid: `${name}@localhost/web`,
    password: 'secret',
    allowPlaintext: true,
    connect: bosh({ url }),
  })
  clients.push(client)
  return client
}

async function post(text: string): Promise<Element> {
  return parse(await (await fetch(url, { method: 'POST', body: text })).text())
}

const NS = 'http://jabber.org/protocol/httpbind'
const create = `<body xmlns='${NS}' xmlns:xmpp='urn:xmpp:xbosh' to='localhost' rid='1' ver='1.6' hold='1' wait='60' xmpp:version='1.0'/>`

test('two clients log in, and what each says to the other arrives in order', async () => {
  const [romeo, juliet] = await Promise.all([login('romeo'), login('juliet')])
  const heard: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  juliet.on(incoming, 'show', ({ stanza }) => {
    if (stanza.kind !== 'message') return
    heard.push(stanza.get(body) ?? '')
    if (heard.length === 50) resolve()
  })
  for (let i = 0; i < 50; i++)
    await romeo.send(message({ to: Jid.parse('juliet@localhost/web'), payloads: [body.write(String(i))] }))
  await promise
  expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => String(i)))
  await juliet.request(ping, {})
})

test('a client that closes is gone for the server at once, with its presence', async () => {
  const romeo = await login('romeo')
  expect([...server.sessions()]).toHaveLength(1)
  await romeo.close()
  await expect.poll(() => [...server.sessions()].length).toBe(0)
  await expect.poll(() => server.streams.size).toBe(0)
})

test('WS-03: STARTTLS is not offered; SASL is, and what comes after it waits for it', async () => {
  const created = await post(create)
  const [features] = created.elements()
  expect(features?.elements().map(({ name }) => name)).toContain('mechanisms')
  expect(features?.elements().map(({ name }) => name)).not.toContain('starttls')
  const early = await post(
    `<body xmlns='${NS}' rid='2' sid='${created.attr('sid')}'><message xmlns='jabber:client'/></body>`,
  )
  expect([early.attr('type'), early.attr('condition')]).toEqual(['terminate', 'remote-stream-error'])
  expect(early.elements()[0]?.elements()[0]?.name).toBe('not-authorized')
})

test('an unknown domain is a stream error in the first answer (XEP-0206 §2)', async () => {
  const answer = await post(create.replace("to='localhost'", "to='elsewhere.test'"))
  expect([answer.attr('type'), answer.attr('condition')]).toEqual(['terminate', 'remote-stream-error'])
  expect(answer.elements()[0]?.elements()[0]?.name).toBe('host-unknown')
})

test('SEC-06: a session that does not log in ends after the time for that', async () => {
  const created = await post(create)
  const held = await post(`<body xmlns='${NS}' rid='2' sid='${created.attr('sid')}'/>`)
  expect(held.attr('condition')).toBe('remote-stream-error')
  expect(held.elements()[0]?.elements()[0]?.name).toBe('connection-timeout')
  await expect.poll(() => server.streams.size).toBe(0)
})

test.each([
  ['a stanza above the limit', `<message xmlns='jabber:client'><body>${'x'.repeat(10_001)}</body></message>`],
  ['a stanza of many elements', `<message xmlns='jabber:client'>${'<a/>'.repeat(3000)}</message>`],
])('%s ends its stream and no other', async (_, payload) => {
  const romeo = await login('romeo')
  const created = await post(create)
  const answer = await post(`<body xmlns='${NS}' rid='2' sid='${created.attr('sid')}'>${payload}</body>`)
  expect(answer.elements()[0]?.elements()[0]?.name).toBe('policy-violation')
  await romeo.request(ping, {})
})
