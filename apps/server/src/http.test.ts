import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { selfSigned, dialWebSocket } from '@tercet/net'
import { silent } from '@tercet/plugin'
import { createServer, type RouteHandler, type Server } from '@tercet/server'
import { invites, standardModules, type InviteOptions } from '@tercet/server/modules'
import { memoryStorage } from '@tercet/storage/memory'
import type { Storage } from '@tercet/storage'
import type { Transport } from '@tercet/stream'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Certificates, Pair } from './certificates.ts'
import { firstInvite, linkInvites } from './invite/links.ts'
import { mountInvites } from './invite/routes.ts'
import { createWeb, type Web } from './http.ts'

const pair = selfSigned({ domains: ['localhost'] })
const transports: Transport[] = []
let storage: Storage
let server: Server
let web: Web
let port: number
let inUse: Pair = pair
let changed: () => void
/** Whether this machine is a proxy. */
let proxied = false

beforeEach(async () => {
  storage = memoryStorage()
  server = await createServer({
    storage,
    hosts: [{ name: 'localhost', modules: standardModules }],
    iterations: 4096,
  })
  inUse = pair
  const certificates: Certificates = {
    get current() {
      return inUse
    },
    contexts: {},
    onChange: use => (changed = use),
    reload() {},
    close() {},
  }
  web = createWeb({
    certificates,
    maxMessageBytes: 100_000,
    logger: silent,
    accept: transport => transports.push(transport),
    respond: (request, visitor) => server.respond(request, visitor),
    trusts: address => proxied && address === '127.0.0.1',
    origins: ['https://chat.example'],
    patienceMs: 1000,
  })
  ;({ port } = await web.listen({ address: '127.0.0.1', port: 0 }))
  mountInvites(server)
  linkInvites(server, { url: undefined, at: { address: '127.0.0.1', port } })
})
afterEach(async () => {
  vi.useRealTimers()
  proxied = false
  for (const transport of transports.splice(0)) transport.destroy()
  await web.close()
  await server.stop()
  await storage.close()
})

const newLink = async (): Promise<string> => (await firstInvite(server))?.link ?? 'none'

/** An invitation of an operator, or of an account. */
async function invited(options: Partial<InviteOptions> = {}): Promise<string> {
  const made = server.hosts.get('localhost')!.services.get(invites)
  const unit = storage.unit()
  const { token } = await made.create({ account: true, ...options }, { unit })
  await unit.commit()
  return made.page?.(token) ?? 'none'
}

/** What a browser knows of a form that it was shown. */
async function opened(link: string): Promise<{ cookie: string; csrf: string }> {
  const form = await fetch(link)
  const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(await form.text()) ?? []
  return { cookie: form.headers.get('set-cookie')?.split(';')[0] ?? '', csrf }
}

/** Sends the form that `link` shows. */
async function post(
  link: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { cookie, csrf } = await opened(link)
  return fetch(link, {
    method: 'POST',
    body: new URLSearchParams({ csrf, ...fields }),
    headers: { cookie, ...headers },
  })
}

const good = { name: 'Alice', password: 'correct horse' }

test('the link shows a form, makes the account, and is spent', async () => {
  const link = await newLink()
  const form = await fetch(link)
  expect(form.status).toBe(200)
  expect(await form.text()).toContain('<input id="name" name="name"')
  const done = await post(link, good)
  expect(done.status).toBe(201)
  const html = await done.text()
  expect(html).toContain('href="xmpp:alice@localhost"')
  expect(html).toMatch(/<svg viewBox="0 0 33 33"[^>]*><path d="M4 4h7v1H4z/)
  expect(await server.hosts.get('localhost')?.accounts.exists('alice')).toBe(true)
  for (const again of [await fetch(link), await post(link, { ...good, name: 'mallory' })])
    expect(again.status).toBe(410)
  expect(await server.hosts.get('localhost')?.accounts.exists('mallory')).toBe(false)
  expect(await firstInvite(server)).toBeUndefined()
})

test('looking at the form does not spend the link', async () => {
  const link = await newLink()
  for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(link, { method })).status).toBe(200)
})

test('of two forms that arrive together one makes the account', async () => {
  const link = await newLink()
  const names = ['one', 'two', 'three']
  const answers = await Promise.all(names.map(name => post(link, { ...good, name })))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 410, 410])
  const { accounts } = server.hosts.get('localhost')!
  const made = await Promise.all(names.map(async name => accounts.exists(name)))
  expect(made.filter(Boolean)).toHaveLength(1)
})

