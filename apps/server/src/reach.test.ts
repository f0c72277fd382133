import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { filesOf } from './reach.ts'
import { startBucket } from './s3.fixture.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tercet-reach-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const bytes = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream()

test('uploaded files are in the data folder, each host with its own', async () => {
  const files = filesOf({ data: folder, s3: undefined })
  await files('a.test').write('abc', bytes('hello'), 5)
  expect(await new Response(await files('a.test').read('abc')).text()).toBe('hello')
  expect(await files('b.test').read('abc')).toBeUndefined()
})

test('or in a bucket, whose secret may be in a file', async () => {
  await using bucket = await startBucket()
  const { secretKey, ...options } = bucket.options
  const file = join(folder, 'secret')
  await writeFile(file, `${secretKey}\n`)
  for (const secret of [{ file }, { key: secretKey }]) {
    const files = filesOf({ data: folder, s3: { ...options, secret } })
    await files('a.test').write('abc', bytes('hello'), 5)
    expect(await new Response(await files('a.test').read('abc')).text()).toBe('hello')
  }
})

test('a secret that is not there is an error that names its key', async () => {
  const s3 = {
    ...{ endpoint: 'https://s3.test', region: 'us-east-1', bucket: 'b', prefix: '', accessKey: 'a', pathStyle: true },
    secret: { file: join(folder, 'nothing') },
  }
  expect(() => filesOf({ data: folder, s3 })).toThrow(/^uploads\.s3\.secret_key_file: .*nothing cannot be read: ENOENT/)
  await writeFile(s3.secret.file, '\n')
  expect(() => filesOf({ data: folder, s3 })).toThrow(/is empty$/)
})
