import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Storage } from '@tercet/storage'
import { idAt, placeOf, readId } from '@tercet/storage/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openSqliteStorage, openStore } from './open.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tercet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** An id that stands for a short name. */
const idOf = (name: string): string => idAt(placeOf(Number.parseInt(`1${name}`, 36)))
const nameOf = (id: string): string => readId(id)!.ms.toString(36).slice(1)

const append = (storage: Storage, id: string, body = 'b', owner = 'o') => {
  const unit = storage.unit()
  storage.log('l').append(unit, 'h', owner, { id: idOf(id), at: 1, peer: 'p', body })
  return unit.commit()
}
const idsOf = async (storage: Storage) =>
  (await storage.log('l').page('h', 'o', { max: 10_000 })).entries.map(entry => nameOf(entry.id))
const isWritable = (storage: Storage) =>
  vi.waitFor(() => expect(storage.stats().writable).toBe(true), { timeout: 8_000, interval: 50 })

/** Commits large entries until one is refused, and gives the ids of those that were not. */
async function fill(storage: Storage): Promise<string[]> {
  const kept: string[] = []
  for (let turn = 0; turn < 5_000; turn++) {
    const id = String(turn).padStart(6, '0')
    try {
      await append(storage, id, 'x'.repeat(20_000))
    } catch (error) {
      expect(error).toMatchObject({ name: 'StorageError', condition: 'full' })
      return kept
    }
    kept.push(id)
  }
  throw new Error('The store never became full')
}

describe('a full disk', () => {
  test('each unit of the flush is refused, what was durable stays, and space that returns is used', async () => {
    await using storage = await openSqliteStorage({ folder, maxBytes: 1_000_000 })
    const kept = await fill(storage)
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(id => append(storage, id, 'x'.repeat(50_000))))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(storage.stats()).toMatchObject({ writable: false, backlog: 0 })
    expect(await idsOf(storage)).toEqual(kept)
    const unit = storage.unit()
    storage.log('l').clear(unit, 'h', 'o')
    await unit.commit()
    await append(storage, 'z')
    expect(await idsOf(storage)).toEqual(['z'])
    expect(storage.stats().writable).toBe(true)
  })

  test('spool entries of a refused flush are owed by nobody, and settled rows are deleted later', async () => {
    await using storage = await openSqliteStorage({ folder, maxBytes: 1_000_000 })
    const entryOf = (id: string, text: string) => ({ destination: 'd', id, at: 1, text, settled: false, stored: false })
    const early = entryOf('1', 't')
    const unit = storage.unit()
    storage.spool.put(unit, early)
    await unit.commit()
    await fill(storage)
    storage.spool.settle([early])
    const late = entryOf('2', 'x'.repeat(200_000))
    const refused = storage.unit()
    storage.spool.put(refused, late)
    await expect(refused.commit()).rejects.toMatchObject({ condition: 'full' })
    expect(late.stored).toBe(false)
    expect(await storage.spool.load('d')).toEqual([])
    expect(await storage.spool.count('d')).toBe(0)
  })

  // A quota of our own needs the right to mount; elsewhere the two tests above stand for it.
  const mounted = mountSmall()
  test.skipIf(mounted === undefined)(
    'on a real full file system, write-ahead log and all',
    { timeout: 30_000 },
    async () => {
      const small = mounted!
      try {
        const storage = await openSqliteStorage({ folder: join(small, 'db') })
        const kept = await fill(storage)
        writeFileSync(join(small, 'ballast'), '')
        await expect(append(storage, 'x', 'x'.repeat(100_000))).rejects.toMatchObject({ condition: 'full' })
        expect(await idsOf(storage)).toEqual(kept)
        expect(storage.stats().writable).toBe(false)
        execFileSync('mount', ['-o', 'remount,size=64m', small])
        await isWritable(storage)
        await append(storage, '999999')
        await storage.close()
        await using again = await openSqliteStorage({ folder: join(small, 'db') })
        expect(await idsOf(again)).toEqual([...kept, '999999'])
      } finally {
        execFileSync('umount', [small])
        rmSync(small, { recursive: true })
      }
    },
  )
})

function mountSmall(): string | undefined {
  const small = mkdtempSync(join(tmpdir(), 'tercet-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', small], { stdio: 'ignore' })
    return small
  } catch {
    rmSync(small, { recursive: true })
    return undefined
  }
}