test('a token has 132 bits, and ends after 24 hours', async () => {
  const link = await newLink()
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invite\/[\w-]{22}$/)
  expect(await newLink()).not.toBe(link)
  vi.useFakeTimers({ now: Date.now() + 24 * 3_600_000 + 1, toFake: ['Date'] })
  expect((await fetch(link)).status).toBe(410)
})

test('an invitation of somebody shows who it is, and opens an app', async () => {
  const { accounts } = server.hosts.get('localhost')!
  await accounts.put('romeo', await accounts.derive('secret'), { create: true })
  const link = await invited({ inviter: 'romeo', account: false })
  const html = await (await fetch(link, { headers: { 'user-agent': 'X11; Linux' } })).text()
  const token = link.split('/').at(-1)!
  expect(html).toContain('romeo@localhost invites you to chat')
  expect(html).toContain(`href="xmpp:romeo@localhost?roster;preauth=${token}"`)
  expect(html).toContain('<svg ')
  expect(html).not.toContain('<form')
  expect(html.indexOf('Dino')).toBeLessThan(html.indexOf('Conversations'))
  expect((await post(link, good)).status).toBe(403)
})

test('an invitation to an account works as often as it says, for the name that it says', async () => {
  const link = await invited({ uses: 2 })
  expect((await post(link, good)).status).toBe(201)
  expect((await post(link, good)).status).toBe(422)
  expect((await post(link, { ...good, name: 'bob' })).status).toBe(201)
  expect((await post(link, { ...good, name: 'carol' })).status).toBe(410)
  const named = await invited({ username: 'dave' })
  expect(await (await fetch(named)).text()).toContain('value="dave" readonly')
  const answer = await post(named, { ...good, name: 'erin' })
  expect(answer.status).toBe(422)
  expect(await answer.text()).toContain('This invitation is for dave')
  expect((await post(named, { ...good, name: 'dave' })).status).toBe(201)
})

test.each([
  ['none', ''],
  ['one that is made up', 'A'.repeat(43)],
])('a form without proof that it is ours makes nothing: %s', async (_, csrf) => {
  const link = await newLink()
  expect((await post(link, { ...good, csrf })).status).toBe(403)
  // Ours, but shown to somebody else.
  const [one, other] = [await opened(link), await opened(link)]
  const body = new URLSearchParams({ ...good, csrf: one.csrf })
  expect((await fetch(link, { method: 'POST', body, headers: { cookie: other.cookie } })).status).toBe(403)
  expect((await fetch(link, { method: 'POST', body })).status).toBe(403)
  expect(await server.hosts.get('localhost')?.accounts.exists('alice')).toBe(false)
})

test('the proof is kept from scripts and from other sites', async () => {
  const cookie = (await fetch(await newLink())).headers.get('set-cookie')
  expect(cookie).toMatch(/^tercet-invite=[\w-]{24}; Path=\/invite\/; HttpOnly; SameSite=Strict$/)
})

test('guessing and sending are limited by network, and others go on', async () => {
  const link = await newLink()
  let status = 0
  for (let tries = 0; tries < 130 && status !== 429; tries++)
    ({ status } = await fetch(`http://127.0.0.1:${port}/invite/${'A'.repeat(22)}`))
  expect(status).toBe(429)
  expect((await fetch(link)).status).toBe(200)
  for (let tries = 0; tries < 70 && status !== 403; tries++)
    ({ status } = await fetch(link, { method: 'POST', body: new URLSearchParams(good) }))
  for (let tries = 0; tries < 70 && status !== 429; tries++)
    ({ status } = await fetch(link, { method: 'POST', body: new URLSearchParams(good) }))
  expect(status).toBe(429)
})

test('the link is over once there is an account, however it was made', async () => {
  const link = await newLink()
  const { accounts } = server.hosts.get('localhost')!
  await accounts.put('bob', await accounts.derive('secret'), { create: true })
  expect((await fetch(link)).status).toBe(410)
  expect((await post(link, good)).status).toBe(410)
})

