/** Suite: what logs promise, with paging as XEP-0059 needs it. */

import { expect, test } from 'vitest'
import type { LogEntry, LogQuery } from '../log.ts'
import type { Fixture } from '../suite.ts'

const host = 'a.test'

/** Ten entries 'e0' to 'e9' at 0, 10, … 90; peers take turns: juliet, nurse. */
const ten: readonly LogEntry[] = Array.from({ length: 10 }, (_, turn) => ({
  id: `e${turn}`,
  at: turn * 10,
  peer: turn % 2 === 0 ? 'juliet@b.test' : 'nurse@b.test',
  body: `<message id='m${turn}'/>`,
}))

const pages: readonly [string, LogQuery, string, boolean][] = [
  ['all', { max: 50 }, '0123456789', true],
  ['exactly all', { max: 10 }, '0123456789', true],
  ['the first three', { max: 3 }, '012', false],
  ['after an entry', { max: 3, after: 'e2' }, '345', false],
  ['the last ones after an entry', { max: 7, after: 'e2' }, '3456789', true],
  ['after the last entry', { max: 3, after: 'e9' }, '', true],
  ['the last three', { max: 3, last: true }, '789', false],
  ['backwards before an entry', { max: 3, before: 'e5', last: true }, '234', false],
  ['backwards to the start', { max: 3, before: 'e3', last: true }, '012', true],
  ['before the first entry', { max: 3, before: 'e0', last: true }, '', true],
  ['between two entries', { max: 9, after: 'e2', before: 'e6' }, '345', true],
  ['bounds that cross', { max: 9, after: 'e6', before: 'e2' }, '', true],
  ['a peer', { max: 3, peer: 'nurse@b.test' }, '135', false],
  ['a peer after an entry of another', { max: 3, peer: 'nurse@b.test', after: 'e4' }, '579', true],
  ['a peer, backwards', { max: 2, peer: 'juliet@b.test', last: true }, '68', false],
  ['an unknown peer', { max: 3, peer: 'paris@b.test' }, '', true],
  ['from a time, inclusive', { max: 50, startMs: 70 }, '789', true],
  ['from between two times', { max: 50, startMs: 71 }, '89', true],
  ['to a time, inclusive', { max: 50, endMs: 20 }, '012', true],
  ['a span, page from its start', { max: 2, startMs: 30, endMs: 60 }, '34', false],
  ['a span, page from its end', { max: 2, startMs: 30, endMs: 60, last: true }, '56', false],
  ['a span, backwards on', { max: 2, startMs: 30, endMs: 60, before: 'e5', last: true }, '34', true],
  ['a span and a peer', { max: 9, startMs: 30, endMs: 60, peer: 'nurse@b.test' }, '35', true],
  ['a span after now', { max: 9, startMs: 1_000 }, '', true],
  ['a span before all', { max: 9, endMs: -1 }, '', true],
  ['no entries wanted', { max: 0 }, '', false],
]

