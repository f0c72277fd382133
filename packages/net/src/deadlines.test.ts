import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadlines } from './deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('members expire in their order, no earlier than the delay and at most a quarter late', () => {
  const expired: [string, number][] = []
  const start = performance.now()
  const deadlines = new Deadlines<string>(1000, member => expired.push([member, performance.now() - start]))
  deadlines.add('first')
  vi.advanceTimersByTime(600)
  deadlines.add('second')
  vi.advanceTimersByTime(3000)
  expect(expired.map(([member]) => member)).toEqual(['first', 'second'])
  for (const [index, added] of [0, 600].entries()) {
    expect(expired[index]![1]).toBeGreaterThanOrEqual(added + 1000)
    expect(expired[index]![1]).toBeLessThanOrEqual(added + 1250)
  }
})

test('a member that was deleted does not expire, and no timer stays', () => {
  const expired: string[] = []
  const deadlines = new Deadlines<string>(1000, member => expired.push(member))
  deadlines.add('a')
  deadlines.delete('a')
  expect(vi.getTimerCount()).toBe(0)
  deadlines.add('b')
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(2000)
  expect(expired).toEqual(['b'])
  expect(vi.getTimerCount()).toBe(0)
})

test('an expiry may delete and add members', () => {
  const expired: string[] = []
  const deadlines: Deadlines<string> = new Deadlines(1000, member => {
    expired.push(member)
    deadlines.delete('b')
    if (expired.length === 1) deadlines.add('c')
  })
  deadlines.add('a')
  deadlines.add('b')
  vi.advanceTimersByTime(5000)
  expect(expired).toEqual(['a', 'c'])
  expect(deadlines.size).toBe(0)
})