test.each([
  ['no name', { ...good, name: '' }, 'not an address'],
  ['a domain in the name', { ...good, name: 'a@b' }, 'before the @'],
  ['a name that RFC 7622 refuses', { ...good, name: 'a b' }, 'not an address'],
  ['markup in the name', { ...good, name: '"><script>alert(1)</script>' }, 'before the @'],
  ['no password', { ...good, password: '' }, 'password is empty'],
  ['a password that RFC 8265 refuses', { ...good, password: 'a\u0007b' }, 'password cannot be used'],
])('the form comes back with a reason: %s', async (_, fields, reason) => {
  const answer = await post(await newLink(), fields)
  expect(answer.status).toBe(422)
  const html = await answer.text()
  expect(html).toContain(reason)
  expect(html).not.toContain('<script>')
  expect(html).not.toContain(good.password)
})

test.each([
  ['another origin', { origin: 'https://evil.example' }, 403],
  ['a sandboxed page', { origin: 'null' }, 403],
  ['another site, as the browser tells', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a form of another type', { 'content-type': 'text/plain' }, 400],
])('refused: %s', async (_, headers, status) => {
  expect((await post(await newLink(), good, headers)).status).toBe(status)
  expect(await server.hosts.get('localhost')?.accounts.exists('alice')).toBe(false)
})

test('a body that no form of ours has is not read', async () => {
  expect((await post(await newLink(), { ...good, password: 'x'.repeat(9000) })).status).toBe(413)
})

test.each(['', 'x', 'A'.repeat(43), '%00', '..', '%', 'A'.repeat(2000)])('no link: invite/%s', async token => {
  expect((await fetch(`http://127.0.0.1:${port}/invite/${token}`)).status).toBeGreaterThanOrEqual(404)
})

test('pages load nothing, run nothing, are kept and framed by nobody', async () => {
  const { headers } = await fetch(await newLink())
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/]+='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
  )
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
})

test.each([
  ['GET', '/', 404],
  ['GET', '/ws', 426],
  ['DELETE', '/', 404],
  ['DELETE', '/invite/x', 405],
])('%s %s: %i', async (method, path, status) => {
  expect((await fetch(`http://127.0.0.1:${port}${path}`, { method })).status).toBe(status)
})

/** Status and certificate over https. */
async function overTls(path: string): Promise<{ status: number | undefined; certificate: string | undefined }> {
  const sent = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  // The socket of a request over https is one of TLS.
  const socket = answer.socket as TLSSocket
  return { status: answer.statusCode, certificate: socket.getPeerX509Certificate()?.toString() }
}

test('the same port speaks https, with the newest certificate', async () => {
  const path = new URL(await newLink()).pathname
  expect(await overTls(path)).toEqual({ status: 200, certificate: pair.cert })
  const next = selfSigned({ domains: ['localhost'] })
  inUse = next
  changed()
  expect((await overTls(path)).certificate).toBe(next.cert)
  expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200)
})

test.each([
  ['ws', undefined],
  ['wss', 'TLSv1.3'],
])('a WebSocket at /ws is brought to the server: %s (RFC 7395)', async (scheme, protocol) => {
  const near = await dialWebSocket(`${scheme}://127.0.0.1:${port}/ws`, { ca: pair.cert }).catch(
    (error: unknown) => error,
  )
  if (scheme === 'wss') {
    // The certificate is for localhost, which the client checks.
    expect(near).toMatchObject({ name: 'TransportError', code: 'certificate' })
    transports.push(await dialWebSocket(`wss://localhost:${port}/ws`, { ca: pair.cert }))
  } else {
    transports.push(near as Transport) // or the next line fails
  }
  expect(transports).toHaveLength(2)
  expect(transports.find(({ local }) => local.port === port)?.tls?.protocol).toBe(protocol)
})

test.each([
  [
    'an upgrade elsewhere',
    'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    /^HTTP\/1.1 404/,
  ],
  [
    'another sub-protocol',
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    /^HTTP\/1.1 400/,
  ],
  ['no HTTP at all', '<stream:stream>\r\n\r\n', /^HTTP\/1.1 400/],
  ['a byte of TLS and no more sense', '\x16\x03\x01nonsense', /^.{0,10}$/s],
])('an end, and no crash: %s', async (_, text, answer) => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  let got = ''
  socket.on('data', chunk => (got += chunk.toString('latin1')))
  socket.write(text, 'latin1')
  await once(socket, 'close')
  expect(got).toMatch(answer)
})

test.each([
  ['nothing', ''],
  ['half a request', 'GET / HTTP/1.1\r\nHost'],
  ['half a body', 'POST /invite/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nname='],
  ['half a TLS handshake', '\x16\x03\x01\x02\x00\x01'],
])('a connection that brings %s is dropped', async (_, text) => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.resume()
  socket.write(text, 'latin1')
  await once(socket, 'close')
})

