import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { idAt, placeOf } from './id.ts'
import { memoryStorage, type MemoryStorage } from './memory.ts'
import type { SpoolEntry } from './spool.ts'

/** Milliseconds. */
const GAP = 5

let storage: MemoryStorage
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  storage = memoryStorage({ commitGapMs: GAP, commitRows: 4 })
})
afterEach(async () => {
  await storage.close()
  vi.useRealTimers()
})

let count = 0
/** An entry that somebody was sent, committed; `landed` is the order in which units become durable. */
function owe(landed: string[] = [], live = true): SpoolEntry {
  const id = String(++count).padStart(6, '0')
  const entry = { destination: 'romeo@a.test', id, at: 7, text: `<message/>`, settled: false, stored: false }
  const unit = storage.unit()
  storage.spool.put(unit, entry, live)
  unit.commit().then(
    () => landed.push(entry.id),
    () => landed.push(`${entry.id} refused`),
  )
  return entry
}

function urgent(landed: string[]): void {
  const unit = storage.unit()
  storage.table('t').put(unit, 'a.test', 'romeo', 'k', 1)
  void unit.commit().then(() => landed.push('urgent'))
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('what somebody was sent is written after two gaps, what nobody was sent at once', async () => {
  const landed: string[] = []
  const entry = owe(landed)
  await pass(2 * GAP - 1)
  expect(entry.stored).toBe(false)
  expect(landed).toEqual([])
  await pass(1)
  expect(entry.stored).toBe(true)
  expect(landed).toEqual([entry.id])
  await pass(GAP)
  const offline = owe(landed, false)
  await pass(0)
  expect(landed).toEqual([entry.id, offline.id])
})

test('settled before that, it needs no row, and its unit resolves at once', async () => {
  const landed: string[] = []
  const entries = [owe(landed), owe(landed), owe(landed)]
  storage.spool.settle([entries[1]!])
  await Promise.resolve()
  expect(landed).toEqual([entries[1]!.id])
  expect(storage.stats().backlog).toBe(2)
  storage.spool.settle(entries)
  await pass(100)
  expect(landed).toHaveLength(3)
  expect(storage.stats()).toMatchObject({ commits: 0, rows: 0, backlog: 0 })
  expect(await storage.spool.count('romeo@a.test')).toBe(0)
})

test('the row of an entry goes soon after it was settled, and takes nobody along who may still be spared', async () => {
  const landed: string[] = []
  const entry = owe(landed)
  await pass(3 * GAP)
  expect(storage.stats()).toMatchObject({ commits: 1, rows: 1 })
  storage.spool.settle([entry])
  await pass(49)
  expect(storage.stats().commits).toBe(1)
  const young = owe(landed)
  await pass(2)
  expect(storage.stats()).toMatchObject({ commits: 2, rows: 2 })
  expect(young.stored).toBe(false)
  storage.spool.settle([young])
  await pass(2_000)
  expect(landed).toEqual([entry.id, young.id])
  expect(storage.stats()).toMatchObject({ commits: 2, rows: 2 })
})

test('many rows go in the next gap, and their owner hears of it', async () => {
  const forgotten: string[] = []
  const entries = [1, 2, 3, 4].map(() => {
    const entry = owe([], false)
    entry.forgotten = () => forgotten.push(entry.id)
    return entry
  })
  await pass(2 * GAP)
  const { commits } = storage.stats()
  storage.spool.settle(entries.slice(0, 3))
  await pass(GAP)
  expect(storage.stats().commits).toBe(commits)
  storage.spool.settle(entries)
  expect(forgotten).toEqual([])
  await pass(GAP)
  expect(storage.stats().commits).toBe(commits + 1)
  expect(forgotten).toEqual(entries.map(({ id }) => id))
  expect(entries.map(({ stored }) => stored)).toEqual([false, false, false, false])
})

test('a disk that refuses to delete a row lets nobody wait for it', async () => {
  const forgotten: string[] = []
  const entry = owe([], false)
  entry.forgotten = () => forgotten.push(entry.id)
  await pass(GAP)
  storage.failCommits('full')
  storage.spool.settle([entry])
  await pass(60)
  expect(forgotten).toEqual([entry.id])
  expect(await storage.spool.count('romeo@a.test')).toBe(0)
  storage.failCommits(undefined)
})

test('where something else is written all the time, rows go along with it', async () => {
  const landed: string[] = []
  const entry = owe(landed, false)
  await pass(GAP)
  storage.spool.settle([entry])
  for (let turn = 0; turn < 30; turn++) {
    urgent(landed)
    await pass(GAP)
  }
  expect(storage.stats().commits).toBe(31)
})

test('a flush for one that has waited takes those that have waited for a gap, and leaves the younger ones', async () => {
  const landed: string[] = []
  const first = owe(landed)
  await pass(GAP - 1)
  const second = owe(landed)
  await pass(3)
  const third = owe(landed)
  await pass(3)
  expect(landed).toEqual([first.id, second.id])
  storage.spool.settle([third])
  await pass(100)
  expect(landed).toEqual([first.id, second.id, third.id])
  expect(storage.stats()).toMatchObject({ commits: 1, rows: 2 })
})

test('one after another, each is written in its time', async () => {
  const landed: string[] = []
  const began: number[] = []
  for (let turn = 0; turn < 30; turn++) {
    const at = performance.now()
    const unit = storage.unit()
    storage.spool.put(unit, { destination: 'd', id: `x${turn}`, at: 1, text: '', settled: false, stored: false }, true)
    void unit.commit().then(() => {
      landed.push(`x${turn}`)
      began.push(performance.now() - at)
    })
    await pass(3)
  }
  await pass(100)
  expect(landed).toHaveLength(30)
  expect(Math.max(...began)).toBeLessThanOrEqual(3 * GAP)
})

test('an urgent unit takes along what was committed before it, so that order holds, and nothing that came after it', async () => {
  const landed: string[] = []
  const before = owe(landed)
  urgent(landed)
  const after = owe(landed)
  await pass(0)
  expect(landed).toEqual([before.id, 'urgent'])
  expect(after.stored).toBe(false)
  storage.spool.settle([after])
  await pass(100)
  expect(storage.stats()).toMatchObject({ commits: 1, rows: 2 })
})

test('a unit with something else to write does not wait', async () => {
  const unit = storage.unit()
  const entry = { destination: 'd', id: 'y', at: 1, text: '', settled: false, stored: false }
  storage.spool.put(unit, entry, true)
  storage.table('t').put(unit, 'a.test', 'romeo', 'k', 1)
  const landed = vi.fn()
  void unit.commit().then(landed)
  storage.spool.settle([entry])
  await pass(0)
  expect(landed).toHaveBeenCalledOnce()
  expect(storage.stats()).toMatchObject({ commits: 1, rows: 1 })
})

test('what only goes along is dropped with a settled entry; what is lazy waits for another flush', async () => {
  const table = storage.table<number>('t')
  const landed: string[] = []
  const units = ['along', 'lazy'].map(how => {
    const unit = storage.unit()
    const entry = { destination: 'd', id: how, at: 1, text: '', settled: false, stored: false }
    storage.spool.put(unit, entry, true)
    table.put(unit, 'a.test', 'romeo', how, 1, how === 'along' ? { along: true } : { lazy: true })
    void unit.commit().then(() => landed.push(how))
    return entry
  })
  storage.spool.settle(units)
  await pass(50)
  expect(landed).toEqual(['along'])
  expect(storage.stats().commits).toBe(0)
  await pass(1000)
  expect(landed).toEqual(['along', 'lazy'])
  expect((await table.list('a.test', 'romeo')).map(({ key }) => key)).toEqual(['lazy'])
})

/** A message that is archived, and that somebody was sent if it is `owed`. */
function archive(landed: string[], owed = false): void {
  const unit = storage.unit()
  const id = idAt(placeOf(++count))
  const entry = { destination: 'romeo@a.test', id, at: 1, text: '<message/>', settled: false, stored: false }
  storage.log('archive').append(unit, 'a.test', 'romeo', { id, at: 1, peer: 'juliet@a.test', body: '<message/>' })
  if (owed) storage.spool.put(unit, entry, true)
  void unit.commit().then(() => landed.push('archived'))
}

test('what goes to a log is written at once after a pause, then two gaps apart', async () => {
  const landed: string[] = []
  archive(landed, true)
  await pass(0)
  expect(landed).toEqual(['archived'])
  archive(landed, true)
  await pass(2 * GAP - 1)
  expect(landed).toHaveLength(1)
  await pass(1)
  expect(landed).toHaveLength(2)
})

test('something that waits for one gap takes along what was committed before it, and what of a log came after it', async () => {
  const landed: string[] = []
  archive(landed)
  await pass(0)
  archive(landed)
  urgent(landed)
  archive(landed)
  await pass(GAP - 1)
  expect(landed).toEqual(['archived'])
  await pass(1)
  expect(landed).toEqual(['archived', 'archived', 'urgent', 'archived'])
  expect(storage.stats().commits).toBe(2)
})

test('many rows wait for nothing', async () => {
  const landed: string[] = []
  for (let turn = 0; turn < 4; turn++) owe(landed)
  await pass(0)
  expect(landed).toHaveLength(4)
})

test('closing writes what waits', async () => {
  const landed: string[] = []
  const entry = owe(landed)
  await storage.close()
  expect(entry.stored).toBe(true)
  expect(landed).toEqual([entry.id])
})

test('a flush that fails refuses what it held, and not what waits', async () => {
  const landed: string[] = []
  const first = owe(landed)
  await pass(GAP + 2)
  const second = owe(landed)
  storage.failCommits('full')
  await pass(GAP)
  expect(landed).toEqual([`${first.id} refused`])
  storage.failCommits(undefined)
  await pass(GAP)
  expect(landed).toEqual([`${first.id} refused`, second.id])
})

test('what is settled while its row is written is removed by a later flush', async () => {
  const entry = owe()
  storage.hold()
  await pass(2 * GAP)
  expect(entry.stored).toBe(true)
  storage.spool.settle([entry])
  storage.release()
  await pass(0)
  expect(await storage.spool.count('romeo@a.test')).toBe(0)
})
