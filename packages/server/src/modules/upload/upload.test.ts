import { afterEach, expect, test, vi } from 'vitest'
import { FilesError, type FileRange, type Files } from '../../files.ts'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../../fixture.ts'
import { removeAccount } from '../../removal.ts'
import { memoryStorage, MemoryDisk } from '@tercet/storage/memory'
import { textOf, elementsOf } from '@tercet/testkit'

const NS = "xmlns='urn:xmpp:http:upload:0'"
const DAY_MS = 86_400_000

/** Files in memory, which can be made to fail. */
class MemoryFiles implements Files {
  readonly kept = new Map<string, Uint8Array>()
  fails: FilesError | undefined

  async write(name: string, body: ReadableStream<Uint8Array>): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    if (this.fails) throw this.fails
    this.kept.set(name, Buffer.concat(chunks))
  }

  read(name: string, range?: FileRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const bytes = this.kept.get(name)
    const part = range ? bytes?.subarray(range.first, range.last + 1) : bytes
    return Promise.resolve(part && (new Blob([part as Uint8Array<ArrayBuffer>]).stream() as ReadableStream<Uint8Array>))
  }

  remove(name: string): Promise<void> {
    this.kept.delete(name)
    return Promise.resolve()
  }

  async *names(): AsyncIterable<string> {
    yield* await Promise.resolve([...this.kept.keys()])
  }
}

let files: MemoryFiles
let fixture: Fixture

async function start(options: object = {}, more: Partial<FixtureOptions> = {}): Promise<void> {
  files = new MemoryFiles()
  fixture = await startFixture({ moduleOptions: { upload: options }, files: () => files, ...more })
  fixture.server.webAddress = domain => `https://${domain}`
}
afterEach(async () => {
  vi.useRealTimers()
  await fixture[Symbol.asyncDispose]()
})

const http = (url: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> =>
  fixture.server.respond(new Request(url, init), { address: '192.0.2.1', encrypted: true })

const put = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  http(url, {
    method: 'PUT',
    body: Buffer.from(body),
    headers: { 'content-length': String(Buffer.byteLength(body)), ...headers },
  })

/** Asks for a slot and gives its address. */
async function slot(
  client: Client,
  size: number,
  attrs = "filename='a b.png' content-type='image/png'",
): Promise<string> {
  const result = await client.asks(
    `<iq type='get' id='slot' to='a.test'><request ${NS} ${attrs} size='${size}'/></iq>`,
    `<iq type='result' id='slot'><slot ${NS}><put url='{url=any}'/><get url='{url}'/></slot></iq>`,
  )
  return elementsOf(elementsOf(result)[0]!)[0]!.attributes['url']!
}

test('UPL-01: a file that was put is there for everybody who knows its address (XEP-0363 §4, §7)', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  expect(url).toMatch(/^https:\/\/a\.test\/upload\/[A-Za-z0-9_-]{43}\/a%20b\.png$/)
  expect((await http(url)).status).toBe(404)
  expect((await put(url, 'hello')).status).toBe(201)
  const got = await http(url)
  expect([got.status, await got.text()]).toEqual([200, 'hello'])
  expect(Object.fromEntries(got.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '5',
    'content-disposition': "inline; filename*=UTF-8''a%20b.png",
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
  })
})

test('SEC-02: two slots share nothing that could be guessed', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const [one, two] = [await slot(romeo, 5), await slot(romeo, 5)]
  expect(one.split('/')[4]).not.toBe(two.split('/')[4])
})

test('UPL-01: a slot is used once', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  expect((await put(url, 'hello')).status).toBe(201)
  expect((await put(url, 'HELLO')).status).toBe(404)
  expect(await (await http(url)).text()).toBe('hello')
})

test.each([
  ['longer than the slot', 'hello!', {}, 413],
  ['shorter than the slot', 'hell', {}, 400],
  ['of another type than was said', 'hello', { 'content-type': 'text/html' }, 415],
  ['without a length', 'hello', { 'content-length': undefined }, 411],
  ['with a length that is none', 'hello', { 'content-length': 'x' }, 400],
])('UPL-01: a file is refused that is %s, and the slot stays', async (_, body, headers, status) => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  const request = new Request(url, { method: 'PUT', body: Buffer.from(body) })
  request.headers.set('content-length', String(Buffer.byteLength(body)))
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) request.headers.delete(name)
    else request.headers.set(name, value)
  }
  expect((await fixture.server.respond(request, { address: '', encrypted: true })).status).toBe(status)
  expect((await http(url)).status).toBe(404)
  expect(files.kept.size).toBe(0)
  expect((await put(url, 'hello', { 'content-type': 'image/png' })).status).toBe(201)
})

test('a body that is not as long as it said leaves nothing behind', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (const body of ['hell', 'hello!']) {
    const url = await slot(romeo, 5)
    expect((await put(url, body, { 'content-length': '5' })).status).toBe(500)
    expect([files.kept.size, (await http(url)).status]).toEqual([0, 404])
  }
})

