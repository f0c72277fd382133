/** Suite: what a unit of work promises. */

import { expect, test } from 'vitest'
import { idAt, placeOf } from '../id.ts'
import type { Fixture } from '../suite.ts'

export function unitRules(fixture: Fixture): void {
  const host = 'a.test'

  test('a unit that wrote nothing commits at once and is not dirty', async () => {
    const unit = fixture.storage.unit()
    expect(unit.dirty).toBe(false)
    await unit.commit()
    expect(fixture.storage.stats()).toMatchObject({ commits: 0, rows: 0 })
  })

  test('commit gives the same promise each time', async () => {
    const unit = fixture.storage.unit()
    fixture.storage.table('t').put(unit, host, 'o', 'k', 1)
    expect(unit.dirty).toBe(true)
    const first = unit.commit()
    expect(unit.commit()).toBe(first)
    await first
    expect(unit.commit()).toBe(first)
  })

  test('units become durable in the order of their commits', async () => {
    const order: number[] = []
    const commits = Array.from({ length: 40 }, (_, turn) => {
      const unit = fixture.storage.unit()
      fixture.storage
        .log('l')
        .append(unit, host, 'o', { id: idAt(placeOf(turn)), at: turn, peer: 'p', body: `${turn}` })
      return unit.commit().then(() => order.push(turn))
    })
    await Promise.all(commits)
    expect(order).toEqual(Array.from({ length: 40 }, (_, turn) => turn))
  })

  test('order on disk is that of commits, not of puts', async () => {
    const table = fixture.storage.table<string>('t')
    const early = fixture.storage.unit()
    const late = fixture.storage.unit()
    table.put(early, host, 'o', 'k', 'early')
    table.put(late, host, 'o', 'k', 'late')
    expect(await table.get(host, 'o', 'k')).toMatchObject({ value: 'late' })
    const first = late.commit()
    expect(await table.get(host, 'o', 'k')).toMatchObject({ value: 'early' })
    await Promise.all([first, early.commit()])
    expect(await table.get(host, 'o', 'k')).toMatchObject({ value: 'early', version: 2 })
    const again = await fixture.restart()
    expect(await again.table<string>('t').get(host, 'o', 'k')).toMatchObject({ value: 'early', version: 2 })
  })

  test('a unit is atomic: a conflict drops its table rows, log entries and spool entries', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    const entry = { destination: 'd', id: '1', at: 1, text: '<message/>', settled: false, stored: false }
    storage.table('t').put(unit, host, 'o', 'first', 1)
    storage.log('l').append(unit, host, 'o', { id: idAt(placeOf(1)), at: 1, peer: 'p', body: 'b' })
    storage.spool.put(unit, entry)
    storage.table('t').put(unit, host, 'o', 'second', 1, { expect: 3 })
    await expect(unit.commit()).rejects.toMatchObject({ name: 'StorageError', condition: 'conflict' })
    expect(entry.stored).toBe(false)
    const isEmpty = async () => {
      expect(await fixture.storage.table('t').list(host, 'o')).toEqual([])
      expect(await fixture.storage.log('l').count(host, 'o')).toBe(0)
      expect(await fixture.storage.spool.load('d')).toEqual([])
    }
    await isEmpty()
    await fixture.restart()
    await isEmpty()
  })

  test('an abandoned unit leaves nothing behind and cannot be committed', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    storage.table('t').put(unit, host, 'o', 'k', 1)
    storage.log('l').append(unit, host, 'o', { id: idAt(placeOf(1)), at: 1, peer: 'p', body: 'b' })
    unit.abandon()
    expect(await storage.table('t').get(host, 'o', 'k')).toBeUndefined()
    expect(await storage.log('l').count(host, 'o')).toBe(0)
    await expect(unit.commit()).rejects.toMatchObject({ condition: 'failed' })
  })

  test('a committed unit takes no more writes, and abandoning it does nothing', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    storage.table('t').put(unit, host, 'o', 'k', 1)
    const commit = unit.commit()
    expect(() => storage.table('t').put(unit, host, 'o', 'k', 2)).toThrow(
      expect.objectContaining({ condition: 'failed' }),
    )
    unit.abandon()
    await commit
    expect(await storage.table('t').get(host, 'o', 'k')).toMatchObject({ value: 1 })
  })

  test('closing commits what is pending; later calls throw closed', async () => {
    const { storage } = fixture
    const table = storage.table<number>('t')
    const lazy = storage.unit()
    table.put(lazy, host, 'o', 'lazy', 1, { lazy: true })
    const pending = storage.unit()
    table.put(pending, host, 'o', 'k', 1)
    const open = storage.unit()
    table.put(open, host, 'o', 'open', 1)
    const commits = [lazy.commit(), pending.commit()]
    await storage.close()
    await Promise.all(commits)
    await expect(open.commit()).rejects.toMatchObject({ name: 'StorageError' })
    expect(() => storage.unit()).toThrow(expect.objectContaining({ condition: 'closed' }))
    expect(() => table.get(host, 'o', 'k')).toThrow(expect.objectContaining({ condition: 'closed' }))
    await expect(storage.log('l').count(host, 'o')).rejects.toMatchObject({ condition: 'closed' })
    expect(() => storage.spool.load('d')).toThrow(expect.objectContaining({ condition: 'closed' }))
    const rows = await (await fixture.restart()).table<number>('t').list(host, 'o')
    expect(rows.map(row => row.key)).toEqual(['k', 'lazy'])
  })

  test('figures count commits, rows and the backlog', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    for (let turn = 0; turn < 3; turn++) storage.table('t').put(unit, host, 'o', `k${turn}`, turn)
    expect(storage.stats().backlog).toBe(0)
    const commit = unit.commit()
    expect(storage.stats().backlog).toBe(3)
    await commit
    const stats = storage.stats()
    expect(stats).toMatchObject({ commits: 1, rows: 3, backlog: 0, writable: true })
    expect(stats.commitP99Ms).toBeGreaterThanOrEqual(stats.commitP50Ms)
    expect(stats.commitP50Ms).toBeGreaterThan(0)
  })
}
