import { silent } from '@tercet/plugin'
import { afterEach, expect, test, vi } from 'vitest'
import { Calm, thisProcess, type Process } from './memory.ts'

const MIB = 1_048_576
const LOOK_MS = 2000

/** A process whose garbage is what is above `live`. */
class Pretended implements Process {
  busy = 0
  live = 100 * MIB
  garbage = 0
  open = 50
  collections = 0

  utilization = (): number => this.busy
  rss = (): number => this.live + this.garbage
  streams = (): number => this.open
  tookMs = 0
  collect = (): void => {
    this.collections++
    this.garbage = 0
    if (vi.isFakeTimers()) vi.advanceTimersByTime(this.tookMs)
  }
}

afterEach(() => void vi.useRealTimers())

test('a process that grew gives memory back when it is calm, once', () => {
  const process = new Pretended()
  const calm = new Calm(process, silent)
  let now = calm.due(1000)
  expect([process.collections, now]).toEqual([1, 1000 + LOOK_MS])

  process.garbage = 400 * MIB
  process.busy = 0.9
  now = calm.due(now)
  expect(process.collections).toBe(1)
  process.busy = 0.005
  now = calm.due(now)
  expect([process.collections, process.rss()]).toEqual([2, 100 * MIB])
  for (let look = 0; look < 100; look++) now = calm.due(now)
  expect(process.collections).toBe(2)
})

test('what is in use is not collected again and again', () => {
  const process = new Pretended()
  const calm = new Calm(process, silent)
  let now = calm.due(1000)
  process.live = 300 * MIB
  for (let look = 0; look < 100; look++) now = calm.due(now)
  expect(process.collections).toBe(2)
  process.garbage = 10 * MIB
  calm.due(now)
  expect(process.collections).toBe(2)
})

test('memory that goes back some time after a collection counts', () => {
  const process = new Pretended()
  const calm = new Calm(process, silent)
  process.live = 300 * MIB
  let now = calm.due(1000)
  process.live = 100 * MIB
  now = calm.due(now)
  expect(process.collections).toBe(1)
  process.garbage = 20 * MIB
  calm.due(now)
  expect(process.collections).toBe(2)
})

test('pauses are rare, but for another storm', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const process = new Pretended()
  const calm = new Calm(process, silent)
  process.tookMs = 50
  const began = 1000
  let now = calm.due(began)
  process.garbage = 9 * MIB
  while (process.collections === 1) now = calm.due(now)
  const again = now - LOOK_MS
  expect(again - began).toBe(10_000)
  process.garbage = 50 * MIB
  while (process.collections === 2) now = calm.due(now)
  expect(now - LOOK_MS - again).toBe(4000)
})

test('what many streams keep is left to V8', () => {
  const process = new Pretended()
  const calm = new Calm(process, silent)
  process.open = 20_000
  calm.due(1000)
  expect(process.collections).toBe(0)
})

test('this process collects', async () => {
  const { collect, rss, utilization } = thisProcess(() => 0)
  const garbage = new WeakRef({ nobody: 'needs it' })
  // Until the end of its turn of the loop it is kept.
  await new Promise(resolve => setImmediate(resolve))
  collect()
  expect(garbage.deref()).toBeUndefined()
  expect(rss()).toBeGreaterThan(10 * MIB)
  expect(utilization()).toBeGreaterThanOrEqual(0)
})
