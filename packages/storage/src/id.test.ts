import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createIdSource } from './id.ts'

test('ids have a fixed width and grow as text, whatever the clock does (house rule 5)', () => {
  const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.double(), fc.constant(Number.NaN)), {
    minLength: 2,
    maxLength: 60,
  })
  fc.assert(
    fc.property(times, clock => {
      let turn = 0
      const newId = createIdSource(() => clock[turn++ % clock.length]!)
      const ids = Array.from({ length: clock.length * 2 }, newId)
      expect(ids.every(id => /^[0-9a-v]{27}$/.test(id))).toBe(true)
      expect([...ids].sort()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }),
  )
})

test('a restart with an earlier clock issues no id again', () => {
  const first = createIdSource(() => 1_000)
  const second = createIdSource(() => 1_000)
  const ids = new Set([...Array.from({ length: 1_000 }, first), ...Array.from({ length: 1_000 }, second)])
  expect(ids.size).toBe(2_000)
})

test('a used-up counter borrows from the next millisecond and order holds', () => {
  const newId = createIdSource(() => 5)
  let last = ''
  let ordered = true
  for (let turn = 0; turn < 2_052; turn++) {
    const id = newId()
    ordered &&= id > last
    last = id
  }
  expect(ordered).toBe(true)
  expect(last.startsWith('0000000006')).toBe(true)
})
