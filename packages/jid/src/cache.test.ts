import { expect, test } from 'vitest'
import { GenerationCache } from './cache.ts'

test('a value stays for a generation after it was last asked for', () => {
  const cache = new GenerationCache<number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('c', 3)
  expect(cache.get('a')).toBe(1) // moves to the young ones
  cache.set('d', 4) // b is two generations old now
  expect(['a', 'b', 'c', 'd'].map(key => cache.get(key))).toEqual([1, undefined, 3, 4])
})

test('at most two generations are kept', () => {
  const cache = new GenerationCache<number>(4)
  for (let index = 0; index < 1_000; index++) cache.set(`key ${index}`, index)
  let kept = 0
  for (let index = 0; index < 1_000; index++) if (cache.get(`key ${index}`) !== undefined) kept++
  expect(kept).toBeLessThanOrEqual(8)
})
