/** Suite: what the spool promises. */

import { expect, test } from 'vitest'
import type { SpoolEntry } from '../spool.ts'
import type { Fixture } from '../suite.ts'

export function spoolRules(fixture: Fixture): void {
  const entryOf = (id: string, destination = 'romeo@a.test'): SpoolEntry => ({
    destination,
    id,
    at: 7,
    text: `<message id='${id}'/>`,
    settled: false,
    stored: false,
  })
  const put = (...entries: SpoolEntry[]) => {
    const unit = fixture.storage.unit()
    for (const entry of entries) fixture.storage.spool.put(unit, entry)
    return unit
  }
  const idsFor = async (destination = 'romeo@a.test') =>
    (await fixture.storage.spool.load(destination)).map(entry => entry.id)

  test('entries come back after a restart, in order of id, stored and unsettled', async () => {
    await put(entryOf('2')).commit()
    await put(entryOf('1'), entryOf('3', 'b.test')).commit()
    const storage = await fixture.restart()
    expect(await storage.spool.load('romeo@a.test')).toEqual([
      { ...entryOf('1'), stored: true },
      { ...entryOf('2'), stored: true },
    ])
    expect(await storage.spool.count('romeo@a.test')).toBe(2)
    expect(await storage.spool.load('nobody')).toEqual([])
    expect(await storage.spool.count('nobody')).toBe(0)
    expect(await storage.spool.destinations()).toEqual(['b.test', 'romeo@a.test'])
  })

  test('an entry that is put but not flushed is loaded as the same object, and as a row later', async () => {
    const entry = entryOf('1')
    const unit = put(entry)
    expect((await fixture.storage.spool.load('romeo@a.test'))[0]).toBe(entry)
    expect(entry.stored).toBe(false)
    const commit = unit.commit()
    expect(await idsFor()).toEqual(['1'])
    expect(await fixture.storage.spool.count('romeo@a.test')).toBe(1)
    expect(await fixture.storage.spool.destinations()).toEqual(['romeo@a.test'])
    await commit
    expect(entry.stored).toBe(true)
    expect(await idsFor()).toEqual(['1'])
  })

  test('an entry that is settled before the flush writes no row and its unit resolves', async () => {
    const entry = entryOf('1')
    const commit = put(entry).commit()
    fixture.storage.spool.settle([entry])
    await commit
    expect(entry).toMatchObject({ settled: true, stored: false })
    expect(fixture.storage.stats()).toMatchObject({ commits: 0, rows: 0, backlog: 0 })
    expect(await idsFor()).toEqual([])
    await fixture.restart()
    expect(await idsFor()).toEqual([])
  })

  test('an entry that somebody was sent and confirms writes no row, and its unit resolves; unconfirmed it is written', async () => {
    const [confirmed, kept] = [entryOf('1'), entryOf('2')]
    const commits = [confirmed, kept].map(entry => {
      const unit = fixture.storage.unit()
      fixture.storage.spool.put(unit, entry, true)
      return unit.commit()
    })
    fixture.storage.spool.settle([confirmed])
    await commits[0]
    expect(fixture.storage.stats()).toMatchObject({ commits: 0, rows: 0, backlog: 1 })
    expect(await idsFor()).toEqual(['2'])
    await commits[1]
    expect(fixture.storage.stats()).toMatchObject({ commits: 1, rows: 1, backlog: 0 })
    await fixture.restart()
    expect(await idsFor()).toEqual(['2'])
  })

  test('a put that goes along is written with the entry, and dropped when that is settled', async () => {
    const { storage } = fixture
    const table = storage.table<number>('handled')
    const [kept, dropped] = [entryOf('along-1'), entryOf('along-2')]
    const first = storage.unit()
    storage.spool.put(first, kept)
    table.put(first, 'h', 'o', 'k', 1, { along: true })
    await first.commit()
    expect((await table.get('h', 'o', 'k'))?.value).toBe(1)
    const second = storage.unit()
    storage.spool.put(second, dropped)
    table.put(second, 'h', 'o', 'k', 2, { along: true })
    const committed = second.commit()
    storage.spool.settle([dropped])
    await committed
    expect((await table.get('h', 'o', 'k'))?.value).toBe(1)
  })

  test('a settled entry and a lazy put together touch no disk until another flush', async () => {
    const { storage } = fixture
    const entry = entryOf('1')
    const unit = put(entry)
    storage.table('sessions').put(unit, 'h', 'o', 'k', 1, { lazy: true })
    const commit = unit.commit()
    storage.spool.settle([entry])
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(storage.stats()).toMatchObject({ commits: 0, rows: 0 })
    await put(entryOf('2')).commit()
    await commit
    expect(storage.stats()).toMatchObject({ commits: 1, rows: 2 })
  })

  test('rows are removed one by one as entries are settled, never by a watermark', async () => {
    const entries = ['1', '2', '3', '4'].map(id => entryOf(id))
    await put(...entries).commit()
    fixture.storage.spool.settle([entries[1]!, entries[3]!])
    expect(await idsFor()).toEqual(['1', '3'])
    expect(await fixture.storage.spool.count('romeo@a.test')).toBe(2)
    await fixture.restart()
    expect(await idsFor()).toEqual(['1', '3'])
    expect(await fixture.storage.spool.destinations()).toEqual(['romeo@a.test'])
    const loaded = await fixture.storage.spool.load('romeo@a.test')
    fixture.storage.spool.settle(loaded)
    expect(await idsFor()).toEqual([])
    expect(await fixture.storage.spool.destinations()).toEqual([])
    await fixture.restart()
    expect(await fixture.storage.spool.destinations()).toEqual([])
  })

  test('an entry that is settled while its row is being written is removed by a later flush', async () => {
    const entry = entryOf('1')
    const commit = put(entry).commit()
    await Promise.resolve()
    expect(entry.stored).toBe(true)
    fixture.storage.spool.settle([entry])
    expect(await idsFor()).toEqual([])
    await commit
    expect(await idsFor()).toEqual([])
    await put(entryOf('2')).commit()
    await fixture.restart()
    expect(await idsFor()).toEqual(['2'])
  })

  test('settling twice does nothing more, and a settlement alone causes no flush to hurry', async () => {
    const entry = entryOf('1')
    await put(entry).commit()
    fixture.storage.spool.settle([entry])
    fixture.storage.spool.settle([entry, entry])
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(fixture.storage.stats().commits).toBe(1)
    await put(entryOf('2')).commit()
    expect(fixture.storage.stats()).toMatchObject({ commits: 2, rows: 3 })
  })

  test('an abandoned unit owes nothing', async () => {
    const unit = put(entryOf('1'))
    unit.abandon()
    expect(await idsFor()).toEqual([])
    expect(await fixture.storage.spool.count('romeo@a.test')).toBe(0)
  })
}