test('a request in single bytes is read like any other', async () => {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', chunk => (got += chunk.toString('latin1')))
  for (const byte of 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
    socket.write(byte)
    await new Promise(setImmediate)
  }
  await once(socket, 'close')
  expect(got).toMatch(/^HTTP\/1.1 404/)
})

test('a taken port is named with its holder', async () => {
  await expect(web.listen({ address: '127.0.0.1', port })).rejects.toThrow(
    new RegExp(`Cannot listen on 127.0.0.1:${port}: the port is in use by pid ${process.pid}`),
  )
})

const route = (method: string, path: string, run: RouteHandler): void =>
  server.hosts.get('localhost')!.route(method, path, run)

test('what modules have routed is answered, with headers that keep it harmless', async () => {
  route('GET', '/page', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }))
  route('GET', '/own', () => new Response('', { headers: { 'content-security-policy': 'sandbox' } }))
  const { headers } = await fetch(`http://127.0.0.1:${port}/page`)
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  })
  expect((await fetch(`http://127.0.0.1:${port}/own`)).headers.get('content-security-policy')).toBe('sandbox')
})

test('a handler that fails is a 500, and the server goes on', async () => {
  route('GET', '/bug', () => {
    throw new Error('a bug')
  })
  expect((await fetch(`http://127.0.0.1:${port}/bug`)).status).toBe(500)
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)
})

/** All that comes back for raw bytes. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  let got = ''
  socket.on('data', chunk => (got += chunk.toString('latin1')))
  socket.write(text, 'latin1')
  await once(socket, 'close')
  return got
}

test.each([
  ['a Host that is no authority', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
  ['a method that the web platform refuses', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ['a path that is none', 'GET @other/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
])('400: %s', async (_, text) => expect(await raw(text)).toMatch(/^HTTP\/1.1 400/))

test('a whole address in the request line is read as its path (RFC 9112 §3.2.2)', async () => {
  route('GET', '/page', request => new Response(request.url))
  expect(await raw('GET http://x/page?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
    /200.*http:\/\/x\/page\?q/s,
  )
})

test('a body that takes too long ends its request, unless the handler watches over it', async () => {
  route('POST', '/quick', async request => new Response(await request.text()))
  route('POST', '/patient', async (request, { unhurried }) => {
    unhurried?.()
    return new Response(await request.text())
  })
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n1`
  const patient = connect(port, '127.0.0.1')
  patient.write(head('/patient'))
  expect(await raw(head('/quick'))).toBe('')
  patient.end('2')
  let got = ''
  for await (const chunk of patient) got += String(chunk)
  expect(got).toMatch(/^HTTP\/1.1 200.*12/s)
})

test('SEC-05: who comes through a trusted proxy is who that says, and encrypted as that says', async () => {
  route('GET', '/who', (_, { address, encrypted }) => Response.json({ address, encrypted }))
  const forwarded = { 'x-forwarded-for': '192.0.2.66, 203.0.113.1', 'x-forwarded-proto': 'https' }
  const who = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/who`, { headers: forwarded })).json()
  expect(await who()).toEqual({ address: '127.0.0.1', encrypted: false })
  proxied = true
  expect(await who()).toEqual({ address: '203.0.113.1', encrypted: true })
})

test.each([
  ['of a trusted proxy', true, '203.0.113.1', 'unknown'],
  ['of anybody else', false, '127.0.0.1', undefined],
])('SEC-05: a WebSocket %s', async (_, isProxy, address, protocol) => {
  proxied = isProxy
  const headers = { 'X-Forwarded-For': '203.0.113.1', 'X-Forwarded-Proto': 'https' }
  const near = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'xmpp', { headers })
  await once(near, 'open')
  expect(transports[0]?.remote.address).toBe(address)
  expect(transports[0]?.tls?.protocol).toBe(protocol)
  near.terminate()
})

test.each([
  ['https://chat.example', 'open'],
  ['https://evil.example', 'error'],
])('WS-05: a page of %s tries a WebSocket: %s (RFC 6455 §10.2)', async (origin, outcome) => {
  const near = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'xmpp', { origin })
  const other = outcome === 'open' ? 'error' : 'open'
  await new Promise<void>((resolve, reject) => {
    near.once(outcome, () => resolve())
    near.once(other, () => reject(new Error(other)))
  })
  near.terminate()
})
