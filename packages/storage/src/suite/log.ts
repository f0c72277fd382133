/** Suite: what logs promise, with paging as XEP-0059 needs it. */

import { expect, test } from 'vitest'
import { createIdSource, idAt, placeOf } from '../id.ts'
import type { LogEntry, LogQuery, Trimmed, Weighed } from '../log.ts'
import type { Fixture } from '../suite.ts'

const host = 'a.test'

/** The id of entry `turn`. */
const e = (turn: number): string => idAt(placeOf(turn * 10))

const SPEECHES = [
  'Hist!',
  'Romeo, hist!',
  'O',
  'Ay me',
  'Señora',
  'It is &lt;my&gt; soul',
  '',
  'My soul',
  'hist',
  'A soul',
]

/** Ten entries at 0, 10, … 90; peers take turns: juliet, from two places, and nurse. */
const ten: readonly LogEntry[] = Array.from({ length: 10 }, (_, turn) => ({
  id: e(turn),
  at: turn * 10,
  peer: turn % 2 === 0 ? 'juliet@b.test' : 'nurse@b.test',
  ...(turn % 4 === 0 ? { resource: 'balcony' } : {}),
  body: `<message id='soul${turn}'><body>${SPEECHES[turn]}</body><x xmlns='urn:x'>hist</x></message>`,
}))

