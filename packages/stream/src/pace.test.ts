import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Pace } from './pace.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('what comes within a gap after a write waits for its end; the first one, nothing at all, and much do not', () => {
  const write = vi.fn()
  const pace = new Pace({ hurriedMs: 5, patientMs: 5 }, write)
  expect(pace.holds(10)).toBe(false)
  pace.wrote()
  vi.advanceTimersByTime(3)
  expect(pace.holds(0)).toBe(false)
  expect(pace.holds(10)).toBe(true)
  expect(pace.holds(20)).toBe(true)
  vi.advanceTimersByTime(1)
  expect(write).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(write).toHaveBeenCalledOnce()
  pace.wrote()
  expect(pace.holds(10)).toBe(true)
  expect(pace.holds(20_000)).toBe(false)
  // Written for another reason: nothing is due any more.
  pace.wrote()
  vi.advanceTimersByTime(100)
  expect(write).toHaveBeenCalledOnce()
  expect(pace.holds(10)).toBe(false)
})

test('what somebody waits for waits for a shorter gap, and takes along what waits already', () => {
  const write = vi.fn(() => pace.wrote())
  const pace = new Pace({ hurriedMs: 5, patientMs: 10 }, write)
  pace.wrote()
  vi.advanceTimersByTime(1)
  expect(pace.holds(10)).toBe(true)
  pace.hurry()
  expect(pace.holds(20)).toBe(true)
  vi.advanceTimersByTime(3)
  expect(write).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(write).toHaveBeenCalledOnce()
  // Only what was written then was waited for.
  expect(pace.holds(10)).toBe(true)
  vi.advanceTimersByTime(9)
  expect(write).toHaveBeenCalledOnce()
  // The shorter gap is over already.
  pace.hurry()
  expect(pace.holds(20)).toBe(false)
  pace.wrote()
  vi.advanceTimersByTime(100)
  expect(write).toHaveBeenCalledOnce()
})