test('an upload that stands still is given up, and its room is free again', async () => {
  await start({ stall_seconds: 1, account_bytes: 8 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: controller => controller.enqueue(Buffer.from('he')),
    cancel: () => void (cancelled = true),
  })
  const headers = { 'content-length': '5' }
  expect((await http(url, { method: 'PUT', body, headers, duplex: 'half' })).status).toBe(408)
  expect(cancelled).toBe(true)
  expect(files.kept.size).toBe(0)
  await slot(romeo, 8)
})

test('a full disk is 507, nothing half written is served, and the next upload works', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  files.fails = new FilesError('full')
  const url = await slot(romeo, 5)
  expect((await put(url, 'hello')).status).toBe(507)
  expect((await http(url)).status).toBe(404)
  files.fails = undefined
  expect((await put(await slot(romeo, 5), 'hello')).status).toBe(201)
})

test('a slot is over after its time', async () => {
  await start({ slot_seconds: 10 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  vi.useFakeTimers({ now: Date.now() + 10_001, toFake: ['Date'] })
  expect((await put(url, 'hello')).status).toBe(404)
})

const asks = (client: Client, size: number, error: string, attrs = "filename='a.png'"): Promise<unknown> =>
  client.asks(
    `<iq type='get' id='1' to='a.test'><request ${NS} ${attrs} size='${size}'/></iq>`,
    `<iq type='error' id='1'>${error}</iq>`,
  )

test('UPL-01: what is too large is refused with the largest size (§6)', async () => {
  await start({ max_file_bytes: 100 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await asks(
    romeo,
    101,
    `<error type='modify'><not-acceptable/><file-too-large ${NS}><max-file-size>100</max-file-size></file-too-large></error>`,
  )
  await slot(romeo, 100)
})

test.each([
  ['no size', `<request ${NS} filename='a'/>`],
  ['no name', `<request ${NS} size='1'/>`],
  ['nothing in it', `<request ${NS} filename='a' size='0'/>`],
  ['less than nothing', `<request ${NS} filename='a' size='-1'/>`],
  ['more than can be counted', `<request ${NS} filename='a' size='99999999999999999999'/>`],
])('bad-request: %s', async (_, request) => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='1' to='a.test'>${request}</iq>`,
    `<iq type='error' id='1'><error type='modify'><bad-request/></error></iq>`,
  )
})

test('an account has so much room, slots included, and is told when there will be more (§6)', async () => {
  await start({ account_bytes: 10, keep_days: 1 })
  const [romeo, juliet] = [await fixture.login('romeo@a.test/orchard'), await fixture.login('juliet@a.test/balcony')]
  expect((await put(await slot(romeo, 6), 'hello!')).status).toBe(201)
  await slot(romeo, 4)
  const error = `<error type='wait'><resource-constraint/><retry ${NS} stamp='{any}'/></error>`
  await asks(romeo, 1, error)
  await slot(juliet, 10)
  vi.useFakeTimers({ now: Date.now() + DAY_MS + 1, toFake: ['Date'] })
  fixture.server.wheel.tick(fixture.server.wheel.now + 3_610_000)
  await vi.waitFor(() => expect(files.kept.size).toBe(0))
  await slot(await fixture.login('romeo@a.test/garden'), 10)
})

test('a host has so much room', async () => {
  await start({ host_bytes: 10 })
  const [romeo, juliet] = [await fixture.login('romeo@a.test/orchard'), await fixture.login('juliet@a.test/balcony')]
  expect((await put(await slot(romeo, 6), 'hello!')).status).toBe(201)
  await asks(juliet, 5, `<error type='wait'><resource-constraint/></error>`)
  await slot(juliet, 4)
})

test('nobody has slots without end', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (let i = 0; i < 20; i++) await slot(romeo, 1)
  await asks(romeo, 1, `<error type='wait'><resource-constraint/></error>`)
})

test('files go after their time: at once for who asks, from the disk within the hour', async () => {
  await start({ keep_days: 1 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  await put(url, 'hello')
  vi.useFakeTimers({ now: Date.now() + DAY_MS + 1, toFake: ['Date'] })
  expect((await http(url)).status).toBe(404)
  expect(files.kept.size).toBe(1)
  fixture.server.wheel.tick(fixture.server.wheel.now + 3_610_000)
  await vi.waitFor(() => expect(files.kept.size).toBe(0))
})

test('a file is for nobody after the moment that its owner names (§5.3)', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const before = new Date(Date.now() + 60_000).toISOString()
  const result = await romeo.asks(
    `<iq type='get' id='1' to='a.test'><request ${NS} filename='a' size='5'><ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='${before}'/></request></iq>`,
    `<iq type='result' id='1'><slot ${NS}>{any}</slot></iq>`,
  )
  const url = elementsOf(elementsOf(result)[0]!)[0]!.attributes['url']!
  await put(url, 'hello')
  expect((await http(url)).status).toBe(200)
  vi.useFakeTimers({ now: Date.now() + 60_001, toFake: ['Date'] })
  expect((await http(url)).status).toBe(404)
})

test('files of an account that is removed are removed with it', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const [stored, open] = [await slot(romeo, 5), await slot(romeo, 5)]
  await put(stored, 'hello')
  await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
  expect((await http(stored)).status).toBe(404)
  expect((await put(open, 'hello')).status).toBe(404)
  await vi.waitFor(() => expect(files.kept.size).toBe(0))
})

test('files survive a restart; those that no row knows are removed by it', async () => {
  await start()
  const { storage } = fixture.server
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  await put(url, 'hello')
  files.kept.set('orphan', Buffer.from('x'))
  await fixture[Symbol.asyncDispose]()
  fixture = await startFixture({ storage, files: () => files })
  expect(await (await http(url)).text()).toBe('hello')
  await vi.waitFor(() => expect([...files.kept.keys()]).toEqual([url.split('/')[4]]))
})

test('accounts of other domains get no slots', async () => {
  await start({}, { domains: ['a.test', 'b.test'], accounts: ['juliet@b.test'] })
  const juliet = await fixture.login('juliet@b.test/balcony')
  await asks(juliet, 5, `<error type='auth'><forbidden/></error>`)
})

test('parts of a file, its head, and what has not changed (RFC 9110 §13, §14)', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  await put(url, 'hello')
  const part = await http(url, { headers: { range: 'bytes=1-3' } })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 1-3/5', 'ell'])
  const beyond = await http(url, { headers: { range: 'bytes=5-' } })
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */5'])
  const head = await http(url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, '5', null])
  const tag = head.headers.get('etag')!
  expect((await http(url, { headers: { 'if-none-match': tag } })).status).toBe(304)
  expect((await http(url, { headers: { range: 'bytes=1-3', 'if-range': '"other"' } })).status).toBe(200)
})

test('pages of other sites may put and get (§9)', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const { status, headers } = await http(await slot(romeo, 5), { method: 'OPTIONS' })
  expect([status, headers.get('access-control-allow-origin'), headers.get('access-control-allow-methods')]).toEqual([
    204,
    '*',
    'PUT, GET, HEAD',
  ])
})

test.each(['x', 'A'.repeat(43), '%2e%2e', '%00', '..%2f..%2fetc', 'A'.repeat(5000)])(
  'token guessing finds nothing: %s',
  async token => {
    await start()
    for (const method of ['GET', 'HEAD', 'PUT'])
      expect(
        (await http(`https://a.test/upload/${token}/a`, { method, ...(method === 'PUT' ? { body: 'x' } : {}) })).status,
      ).toBe(404)
  },
)

test('a name that is not the one of the slot finds nothing', async () => {
  await start()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const url = await slot(romeo, 5)
  expect((await put(url.replace('a%20b.png', 'x.html'), 'hello')).status).toBe(404)
  await put(url, 'hello')
  expect((await http(url.replace('a%20b.png', 'x.html'))).status).toBe(404)
})

test('discovery tells the service and its largest file (§3)', async () => {
  await start({ max_file_bytes: 100 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  const info = await romeo.asks(
    `<iq type='get' id='1' to='a.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    `<iq type='result' id='1'><query xmlns='http://jabber.org/protocol/disco#info'>
       <identity category='store' type='file'/><feature var='urn:xmpp:http:upload:0'/>
       <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:http:upload:0</value></field>
       <field var='max-file-size'><value>100</value></field></x></query></iq>`,
  )
  expect(textOf(info)).toBeDefined()
})

test('without a place for files nothing is advertised', async () => {
  fixture = await startFixture()
  expect(fixture.server.hosts.get('a.test')!.features.has('urn:xmpp:http:upload:0')).toBe(false)
})

test('a slot that was given is good after a restart, once, and takes its room (XEP-0363 §7)', async () => {
  const disk = new MemoryDisk()
  const again = async (accounts: string[]): Promise<Client> => {
    await start({ account_bytes: 12 }, { accounts, storage: memoryStorage({ disk }) })
    return fixture.login('romeo@a.test/orchard')
  }
  const url = await slot(await again(['romeo@a.test']), 5)
  const other = await slot(await fixture.login('romeo@a.test/garden'), 6)
  await fixture[Symbol.asyncDispose]()
  const romeo = await again([])
  await romeo.asks(
    `<iq type='get' id='slot' to='a.test'><request ${NS} filename='c' size='2'/></iq>`,
    "<iq type='error' id='slot'><error type='wait'><resource-constraint/></error></iq>",
  )
  expect((await put(url, 'hello')).status).toBe(201)
  expect((await put(url, 'hello')).status).toBe(404)
  await fixture[Symbol.asyncDispose]()
  await again([])
  expect((await put(url, 'hello')).status).toBe(404)
  vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ['Date'] })
  expect((await put(other, 'ninety')).status).toBe(404)
})