const pages: readonly [string, LogQuery, string, boolean][] = [
  ['all', { max: 50 }, '0123456789', true],
  ['exactly all', { max: 10 }, '0123456789', true],
  ['the first three', { max: 3 }, '012', false],
  ['after an entry', { max: 3, after: e(2) }, '345', false],
  ['the last ones after an entry', { max: 7, after: e(2) }, '3456789', true],
  ['after the last entry', { max: 3, after: e(9) }, '', true],
  ['the last three', { max: 3, last: true }, '789', false],
  ['backwards before an entry', { max: 3, before: e(5), last: true }, '234', false],
  ['backwards to the start', { max: 3, before: e(3), last: true }, '012', true],
  ['before the first entry', { max: 3, before: e(0), last: true }, '', true],
  ['between two entries', { max: 9, after: e(2), before: e(6) }, '345', true],
  ['bounds that cross', { max: 9, after: e(6), before: e(2) }, '', true],
  ['a peer', { max: 3, peer: 'nurse@b.test' }, '135', false],
  ['a peer after an entry of another', { max: 3, peer: 'nurse@b.test', after: e(4) }, '579', true],
  ['a peer, backwards', { max: 2, peer: 'juliet@b.test', last: true }, '68', false],
  ['an unknown peer', { max: 3, peer: 'paris@b.test' }, '', true],
  ['from a time, inclusive', { max: 50, startMs: 70 }, '789', true],
  ['from between two times', { max: 50, startMs: 71 }, '89', true],
  ['to a time, inclusive', { max: 50, endMs: 20 }, '012', true],
  ['a span, page from its start', { max: 2, startMs: 30, endMs: 60 }, '34', false],
  ['a span, page from its end', { max: 2, startMs: 30, endMs: 60, last: true }, '56', false],
  ['a span, backwards on', { max: 2, startMs: 30, endMs: 60, before: e(5), last: true }, '34', true],
  ['a span and a peer', { max: 9, startMs: 30, endMs: 60, peer: 'nurse@b.test' }, '35', true],
  ['a span after now', { max: 9, startMs: 1_000 }, '', true],
  ['a span before all', { max: 9, endMs: -1 }, '', true],
  ['no entries wanted', { max: 0 }, '', false],
  ['a peer at one of its resources', { max: 9, peer: 'juliet@b.test', resource: 'balcony' }, '048', true],
  ['a peer at no resource', { max: 9, peer: 'juliet@b.test', resource: '' }, '26', true],
  ['a word, whatever its case, in what people wrote', { max: 9, search: 'HIST' }, '018', true],
  ['the beginning of a word', { max: 9, search: 'rom' }, '1', true],
  ['an accent', { max: 9, search: 'senora' }, '4', true],
  ['several words, the last page', { max: 1, search: 'my soul', last: true }, '7', false],
  ['several words, backwards on', { max: 1, search: 'my soul', last: true, before: e(7) }, '5', true],
  ['a word and a peer', { max: 9, search: 'hist', peer: 'nurse@b.test' }, '1', true],
  ['a word and a span', { max: 9, search: 'soul', startMs: 60 }, '79', true],
  ['no words', { max: 9, search: ' -" ' }, '', true],
  ['signs that an index might understand', { max: 9, search: 'hist" OR owner:o1 NOT' }, '', true],
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
    const ends = [ten[0]!, ten[9]!].map(({ id, at }) => ({ id, at }))
    expect(await archive().ends(host, 'romeo')).toEqual(ends)
    expect(await archive().ends(host, 'nobody')).toBeUndefined()
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
    ['after', { after: e(77) }],
    ['no id at all', { after: "' OR 1=1 --" }],
    ['of another epoch', { after: idAt(placeOf(30), 'v'.repeat(13)) }],
    ['before', { before: idAt(placeOf(30) + 1) }],
    ['an id of another owner', { after: e(50) }],
  ])('page: unknown id (%s) throws unknown-id (XEP-0059 §2.2)', async (_, bound) => {
    await write(ten).commit()
    await write([{ id: e(50), at: 1, peer: 'p', body: '' }], 'juliet').commit()
    await expect(archive().page(host, 'romeo', { max: 5, ...bound })).rejects.toMatchObject({ condition: 'unknown-id' })
    await expect(archive().page(host, 'nobody', { max: 5, ...bound })).rejects.toMatchObject({
      condition: 'unknown-id',
    })
  })

  test('order is that of ids, in whatever order units are committed, and nothing turns up before what was read', async () => {
    const first = write(ten.slice(0, 1))
    const second = write(ten.slice(1, 2))
    await second.commit()
    expect(await idsOf({ max: 9 })).toEqual([e(0), e(1)])
    expect(await idsOf({ max: 9, search: 'hist' })).toEqual([e(0), e(1)])
    await first.commit()
    await fixture.restart()
    expect(await idsOf({ max: 9 })).toEqual([e(0), e(1)])
    expect(await idsOf({ max: 9, after: e(0) })).toEqual([e(1)])
    expect(await idsOf({ max: 9, search: 'hist' })).toEqual([e(0), e(1)])
  })

  test('an entry may be older than its id, as after a clock that was ahead', async () => {
    const entries = [0, 50, 20, 90].map((at, turn) => ({ id: e(turn + 9), at, peer: 'p', body: `${turn}` }))
    await write(entries).commit()
    await fixture.restart()
    expect((await archive().page(host, 'romeo', { max: 9 })).entries).toEqual(entries)
    expect(await idsOf({ max: 9, startMs: 20, endMs: 50 })).toEqual([e(10), e(11)])
    expect(await idsOf({ max: 9, endMs: 0 })).toEqual([e(9)])
  })

  test('no entry is later than its id', async () => {
    await write([{ id: e(1), at: 11, peer: 'p', body: '' }]).commit()
    expect(await archive().get(host, 'romeo', e(1))).toMatchObject({ at: 10 })
  })

  test('append: an id of nobody and a time that is none are refused', () => {
    const unit = fixture.storage.unit()
    const entry = { id: e(1), at: 10, peer: 'p', body: '' }
    for (const wrong of [{ id: '1' }, { id: '' }, { id: `${e(1)}0` }, { at: 0.5 }])
      expect(() => archive().append(unit, host, 'romeo', { ...entry, ...wrong })).toThrow(TypeError)
    expect(unit.dirty).toBe(false)
  })

  test('ids go on after the newest one over a restart, whatever the clock says (house rule 5)', async () => {
    expect(fixture.storage.newestMs).toBe(-1)
    await write(ten).commit()
    const storage = await fixture.restart()
    expect(storage.newestMs).toBe(90)
    expect(createIdSource(() => 5, storage.newestMs)() > e(9)).toBe(true)
  })

  test('another body in place of one: who shared the old one keeps it, and a search finds the new one', async () => {
    const { storage } = fixture
    const unit = storage.unit()
    for (const owner of ['romeo', 'juliet']) archive().append(unit, host, owner, ten[0]!)
    await unit.commit()
    expect(await idsOf({ max: 9, search: 'hist' })).toEqual([e(0)])
    const change = storage.unit()
    archive().replace(change, host, 'romeo', e(0), '<message><body>Gone</body></message>')
    archive().replace(change, host, 'romeo', e(1), 'nothing')
    expect(await archive().get(host, 'romeo', e(0))).toMatchObject({ body: '<message><body>Gone</body></message>' })
    await change.commit()
    await fixture.restart()
    expect(await archive().get(host, 'romeo', e(0))).toMatchObject({
      at: 0,
      body: '<message><body>Gone</body></message>',
    })
    expect(await archive().get(host, 'juliet', e(0))).toEqual(ten[0])
    expect(await idsOf({ max: 9, search: 'hist' })).toEqual([])
    expect(await idsOf({ max: 9, search: 'gone' })).toEqual([e(0)])
    expect(await idsOf({ max: 9, search: 'hist' }, 'juliet')).toEqual([e(0)])
  })

  test('what is deleted is not found', async () => {
    await write(ten).commit()
    expect(await idsOf({ max: 9, search: 'soul' })).toEqual([e(5), e(7), e(9)])
    const unit = fixture.storage.unit()
    archive().delete(unit, host, 'romeo', e(7))
    archive().clear(unit, host, 'romeo', 60)
    expect(await idsOf({ max: 9, search: 'soul' })).toEqual([e(9)])
    await unit.commit()
    await fixture.restart()
    expect(await idsOf({ max: 9, search: 'soul' })).toEqual([e(9)])
  })

  test('retention takes the oldest of each owner, in steps that go through all owners', async () => {
    for (const owner of ['juliet', 'nurse', 'romeo']) await write(ten, owner).commit()
    const steps = []
    for (let from: string | undefined = ''; from !== undefined;) {
      const { removed, next } = await archive().trim(host, { olderThanMs: 30, keep: 8, max: 4, from })
      steps.push(removed)
      from = next
    }
    expect(steps).toEqual([4, 4, 1])
    await fixture.restart()
    for (const owner of ['juliet', 'nurse', 'romeo'])
      expect(await idsOf({ max: 20 }, owner)).toEqual([3, 4, 5, 6, 7, 8, 9].map(e))
    expect(await archive().trim(host, { keep: 2, max: 100 })).toEqual({ removed: 15, next: undefined })
    expect(await idsOf({ max: 20 })).toEqual([e(8), e(9)])
    expect(await archive().trim('other.test', { keep: 0, max: 100 })).toEqual({ removed: 0, next: undefined })
    expect(await archive().trim(host, { max: 100 })).toEqual({ removed: 0, next: undefined })
  })

  test('retention by size keeps the newest of each owner that have room, in octets', async () => {
    for (const owner of ['juliet', 'romeo']) await write(ten, owner).commit()
    const sizes = ten.map(({ body }) => new TextEncoder().encode(body).length)
    const three = sizes[7]! + sizes[8]! + sizes[9]!
    const all = sizes.reduce((sum, size) => sum + size)
    const trim = async (keepBytes: number, max = 100) => {
      let removed = 0
      for (let from: string | undefined = ''; from !== undefined;) {
        const step: Trimmed = await archive().trim(host, { keepBytes, max, from })
        removed += step.removed
        from = step.next
      }
      return removed
    }
    expect(await trim(all)).toBe(0)
    expect(await trim(all - 1, 1)).toBe(2)
    await fixture.restart()
    expect(await trim(three + 1)).toBe(12)
    for (const owner of ['juliet', 'romeo']) expect(await idsOf({ max: 20 }, owner)).toEqual([7, 8, 9].map(e))
    expect(await trim(three - 1)).toBe(2)
    expect(await trim(0)).toBe(4)
    expect(await archive().count(host, 'romeo')).toBe(0)
  })

  test('what the logs of a host weigh, by the hour, in steps', async () => {
    const hour = 3_600_000
    const [first, second] = [idAt(placeOf(5)), idAt(placeOf(7 * hour + 1))]
    for (const owner of ['juliet', 'romeo']) {
      const unit = fixture.storage.unit()
      archive().append(unit, host, owner, { id: first, at: 5, peer: 'p', body: 'héllo' })
      archive().append(unit, host, owner, { id: second, at: 6, peer: 'p', body: 'x' })
      await unit.commit()
    }
    await fixture.restart()
    for (const max of [1, 3, 100]) {
      const found = new Map<number, number>()
      for (let from: string | undefined; ;) {
        const { hours, next }: Weighed = await archive().weigh(host, from === undefined ? { max } : { max, from })
        for (const [startMs, bytes] of hours) found.set(startMs, (found.get(startMs) ?? 0) + bytes)
        from = next
        if (next === undefined) break
      }
      expect([...found].sort(([a], [b]) => a - b)).toEqual([
        [0, 12],
        [7 * hour, 2],
      ])
    }
    expect(await archive().weigh('other.test', { max: 1 })).toEqual({ hours: [], next: undefined })
  })

  test('get and count see pending entries and know no others', async () => {
    const unit = write(ten)
    expect(await archive().get(host, 'romeo', e(3))).toEqual(ten[3])
    expect(await archive().count(host, 'romeo')).toBe(10)
    await unit.commit()
    await fixture.restart()
    expect(await archive().get(host, 'romeo', e(3))).toEqual(ten[3])
    expect(await archive().get(host, 'romeo', e(33))).toBeUndefined()
    expect(await archive().get(host, 'juliet', e(3))).toBeUndefined()
    expect(await archive().count(host, 'romeo')).toBe(10)
    expect(await archive().count(host, 'juliet')).toBe(0)
  })

  test('a deleted entry is gone, and its neighbours stay', async () => {
    await write(ten).commit()
    const unit = fixture.storage.unit()
    archive().delete(unit, host, 'romeo', e(3))
    archive().delete(unit, host, 'romeo', 'unknown')
    expect(await idsOf({ max: 3, after: e(2) })).toEqual([e(4), e(5), e(6)])
    await unit.commit()
    await expect(archive().page(host, 'romeo', { max: 1, after: e(3) })).rejects.toMatchObject({
      condition: 'unknown-id',
    })
    await fixture.restart()
    expect(await archive().get(host, 'romeo', e(3))).toBeUndefined()
    expect(await archive().get(host, 'romeo', e(7))).toEqual(ten[7])
    expect(await archive().count(host, 'romeo')).toBe(9)
  })

  test('the ends of a log follow what is appended and removed, on disk or on the way there', async () => {
    const ends = async () => (await archive().ends(host, 'romeo'))?.map(({ id }) => id)
    expect(await ends()).toBeUndefined()
    const unit = write(ten.slice(3, 4))
    expect(await ends()).toEqual([ten[3]!.id, ten[3]!.id])
    await unit.commit()
    expect(await ends()).toEqual([ten[3]!.id, ten[3]!.id])
    await write(ten.slice(4, 6)).commit()
    expect(await ends()).toEqual([ten[3]!.id, ten[5]!.id])
    const removing = fixture.storage.unit()
    archive().delete(removing, host, 'romeo', ten[5]!.id)
    expect(await ends()).toEqual([ten[3]!.id, ten[4]!.id])
    await removing.commit()
    expect(await ends()).toEqual([ten[3]!.id, ten[4]!.id])
    const clearing = fixture.storage.unit()
    archive().clear(clearing, host, 'romeo')
    await clearing.commit()
    expect(await ends()).toBeUndefined()
  })

  test('clear takes all entries of an owner, or those older than a time', async () => {
    await Promise.all([write(ten).commit(), write(ten, 'juliet').commit()])
    const unit = fixture.storage.unit()
    archive().clear(unit, host, 'romeo', 40)
    archive().clear(unit, host, 'juliet')
    expect(await idsOf({ max: 20 })).toEqual([4, 5, 6, 7, 8, 9].map(e))
    await unit.commit()
    await fixture.restart()
    expect(await idsOf({ max: 20 })).toEqual([4, 5, 6, 7, 8, 9].map(e))
    expect(await archive().count(host, 'juliet')).toBe(0)
    await write(ten, 'juliet').commit()
    expect(await archive().count(host, 'juliet')).toBe(10)
  })

  test('two owners may share a body, and one of them may delete it', async () => {
    const { storage } = fixture
    const entry = { id: e(1), at: 1, peer: 'p', body: '<message><body>Hist!</body></message>' }
    const unit = storage.unit()
    archive().append(unit, host, 'romeo', entry)
    archive().append(unit, host, 'juliet', { ...entry, id: e(2) })
    await unit.commit()
    const removal = storage.unit()
    archive().delete(removal, host, 'romeo', e(1))
    await removal.commit()
    await fixture.restart()
    expect(await archive().get(host, 'romeo', e(1))).toBeUndefined()
    expect(await archive().get(host, 'juliet', e(2))).toEqual({ ...entry, id: e(2) })
  })

  test('logs, hosts and owners are apart, and text comes back as it was', async () => {
    const { storage } = fixture
    const at = Date.UTC(2026, 0)
    const entry = { id: idAt(placeOf(at)), at, peer: 'ö', resource: 'ü\u{1f339}', body: `\u0001'"\u{1f339}\n` }
    const unit = storage.unit()
    storage.log('a').append(unit, 'h', 'o', entry)
    await unit.commit()
    expect(await storage.log('a').page('h', 'o', { max: 5 })).toEqual({ entries: [entry], complete: true })
    expect(await storage.log('b').count('h', 'o')).toBe(0)
    expect(await storage.log('a').count('h2', 'o')).toBe(0)
    expect(await storage.table('a').list('h', 'o')).toEqual([])
  })
}
