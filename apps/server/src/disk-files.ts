/** Uploaded files on disk: a file is written beside its place, flushed, and then put there under its name, so nobody ever sees half of one. */

import { createReadStream } from 'node:fs'
import { mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { FilesError, type FileRange, type Files } from '@tercet/server'

const PART = '.part'

/** Keeps files in a folder, which is made with the first one and readable by its owner alone. */
export function diskFiles(folder: string): Files {
  return new DiskFiles(folder)
}

class DiskFiles implements Files {
  readonly #folder: string
  readonly #ready: Promise<void>
  #written = 0

  constructor(folder: string) {
    this.#folder = folder
    this.#ready = removeParts(folder)
  }

  async write(name: string, body: ReadableStream<Uint8Array>): Promise<void> {
    await this.#ready
    const place = this.#place(name)
    const part = `${place}.${++this.#written}${PART}`
    try {
      await mkdir(join(place, '..'), { recursive: true, mode: 0o700 })
      await fill(part, body)
      await rename(part, place)
      await flushFolder(join(place, '..'))
    } catch (cause) {
      await rm(part, { force: true })
      throw filesError(cause)
    }
  }

  async read(name: string, range?: FileRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const place = this.#place(name)
    try {
      await stat(place)
    } catch {
      return undefined
    }
    const stream = createReadStream(place, range ? { start: range.first, end: range.last } : {})
    // Node's own types of the two worlds differ in name only.
    return Readable.toWeb(stream) as ReadableStream<Uint8Array>
  }

  async remove(name: string): Promise<void> {
    await rm(this.#place(name), { force: true })
  }

  async *names(beforeMs: number): AsyncIterable<string> {
    for await (const place of filesIn(this.#folder)) {
      const name = place.split('/').at(-1) ?? ''
      if (!name.endsWith(PART) && (await stat(place)).mtimeMs < beforeMs) yield name
    }
  }

  /** Names are ours, but nobody gets out of the folder by one. */
  #place(name: string): string {
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) throw new TypeError(`Not the name of a file: ${JSON.stringify(name)}`)
    return join(this.#folder, name.slice(0, 2), name)
  }
}

async function fill(part: string, body: ReadableStream<Uint8Array>): Promise<void> {
  const file = await open(part, 'wx', 0o600)
  try {
    for await (const chunk of body) await file.writeFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The name of a file is on disk when its folder is. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What an earlier process left half done. */
async function removeParts(folder: string): Promise<void> {
  for await (const place of filesIn(folder)) if (place.endsWith(PART)) await rm(place, { force: true })
}

async function* filesIn(folder: string): AsyncIterable<string> {
  let shards: string[]
  try {
    shards = await readdir(folder)
  } catch {
    return
  }
  for (const shard of shards) {
    const path = join(folder, shard)
    for await (const entry of await opendir(path)) yield join(path, entry.name)
  }
}

function filesError(cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException // what node:fs throws has one
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new FilesError('full', { cause })
  // What the body threw says more to whoever made it.
  return code?.startsWith('E') === true ? new FilesError('failed', { cause }) : (cause as Error)
}
