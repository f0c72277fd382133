/** Suite: what tables promise. */

import { expect, test } from 'vitest'
import type { Fixture } from '../suite.ts'
import type { PutOptions } from '../table.ts'

export function tableRules(fixture: Fixture): void {
  const host = 'a.test'
  const put = (key: string, value: unknown, options?: PutOptions, owner = 'romeo') => {
    const unit = fixture.storage.unit()
    fixture.storage.table('roster').put(unit, host, owner, key, value, options)
    return unit
  }
  const get = (key: string, owner = 'romeo') => fixture.storage.table('roster').get(host, owner, key)

  test('reads see writes before the commit, during it and after it', async () => {
    const unit = put('juliet', { name: 'Juliet' })
    const expected = { key: 'juliet', value: { name: 'Juliet' }, version: 1 }
    expect(await get('juliet')).toEqual(expected)
    const commit = unit.commit()
    expect(await get('juliet')).toEqual(expected)
    await Promise.resolve()
    expect(await get('juliet')).toEqual(expected)
    expect(await fixture.storage.table('roster').list(host, 'romeo')).toEqual([expected])
    await commit
    expect(await get('juliet')).toEqual(expected)
    await fixture.restart()
    expect(await get('juliet')).toEqual(expected)
  })

  test('a version grows by one with each put and starts again after a delete', async () => {
    await put('k', 1).commit()
    const second = put('k', 2)
    const third = put('k', 3)
    expect(await get('k')).toMatchObject({ value: 3, version: 3 })
    const commits = [second.commit(), third.commit()]
    expect(await get('k')).toMatchObject({ value: 3, version: 3 })
    await Promise.all(commits)
    expect(await get('k')).toMatchObject({ value: 3, version: 3 })
    const unit = fixture.storage.unit()
    fixture.storage.table('roster').delete(unit, host, 'romeo', 'k')
    expect(await get('k')).toBeUndefined()
    fixture.storage.table('roster').put(unit, host, 'romeo', 'k', 4)
    expect(await get('k')).toMatchObject({ value: 4, version: 1 })
    await unit.commit()
    expect(await get('k')).toMatchObject({ value: 4, version: 1 })
  })

  test('rows are listed in order of their keys, durable and pending together', async () => {
    for (const key of ['b', 'd']) await put(key, key).commit()
    put('c', 'c')
    put('a', 'a')
    const rows = await fixture.storage.table('roster').list(host, 'romeo')
    expect(rows.map(row => row.key)).toEqual(['a', 'b', 'c', 'd'])
  })

  test.each([
    ['text beyond ASCII', 'key ü \u{1f339}', { text: 'ö\u{1f339}\u0000\n' }],
    ['an empty key and null', '', null],
    ['a long key and a large value', 'x'.repeat(3_071), 'v'.repeat(200_000)],
    ['quotes and separators', `'";--\u0001`, ['a', 1, false, null]],
  ])('values and keys come back as they were: %s', async (_, key, value) => {
    await put(key, value).commit()
    await fixture.restart()
    expect(await get(key)).toEqual({ key, value, version: 1 })
  })

  test('hosts, owners, keys and tables are apart', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    storage.table('a').put(unit, 'h', 'o', 'k', 1)
    storage.table('b').put(unit, 'h', 'o', 'k', 2)
    storage.table('a').put(unit, 'h2', 'o', 'k', 3)
    storage.table('a').put(unit, 'h', 'o2', 'k', 4)
    await unit.commit()
    const values = [
      await storage.table('a').get('h', 'o', 'k'),
      await storage.table('b').get('h', 'o', 'k'),
      await storage.table('a').get('h2', 'o', 'k'),
      await storage.table('a').get('h', 'o2', 'k'),
    ].map(row => row?.value)
    expect(values).toEqual([1, 2, 3, 4])
    expect(await storage.table('b').get('h2', 'o', 'k')).toBeUndefined()
  })

  test('clear removes all rows of that owner and nothing else', async () => {
    await Promise.all([put('a', 1).commit(), put('b', 1).commit(), put('a', 1, {}, 'juliet').commit()])
    const unit = fixture.storage.unit()
    fixture.storage.table('roster').clear(unit, host, 'romeo')
    expect(await fixture.storage.table('roster').list(host, 'romeo')).toEqual([])
    await unit.commit()
    await fixture.restart()
    expect(await fixture.storage.table('roster').list(host, 'romeo')).toEqual([])
    expect(await get('a', 'juliet')).toMatchObject({ value: 1 })
  })

  test.each([
    ['0 where nothing is', 0, 0, true],
    ['0 where a row is', 1, 0, false],
    ['the version of the row', 2, 2, true],
    ['an older version', 2, 1, false],
    ['a newer version', 1, 2, false],
    ['a version where nothing is', 0, 1, false],
  ])('compare-and-set: %s', async (_, puts, expected, accepted) => {
    for (let turn = 0; turn < puts; turn++) await put('k', turn).commit()
    const commit = put('k', 'new', { expect: expected }).commit()
    if (accepted) await commit
    else await expect(commit).rejects.toMatchObject({ condition: 'conflict' })
    const row = await get('k')
    if (accepted) expect(row).toMatchObject({ value: 'new', version: puts + 1 })
    else expect(row?.value).toBe(puts === 0 ? undefined : puts - 1)
  })

  test('a conflict rejects that unit alone; units before and after it in the same flush live', async () => {
    const outcomes = await Promise.allSettled([
      put('before', 1).commit(),
      put('k', 1, { expect: 5 }).commit(),
      put('after', 1).commit(),
      put('before', 2, { expect: 1 }).commit(),
      put('before', 3, { expect: 1 }).commit(),
    ])
    expect(outcomes.map(outcome => outcome.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    await fixture.restart()
    const rows = await fixture.storage.table('roster').list(host, 'romeo')
    expect(rows).toEqual([
      { key: 'after', value: 1, version: 1 },
      { key: 'before', value: 2, version: 2 },
    ])
  })

  test('a lazy put waits for the next flush, and the last of several counts', async () => {
    const lazy = [1, 2, 3].map(value => put('lazy', value, { lazy: true }).commit())
    expect(await get('lazy')).toMatchObject({ value: 3, version: 3 })
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(fixture.storage.stats()).toMatchObject({ commits: 0, rows: 0, backlog: 3 })
    expect(fixture.storage.backlog).toBe(3)
    await put('other', 1).commit()
    await Promise.all(lazy)
    expect(fixture.storage.stats()).toMatchObject({ commits: 1, rows: 2, backlog: 0 })
    expect(await get('lazy')).toMatchObject({ value: 3, version: 3 })
    await fixture.restart()
    expect(await get('lazy')).toMatchObject({ value: 3, version: 3 })
  })

  test('a lazy put alone is written within a second or so', async () => {
    await put('lazy', 1, { lazy: true }).commit()
    await fixture.restart()
    expect(await get('lazy')).toMatchObject({ value: 1 })
  })

  test('a lazy put outlives a refused unit that put the same key lazily', async () => {
    const { storage } = fixture
    const lazy = put('k', 'kept', { lazy: true }).commit()
    const refused = storage.unit()
    storage.table('roster').put(refused, host, 'romeo', 'k', 'lost', { lazy: true })
    storage.table('roster').put(refused, host, 'romeo', 'other', 1, { expect: 9 })
    await expect(refused.commit()).rejects.toMatchObject({ condition: 'conflict' })
    await lazy
    expect(await get('k')).toMatchObject({ value: 'kept', version: 1 })
  })
}
