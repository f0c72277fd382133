import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { selfSigned, dialWebSocket } from '@tercet/net'
import { silent } from '@tercet/plugin'
import { createServer, type Server } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { memoryStorage } from '@tercet/storage/memory'
import type { Storage } from '@tercet/storage'
import type { Transport } from '@tercet/stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Certificates, Pair } from './certificates.ts'
import { Invitation } from './first-account/invitation.ts'
import { createWeb, type Web } from './http.ts'

const pair = selfSigned({ domains: ['localhost'] })
const transports: Transport[] = []
let storage: Storage
let server: Server
let web: Web
let port: number
let changed: (pair: Pair) => void

beforeEach(async () => {
  storage = memoryStorage()
  server = await createServer({
    storage,
    hosts: [{ name: 'localhost', modules: standardModules }],
    iterations: 4096,
  })
  const certificates: Certificates = { current: pair, onChange: use => (changed = use), reload() {}, close() {} }
  web = createWeb({
    certificates,
    invitation: new Invitation(server),
    maxMessageBytes: 100_000,
    logger: silent,
    accept: transport => transports.push(transport),
    patienceMs: 1000,
  })
  ;({ port } = await web.listen({ address: '127.0.0.1', port: 0 }))
})
afterEach(async () => {
  vi.useRealTimers()
  for (const transport of transports.splice(0)) transport.destroy()
  web.close()
  await server.stop()
  await storage.close()
})

const newLink = async (): Promise<string> =>
  `http://127.0.0.1:${port}/first-account/${(await new Invitation(server).token()) ?? 'none'}`

const post = (link: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(link, { method: 'POST', body: new URLSearchParams(fields), headers })

const good = { name: 'Alice', password: 'correct horse' }

test('the link shows a form, makes the account, and is spent', async () => {
  const link = await newLink()
  const form = await fetch(link)
  expect(form.status).toBe(200)
  expect(await form.text()).toContain('<input id="name" name="name"')
  const done = await post(link, good)
  expect(done.status).toBe(201)
  const html = await done.text()
  expect(html).toContain('<a href="xmpp:alice@localhost">')
  expect(html).toMatch(/<svg viewBox="0 0 33 33"[^>]*><path d="M4 4h7v1H4z/)
  expect(await server.hosts.get('localhost')?.accounts.exists('alice')).toBe(true)
  for (const again of [await fetch(link), await post(link, { ...good, name: 'mallory' })])
    expect(again.status).toBe(410)
  expect(await server.hosts.get('localhost')?.accounts.exists('mallory')).toBe(false)
  expect(await new Invitation(server).token()).toBeUndefined()
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

test('the token has 256 bits, is the same after a restart, and another one after 24 hours', async () => {
  const token = await new Invitation(server).token()
  expect(Buffer.from(token ?? '', 'base64url')).toHaveLength(32)
  expect(await new Invitation(server).token()).toBe(token)
  vi.useFakeTimers({ now: Date.now() + 24 * 3_600_000 + 1, toFake: ['Date'] })
  expect(await new Invitation(server).admits(token ?? '')).toBe(false)
  expect(await new Invitation(server).token()).not.toBe(token)
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

test.each(['', 'x', 'A'.repeat(43), '%00', '..', '%', 'A'.repeat(2000)])('no link: first-account/%s', async token => {
  expect((await fetch(`http://127.0.0.1:${port}/first-account/${token}`)).status).toBeGreaterThanOrEqual(404)
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
  ['DELETE', '/', 405],
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
  changed(next)
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
  ['half a body', 'POST /first-account/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nname='],
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
