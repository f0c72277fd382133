import { expect, test } from 'vitest'
import type { RawRow } from './protocol.ts'
import { RecentRows } from './recent-rows.ts'

const romeo = { name: 't', host: 'a.test', owner: 'romeo' }
const juliet = { ...romeo, owner: 'juliet' }
const rowsOf = (value: string): readonly RawRow[] => [{ key: 'k', version: 1, value }]

/** Answers, and how often the disk was asked. */
function recent() {
  const rows = new RecentRows()
  let asked = 0
  return {
    rows,
    get asked() {
      return asked
    },
    get: (place: typeof romeo, key?: string, answer: readonly RawRow[] = []) =>
      rows.get(place, key, () => {
        asked++
        return answer
      }),
  }
}

test('the disk is asked once, also for what is not there; one row and all rows are two questions', () => {
  const it = recent()
  for (let turn = 0; turn < 2; turn++) {
    expect(it.get(romeo, 'k', rowsOf('1'))).toEqual(rowsOf('1'))
    expect(it.get(romeo)).toEqual([])
    expect(it.get(juliet, 'k')).toEqual([])
  }
  expect(it.asked).toBe(3)
})

test('a write to a row, or its removal, is about that row and the list that has it', () => {
  for (const kind of ['put', 'delete'] as const) {
    const it = recent()
    const ask = (): void => {
      it.get(romeo, 'k')
      it.get(romeo, 'other')
      it.get(romeo)
      it.get(juliet)
    }
    ask()
    const write = { ...romeo, key: 'k', json: '1', expect: undefined, lazy: false, along: false, steps: 1 }
    it.rows.forget(kind === 'put' ? { kind, ...write } : { kind, ...romeo, key: 'k' })
    ask()
    expect(it.asked).toBe(6)
  }
})

test('clearing is about all rows of the owner', () => {
  const it = recent()
  it.get(romeo, 'k')
  it.rows.forget({ kind: 'clear', ...romeo })
  it.get(romeo, 'k')
  expect(it.asked).toBe(2)
})

test('what is long is not remembered, and there is an end to what is', () => {
  const it = recent()
  it.get(romeo, 'k', rowsOf('x'.repeat(2_001)))
  it.get(romeo, 'k', rowsOf('x'))
  expect(it.asked).toBe(2)
  for (let count = 0; count < 5_000; count++) it.get(juliet, String(count))
  it.get(romeo, 'k')
  expect(it.asked).toBe(5_003)
})
