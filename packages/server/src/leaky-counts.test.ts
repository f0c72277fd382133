import { expect, test } from 'vitest'
import { LeakyCounts } from './leaky-counts.ts'

test('a count leaks away with time, and never below nothing', () => {
  const counts = new LeakyCounts(5, 1000, 10)
  counts.of('a', 0).count = 3
  expect(counts.of('a', 2000).count).toBe(1)
  expect(counts.of('a', 9000).count).toBe(0)
})

test('a million keys take no more room than is allowed, and the last ones are remembered', () => {
  const counts = new LeakyCounts(5, 1000, 1000)
  for (let key = 0; key < 1_000_000; key++) counts.of(String(key), 0).count = 1
  expect(counts.size).toBe(1000)
  expect(counts.of('999999', 0).count).toBe(1)
  expect(counts.of('0', 0).count).toBe(0)
})

test('what is under way is not forgotten', () => {
  const counts = new LeakyCounts(5, 1000, 10)
  const busy = counts.of('busy', 0)
  busy.underWay = 1
  for (let key = 0; key < 1000; key++) counts.of(String(key), 0)
  expect(counts.of('busy', 0)).toBe(busy)
  expect(counts.size).toBeLessThanOrEqual(11)
})