export function logRules(fixture: Fixture): void {
  const archive = () => fixture.storage.log('archive')
  const write = (entries: readonly LogEntry[], owner = 'romeo') => {
    const unit = fixture.storage.unit()
    for (const entry of entries) archive().append(unit, host, owner, entry)
    return unit
  }
  const idsOf = async (query: LogQuery, owner = 'romeo') => {
    const page = await archive().page(host, owner, query)
    return page.entries.map(entry => entry.id)
  }

  // One store for all rows of the table, since opening one costs more than a page.
  const expectPages = async () => {
    for (const [title, query, digits, complete] of pages) {
      const expected = Array.from(digits, digit => ten[Number(digit)])
      expect(await archive().page(host, 'romeo', query), title).toEqual({ entries: expected, complete })
    }
  }

  test('pages of durable entries, both ways, with filters (XEP-0059 §2)', async () => {
    await write(ten).commit()
    await expectPages()
    await fixture.restart()
    await expectPages()
  })

  test('the same pages while a part of the entries is in flight and another is not committed', async () => {
    await write(ten.slice(0, 4)).commit()
    const flying = write(ten.slice(4, 7)).commit()
    await Promise.resolve()
    const open = write(ten.slice(7))
    await expectPages()
    await flying
    await expectPages()
    await open.commit()
    await expectPages()
  })

  test.each([
    ['after', { after: 'nobody' }],
    ['before', { before: 'nobody' }],
    ['an id of another owner', { after: 'other' }],
  ])('page: unknown id (%s) throws unknown-id (XEP-0059 §2.2)', async (_, bound) => {
    await write(ten).commit()
    await write([{ id: 'other', at: 1, peer: 'p', body: '' }], 'juliet').commit()
    await expect(archive().page(host, 'romeo', { max: 5, ...bound })).rejects.toMatchObject({ condition: 'unknown-id' })
    await expect(archive().page(host, 'nobody', { max: 5, ...bound })).rejects.toMatchObject({
      condition: 'unknown-id',
    })
  })

  test('order is that of appending, whatever ids and times say', async () => {
    const entries = ['m', 'a', 'z', 'b', 'y'].map((id, turn) => ({ id, at: 100 - turn, peer: 'p', body: id }))
    await write(entries.slice(0, 2)).commit()
    await write(entries.slice(2)).commit()
    await fixture.restart()
    expect(await idsOf({ max: 9 })).toEqual(['m', 'a', 'z', 'b', 'y'])
    expect(await idsOf({ max: 9, after: 'a' })).toEqual(['z', 'b', 'y'])
    expect(await idsOf({ max: 2, before: 'b', last: true })).toEqual(['a', 'z'])
    expect(await idsOf({ max: 9, startMs: 98 })).toEqual(['m', 'a', 'z'])
    expect(await idsOf({ max: 9, endMs: 97 })).toEqual(['b', 'y'])
    expect(await archive().get(host, 'romeo', 'z')).toEqual(entries[2])
  })

  test('get and count see pending entries and know no others', async () => {
    const unit = write(ten)
    expect(await archive().get(host, 'romeo', 'e3')).toEqual(ten[3])
    expect(await archive().count(host, 'romeo')).toBe(10)
    await unit.commit()
    await fixture.restart()
    expect(await archive().get(host, 'romeo', 'e3')).toEqual(ten[3])
    expect(await archive().get(host, 'romeo', 'e33')).toBeUndefined()
    expect(await archive().get(host, 'juliet', 'e3')).toBeUndefined()
    expect(await archive().count(host, 'romeo')).toBe(10)
    expect(await archive().count(host, 'juliet')).toBe(0)
  })

  test('a deleted entry is gone, its neighbours stay, and its id may come again at the end', async () => {
    await write(ten).commit()
    const unit = fixture.storage.unit()
    archive().delete(unit, host, 'romeo', 'e3')
    archive().delete(unit, host, 'romeo', 'unknown')
    expect(await idsOf({ max: 3, after: 'e2' })).toEqual(['e4', 'e5', 'e6'])
    await unit.commit()
    await expect(archive().page(host, 'romeo', { max: 1, after: 'e3' })).rejects.toMatchObject({
      condition: 'unknown-id',
    })
    await write([{ id: 'e3', at: 200, peer: 'p', body: 'again' }]).commit()
    await fixture.restart()
    expect(await idsOf({ max: 2, last: true })).toEqual(['e9', 'e3'])
    expect(await archive().get(host, 'romeo', 'e3')).toMatchObject({ body: 'again' })
    expect(await archive().get(host, 'romeo', 'e7')).toEqual(ten[7])
    expect(await archive().count(host, 'romeo')).toBe(10)
  })

  test('clear takes all entries of an owner, or those older than a time', async () => {
    await Promise.all([write(ten).commit(), write(ten, 'juliet').commit()])
    const unit = fixture.storage.unit()
    archive().clear(unit, host, 'romeo', 40)
    archive().clear(unit, host, 'juliet')
    expect(await idsOf({ max: 20 })).toEqual(['e4', 'e5', 'e6', 'e7', 'e8', 'e9'])
    await unit.commit()
    await fixture.restart()
    expect(await idsOf({ max: 20 })).toEqual(['e4', 'e5', 'e6', 'e7', 'e8', 'e9'])
    expect(await archive().count(host, 'juliet')).toBe(0)
    await write(ten, 'juliet').commit()
    expect(await archive().count(host, 'juliet')).toBe(10)
  })

  test('two owners may share a body, and one of them may delete it', async () => {
    const { storage } = fixture
    const entry = { id: '1', at: 1, peer: 'p', body: '<message><body>Hist!</body></message>' }
    const unit = storage.unit()
    archive().append(unit, host, 'romeo', entry)
    archive().append(unit, host, 'juliet', { ...entry, id: '2' })
    await unit.commit()
    const removal = storage.unit()
    archive().delete(removal, host, 'romeo', '1')
    await removal.commit()
    await fixture.restart()
    expect(await archive().get(host, 'romeo', '1')).toBeUndefined()
    expect(await archive().get(host, 'juliet', '2')).toEqual({ ...entry, id: '2' })
  })

  test('logs, hosts and owners are apart, and text comes back as it was', async () => {
    const { storage } = fixture
    const entry = { id: 'ü\u{1f339}', at: Date.UTC(2026, 0), peer: 'ö', body: `\u0001'"\u{1f339}\n` }
    const unit = storage.unit()
    storage.log('a').append(unit, 'h', 'o', entry)
    await unit.commit()
    expect(await storage.log('a').page('h', 'o', { max: 5 })).toEqual({ entries: [entry], complete: true })
    expect(await storage.log('b').count('h', 'o')).toBe(0)
    expect(await storage.log('a').count('h2', 'o')).toBe(0)
    expect(await storage.table('a').list('h', 'o')).toEqual([])
  })
}
