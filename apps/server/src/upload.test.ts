// Uploads from end to end: a client asks for a slot, the listener takes the file, the disk keeps it.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@tercet/client'
import { silent } from '@tercet/plugin'
import { createServer, type Files, type Server } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import * as wire from '@tercet/stanza/http-upload'
import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair } from '@tercet/stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixedCertificates } from './certificates.fixture.ts'
import { diskFiles } from './disk-files.ts'
import { s3Files } from './s3-files.ts'
import { startBucket } from './s3.fixture.ts'
import { createWeb, type Web } from './http.ts'

let folder: string
let server: Server
let web: Web
let client: Client

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tercet-upload-'))
  await start(diskFiles(folder))
})
afterEach(async () => {
  await stop()
  await rm(folder, { recursive: true, force: true })
})

async function start(files: Files): Promise<void> {
  server = await createServer({
    storage: memoryStorage(),
    hosts: [{ name: 'localhost', modules: standardModules }],
    iterations: 4096,
    requireTls: false,
    files: () => files,
    moduleOptions: { upload: { stall_seconds: 1 } },
  })
  const { accounts } = server.hosts.get('localhost')!
  await accounts.put('romeo', await accounts.derive('secret'), { create: true })
  web = createWeb({
    certificates: fixedCertificates(),
    maxMessageBytes: 20_000,
    logger: silent,
    accept: transport => server.accept(transport),
    respond: (request, visitor) => server.respond(request, visitor),
    patienceMs: 500,
  })
  const { port } = await web.listen({ address: '127.0.0.1', port: 0 })
  server.webAddress = () => `http://127.0.0.1:${port}`
  client = await createClient({
    jid: 'romeo@localhost',
    password: 'secret',
    allowPlaintext: true,
    connect: () => {
      const [near, far] = memoryPair()
      server.accept(far)
      return Promise.resolve({ transport: near })
    },
  })
}

async function stop(): Promise<void> {
  await client.close()
  await server.stop()
  await web.close()
}

const slotFor = (size: number) => client.request(wire.request, { filename: 'a.bin', size }, { to: 'localhost' })

async function kept(): Promise<string[]> {
  return (await readdir(folder, { recursive: true, withFileTypes: true })).filter(e => e.isFile()).map(e => e.name)
}

test('UPL-01: megabytes arrive as they were sent', async () => {
  const bytes = randomBytes(5_000_000)
  const { put, get } = await slotFor(bytes.length)
  expect((await fetch(put.url, { method: 'PUT', body: bytes })).status).toBe(201)
  const response = await fetch(get)
  expect(response.headers.get('content-disposition')).toMatch(/^attachment;/)
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  const part = await fetch(get, { headers: { range: 'bytes=4999990-' } })
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(4_999_990))).toBe(true)
})

test('UPL-01: the same through a bucket, with the same headers', async () => {
  await using bucket = await startBucket()
  const files = s3Files(bucket.options, 'localhost')
  await stop()
  await start(files)
  const bytes = randomBytes(5_000_000)
  const { put, get } = await slotFor(bytes.length)
  expect((await fetch(put.url, { method: 'PUT', body: bytes })).status).toBe(201)
  const response = await fetch(get)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-disposition': expect.stringMatching(/^attachment;/) as string,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  })
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  const part = await fetch(get, { headers: { range: 'bytes=4999990-' } })
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(4_999_990))).toBe(true)
  // Who stands still and who goes away leave nothing.
  const half = await slotFor(1_000_000)
  const upload = request(half.put.url, { method: 'PUT', headers: { 'content-length': '1000000' } }).on(
    'error',
    () => {},
  )
  const status = new Promise(resolve => upload.on('response', ({ statusCode }) => resolve(statusCode)))
  upload.write(randomBytes(300_000))
  expect(await status).toBe(408)
  expect((await fetch(half.get)).status).toBe(404)
  const names: string[] = []
  for await (const name of files.names(Date.now() + 60_000)) names.push(name)
  expect(names).toHaveLength(1)
})

test('a sender who goes away leaves nothing, and the server goes on', async () => {
  const { put, get } = await slotFor(1_000_000)
  const upload = request(put.url, { method: 'PUT', headers: { 'content-length': '1000000' } }).on('error', () => {})
  upload.write(randomBytes(300_000))
  await expect.poll(kept).toHaveLength(1)
  upload.destroy()
  await expect.poll(kept).toEqual([])
  expect((await fetch(get)).status).toBe(404)
})

test('a sender who stands still is given up, and one who is merely slow is not', async () => {
  const slow = await slotFor(30)
  const upload = request(slow.put.url, { method: 'PUT', headers: { 'content-length': '30' } })
  const answered = new Promise<number | undefined>(resolve =>
    upload.on('response', ({ statusCode }) => resolve(statusCode)),
  )
  // Twice the time that other requests have.
  for (let i = 0; i < 3; i++) {
    upload.write(randomBytes(10))
    await new Promise(resolve => setTimeout(resolve, 400))
  }
  upload.end()
  expect(await answered).toBe(201)
  const still = await slotFor(30)
  const stalled = request(still.put.url, { method: 'PUT', headers: { 'content-length': '30' } }).on('error', () => {})
  const status = new Promise<number | undefined>(resolve => {
    stalled.on('response', ({ statusCode }) => resolve(statusCode)).on('close', () => resolve(undefined))
  })
  stalled.write(randomBytes(10))
  expect(await status).toBe(408)
  expect(await kept()).toHaveLength(1)
})

test('a length that does not fit is refused before the body is read', async () => {
  const { put } = await slotFor(10)
  const upload = request(put.url, { method: 'PUT', headers: { 'content-length': '1000000000' } }).on('error', () => {})
  const status = new Promise<number | undefined>(resolve =>
    upload.on('response', ({ statusCode }) => resolve(statusCode)),
  )
  upload.write('x')
  expect(await status).toBe(413)
  upload.destroy()
  expect(await kept()).toEqual([])
})
