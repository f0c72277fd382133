import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diskFiles } from './disk-files.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tercet-files-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Parts of a body, and how it fails in the end. */
function body(parts: readonly string[], error?: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      for (const part of parts) controller.enqueue(Buffer.from(part))
      await Promise.resolve()
      if (error) controller.error(error)
      else controller.close()
    },
  })
}

async function all(stream: ReadableStream<Uint8Array> | undefined): Promise<string | undefined> {
  return stream && new Response(stream).text()
}

async function everything(): Promise<string[]> {
  return (await readdir(folder, { recursive: true, withFileTypes: true })).filter(e => e.isFile()).map(e => e.name)
}

test('a file is read as it was written, whole and in parts, also by the next process', async () => {
  await diskFiles(folder).write('abcdef', body(['hel', 'lo']), 5)
  const files = diskFiles(folder)
  expect(await all(await files.read('abcdef'))).toBe('hello')
  expect(await all(await files.read('abcdef', { first: 1, last: 3 }))).toBe('ell')
  expect((await stat(join(folder, 'ab', 'abcdef'))).mode & 0o777).toBe(0o600)
  await files.remove('abcdef')
  expect(await files.read('abcdef')).toBeUndefined()
  await files.remove('abcdef')
})

test.each([
  ['the sender goes away', new Error('gone'), { message: 'gone' }],
  ['the disk is full', Object.assign(new Error('no space'), { code: 'ENOSPC' }), { condition: 'full' }],
  ['a quota is reached', Object.assign(new Error('quota'), { code: 'EDQUOT' }), { condition: 'full' }],
  ['the disk fails', Object.assign(new Error('io'), { code: 'EIO' }), { condition: 'failed' }],
])('when %s, nothing is left', async (_, error, expected) => {
  const files = diskFiles(folder)
  await expect(files.write('abcdef', body(['half'], error), 8)).rejects.toMatchObject(expected)
  expect(await everything()).toEqual([])
  expect(await files.read('abcdef')).toBeUndefined()
})

test('a file is not there before it is whole', async () => {
  const files = diskFiles(folder)
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writing = files.write('abcdef', readable, 8)
  const writer = writable.getWriter()
  await writer.write(Buffer.from('half'))
  expect(await files.read('abcdef')).toBeUndefined()
  await writer.close()
  await writing
  expect(await all(await files.read('abcdef'))).toBe('half')
})

test('what a process left half done is removed by the next one', async () => {
  await mkdir(join(folder, 'ab'))
  await writeFile(join(folder, 'ab', 'abcdef.1.part'), 'half')
  const files = diskFiles(folder)
  await files.write('xyz', body(['whole']), 5)
  expect(await everything()).toEqual(['xyz'])
})

test('old files are listed, new ones and those on their way are not', async () => {
  const files = diskFiles(folder)
  for (const name of ['old', 'new']) await files.write(name, body([name]), 3)
  await utimes(join(folder, 'ol', 'old'), 1, 1)
  const names: string[] = []
  for await (const name of files.names(Date.now() - 60_000)) names.push(name)
  expect(names).toEqual(['old'])
  for await (const name of diskFiles(join(folder, 'none')).names(Date.now())) expect(name).toBeUndefined()
})

test.each(['..', '../x', 'a/b', '', 'a\0b', 'a.part'])('a name that is none of ours is refused: %j', async name => {
  const files = diskFiles(folder)
  await expect(files.write(name, body(['x']), 1)).rejects.toThrow(TypeError)
  await expect(files.read(name)).rejects.toThrow(TypeError)
  await expect(files.remove(name)).rejects.toThrow(TypeError)
  expect(await readFile(folder).catch(() => 'nothing')).toBe('nothing')
})
