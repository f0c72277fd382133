import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Files } from '@tercet/server'
import { s3Files, type S3Options } from './s3-files.ts'
import { startBucket } from './s3.fixture.ts'

let bucket: Awaited<ReturnType<typeof startBucket>>
let options: S3Options
let files: Files
let count = 0

beforeAll(async () => {
  bucket = await startBucket()
  ;({ options } = bucket)
})
afterAll(() => bucket[Symbol.asyncDispose]())
beforeEach(() => (files = s3Files(options, `a${++count}.test`)))

/** Parts of a body, and how it fails in the end. */
function body(parts: readonly (string | Uint8Array)[], error?: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (const part of parts) controller.enqueue(Buffer.from(part))
      await new Promise(resolve => setImmediate(resolve))
      if (error) controller.error(error)
      else controller.close()
    },
  })
}

async function all(stream: ReadableStream<Uint8Array> | undefined): Promise<string | undefined> {
  return stream && new Response(stream).text()
}

async function names(of: Files, beforeMs = Date.now() + 60_000): Promise<string[]> {
  const found: string[] = []
  for await (const name of of.names(beforeMs)) found.push(name)
  return found
}

/** An S3 server that answers so. */
async function saying(answer: (method: string, url: string) => { status: number; text?: string } | undefined) {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    const said = answer(request.method ?? '', request.url ?? '')
    request.resume()
    if (said) request.on('end', () => response.writeHead(said.status).end(said.text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    files: s3Files({ ...options, endpoint: `http://127.0.0.1:${port}`, patienceMs: 100 }, 'a.test'),
    get asked() {
      return asked
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

test('a file is read as it was written, whole and in parts, until it is removed', async () => {
  await files.write('ab-c_f', body(['hel', 'lo']), 5)
  expect(await all(await files.read('ab-c_f'))).toBe('hello')
  expect(await all(await files.read('ab-c_f', { first: 1, last: 3 }))).toBe('ell')
  await files.remove('ab-c_f')
  expect(await files.read('ab-c_f')).toBeUndefined()
  await files.remove('ab-c_f')
})

test('megabytes and nothing at all', async () => {
  const bytes = randomBytes(5_000_000)
  await files.write('big', body([bytes.subarray(0, 3_000_001), bytes.subarray(3_000_001)]), bytes.length)
  const read = Buffer.from(await new Response(await files.read('big')).arrayBuffer())
  expect(read.equals(bytes)).toBe(true)
  await files.write('empty', body([]), 0)
  expect(await all(await files.read('empty'))).toBe('')
})

test('each host has its own', async () => {
  const other = s3Files(options, 'bücher.test')
  await files.write('mine', body(['x']), 1)
  await other.write('theirs', body(['x']), 1)
  expect(await names(files)).toEqual(['mine'])
  expect(await names(other)).toEqual(['theirs'])
  expect(await files.read('theirs')).toBeUndefined()
})

test('a sender who goes away leaves nothing, and its error is told', async () => {
  await expect(files.write('half', body(['half'], new Error('gone')), 8)).rejects.toThrow('gone')
  expect(await names(files)).toEqual([])
})

test('old files are listed, and new ones are not', async () => {
  for (const name of ['one', 'two', 'three']) await files.write(name, body(['x']), 1)
  expect(await names(files)).toEqual(['one', 'three', 'two'])
  expect(await names(files, Date.now() - 3_600_000)).toEqual([])
})

test('page by page, whatever comes in between', async () => {
  const keys = ['up/a.test/a', 'up/a.test/b', 'up/a.test/../c', 'up/a.test/d&amp;e', 'up/a.test/f']
  const page = (key: string, isTruncated: boolean): string =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isTruncated}</IsTruncated><Contents><Key>${key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>\n`
  const asked: (string | null)[] = []
  await using there = await saying((_, url) => {
    asked.push(new URL(url, 'http://s3.test').searchParams.get('start-after'))
    return { status: 200, text: page(keys[asked.length - 1] ?? '', asked.length < keys.length) }
  })
  expect(await names(there.files)).toEqual(['a', 'b'])
  // A server that would go round in circles is left.
  expect(asked).toEqual([null, 'up/a.test/a', 'up/a.test/b'])
  keys.splice(2, 1)
  asked.length = 0
  expect(await names(there.files)).toEqual(['a', 'b', 'f'])
})

test.each(['..', '../x', 'a/b', '', 'a?b', 'a%2fb'])('a name that is none of ours is refused: %j', async name => {
  await expect(files.write(name, body(['x']), 1)).rejects.toThrow(TypeError)
  await expect(files.read(name)).rejects.toThrow(TypeError)
  await expect(files.remove(name)).rejects.toThrow(TypeError)
})

/** Where somebody listened, and nobody does now. */
async function closed(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return `http://127.0.0.1:${port}`
}

describe('what the server does not let us do is an error that names it', () => {
  test('a wrong secret', async () => {
    const wrong = s3Files({ ...options, secretKey: 'wrong' }, 'a.test')
    const cause = expect.objectContaining({ message: 'The S3 server refuses PUT: 403 SignatureDoesNotMatch' }) as Error
    await expect(wrong.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'failed', cause })
    await expect(wrong.read('x')).rejects.toThrow('The S3 server refuses GET: 403 SignatureDoesNotMatch')
    await expect(names(wrong)).rejects.toThrow('403')
  })

  test('a bucket that is not there', async () => {
    const wrong = s3Files({ ...options, bucket: 'nothing' }, 'a.test')
    await expect(wrong.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'failed' })
    await expect(names(wrong)).rejects.toThrow('The S3 server refuses GET: 404 NoSuchBucket')
  })

  test('nobody listens', async () => {
    const nobody = s3Files({ ...options, endpoint: await closed() }, 'a.test')
    await expect(nobody.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'failed' })
    await expect(nobody.read('x')).rejects.toThrow('The S3 server cannot be reached: ECONNREFUSED')
  })
})

describe('a server in trouble', () => {
  test('is asked again, but not for what comes but once', async () => {
    await using there = await saying(() => ({ status: 503, text: '<Error><Code>SlowDown</Code></Error>' }))
    await expect(there.files.read('x')).rejects.toThrow('The S3 server refuses GET: 503 SlowDown')
    expect(there.asked).toBe(4)
    await expect(there.files.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'failed' })
    expect(there.asked).toBe(5)
  })

  test('is full', async () => {
    await using there = await saying(() => ({ status: 507 }))
    await expect(there.files.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'full' })
  })

  test('says nothing, and is given up', async () => {
    await using there = await saying(() => undefined)
    await expect(there.files.read('x')).rejects.toThrow('The S3 server stands still')
    await expect(there.files.write('x', body(['x']), 1)).rejects.toMatchObject({ condition: 'failed' })
  })

  test('says something else', async () => {
    await using there = await saying(() => ({ status: 200, text: '<html><body>' }))
    await expect(names(there.files)).rejects.toMatchObject({ name: 'XmlError' })
    await using more = await saying(() => ({ status: 200, text: 'x'.repeat(3_000_000) }))
    await expect(names(more.files)).rejects.toThrow('The S3 server says too much')
  })
})