describe('a worker that dies', () => {
  test('refuses what was in flight, is replaced, and later units work', async () => {
    const warn = vi.fn()
    const { storage, writer } = await openStore({ folder, logger: { warn, info: () => {} } })
    await append(storage, '1')
    const flying = append(storage, '2').then(
      () => 'fulfilled',
      () => 'rejected',
    )
    const page = idsOf(storage).catch((error: unknown) => error)
    await Promise.resolve()
    await writer.worker?.terminate()
    const outcome = await flying
    await page
    await isWritable(storage)
    await append(storage, '3')
    expect(await idsOf(storage)).toEqual(outcome === 'fulfilled' ? ['1', '2', '3'] : ['1', '3'])
    expect(warn).toHaveBeenCalled()
    await storage.close()
  })

  test('between death and rebirth nothing hangs, and closing works', async () => {
    const { storage, writer } = await openStore({ folder })
    const ended = writer.worker!.terminate()
    const outcomes = await Promise.allSettled([append(storage, '1'), idsOf(storage)])
    await ended
    expect(outcomes).toHaveLength(2)
    await storage.close()
    await using again = await openSqliteStorage({ folder })
    expect((await idsOf(again)).length).toBe(outcomes[0].status === 'fulfilled' ? 1 : 0)
  })
})

describe('one process for each folder', () => {
  test('a second opening is refused with the pid of the holder', async () => {
    await using storage = await openSqliteStorage({ folder })
    await expect(openSqliteStorage({ folder })).rejects.toMatchObject({
      condition: 'locked',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    })
    await append(storage, '1')
  })

  test('another process is refused too, and a dead holder leaves no lock', async () => {
    const lock = new URL('./lock.ts', import.meta.url).href
    const code = `const { lockFolder } = await import(${JSON.stringify(lock)}); lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--conditions=@tercet/source', '--input-type=module', '-e', code])
    await once(child.stdout, 'data')
    await expect(openSqliteStorage({ folder })).rejects.toMatchObject({
      condition: 'locked',
      message: expect.stringContaining(`process ${child.pid!}`) as string,
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await using storage = await openSqliteStorage({ folder })
    await append(storage, '1')
  })

  test('a failed opening leaves the folder free', async () => {
    mkdtempSync(join(folder, 'x'))
    const db = new DatabaseSync(join(folder, 'tercet.db'))
    db.exec('PRAGMA user_version = 1000')
    db.close()
    for (let turn = 0; turn < 2; turn++) {
      await expect(openSqliteStorage({ folder })).rejects.toMatchObject({ condition: 'newer-schema' })
    }
  })

  test.each([
    [
      'a file that is no database',
      () => writeFileSync(join(folder, 'tercet.db'), 'not a database '.repeat(100)),
      'failed',
    ],
  ])('%s is refused', async (_, prepare, condition) => {
    prepare()
    await expect(openSqliteStorage({ folder })).rejects.toMatchObject({ name: 'StorageError', condition })
  })
})

describe('a backup', () => {
  test('holds everything durable, is taken while the store is in use, and replaces an older one', async () => {
    const copy = join(folder, 'copy')
    await using storage = await openSqliteStorage({ folder })
    await append(storage, '1')
    await storage.backup(join(folder, 'copy.db'))
    const commits = Array.from({ length: 50 }, (_, turn) => append(storage, String(turn + 2).padStart(3, '0')))
    await commits[0]
    await storage.backup(join(folder, 'copy.db'))
    await Promise.all(commits)
    execFileSync('mkdir', [copy])
    execFileSync('cp', [join(folder, 'copy.db'), join(copy, 'tercet.db')])
    await using restored = await openSqliteStorage({ folder: copy })
    expect((await idsOf(restored)).slice(0, 2)).toEqual(['1', '002'])
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
  })

  test('that cannot be written is refused and leaves no part of it', async () => {
    await using storage = await openSqliteStorage({ folder })
    await expect(storage.backup(join(folder, 'missing', 'copy.db'))).rejects.toMatchObject({ condition: 'failed' })
    await append(storage, '1')
    expect(existsSync(join(folder, 'missing'))).toBe(false)
  })
})

test('a write that SQLite refuses does no harm to other units of its flush', async () => {
  await using storage = await openSqliteStorage({ folder })
  const poison = storage.unit()
  // Not a text, as a caller without types could pass.
  storage.table('t').put(poison, 'h', 'o', {} as string, 1)
  const outcomes = await Promise.allSettled([append(storage, '1'), poison.commit(), append(storage, '2')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await idsOf(storage)).toEqual(['1', '2'])
  expect(storage.stats().writable).toBe(true)
})

test('values without a JSON form and broken times are refused at once', async () => {
  await using storage = await openSqliteStorage({ folder })
  const unit = storage.unit()
  expect(() => storage.table('t').put(unit, 'h', 'o', 'k', undefined)).toThrow(TypeError)
  expect(() => storage.log('l').append(unit, 'h', 'o', { id: idOf('1'), at: 0.5, peer: '', body: '' })).toThrow(
    TypeError,
  )
  expect(unit.dirty).toBe(false)
})
