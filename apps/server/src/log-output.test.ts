import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LogOutput } from './log-output.ts'

/** A reader that takes so many bytes at a time, and then none before the next call of `read`. */
class Reader {
  room = Infinity
  text = ''
  failure: string | undefined

  readonly write = (bytes: Uint8Array): number => {
    if (this.failure !== undefined) throw Object.assign(new Error(this.failure), { code: this.failure })
    if (this.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
    const taken = Math.min(bytes.length, this.room)
    this.text += Buffer.from(bytes.subarray(0, taken)).toString()
    this.room -= taken
    return taken
  }
}

const nobody = (): void => {}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a line is written before the call returns', () => {
  const reader = new Reader()
  new LogOutput({ write: reader.write }).write('one\n')
  expect(reader.text).toBe('one\n')
})

test('what a slow reader does not take waits, in order and byte for byte', () => {
  const reader = new Reader()
  const output = new LogOutput({ write: reader.write })
  reader.room = 6
  for (const line of ['one\n', 'two\n', 'drei süß\n']) output.write(line)
  expect(reader.text).toBe('one\ntw')
  reader.room = 1
  vi.advanceTimersByTime(100)
  expect(reader.text).toBe('one\ntwo')
  reader.room = Infinity
  output.write('four\n')
  expect(reader.text).toBe('one\ntwo')
  vi.advanceTimersByTime(100)
  expect(reader.text).toBe('one\ntwo\ndrei süß\nfour\n')
  output.write('five\n')
  expect(reader.text).toMatch(/four\nfive\n$/)
})

test('what is too much is left out, and it is said how much', () => {
  const reader = new Reader()
  const output = new LogOutput({ write: reader.write, maxWaiting: 10 })
  output.onLeftOut = lines => output.write(`${lines} left out\n`)
  reader.room = 0
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) output.write(line)
  vi.advanceTimersByTime(3000)
  expect(reader.text).toBe('')
  reader.room = Infinity
  vi.advanceTimersByTime(3000)
  expect(reader.text).toBe('one\ntwo\n2 left out\n')
  vi.advanceTimersByTime(3000)
  expect(reader.text).toBe('one\ntwo\n2 left out\n')
})

test.each(['ENOSPC', 'EPIPE', 'EIO'])('a log that cannot be written ends nobody: %s', code => {
  const reader = new Reader()
  const output = new LogOutput({ write: reader.write })
  output.onLeftOut = lines => output.write(`${lines} left out\n`)
  reader.failure = code
  for (const line of ['one\n', 'two\n']) output.write(line)
  vi.advanceTimersByTime(5000)
  reader.failure = undefined
  output.write('three\n')
  vi.advanceTimersByTime(5000)
  expect(reader.text).toBe('three\n2 left out\n')
})

test('the end of the process waits for the reader, but not for ever', () => {
  const reader = new Reader()
  const output = new LogOutput({ write: reader.write })
  output.onLeftOut = nobody
  reader.room = 2
  output.write('one\n')
  reader.room = 0
  vi.useRealTimers()
  const begun = performance.now()
  output.flush()
  expect(performance.now() - begun).toBeLessThan(5000)
  reader.room = Infinity
  output.flush()
  expect(reader.text).toBe('one\n')
})

test('a server goes on though nobody reads its log, and nothing of it is missing', async () => {
  vi.useRealTimers()
  const lines = 5000
  const program = new URL('log-output.fixture.ts', import.meta.url)
  const child = fork(program, [String(lines)], { silent: true, execArgv: ['--conditions=@tercet/source'] })
  await once(child, 'message')
  let text = ''
  child.stdout!.on('data', chunk => (text += String(chunk)))
  await once(child, 'close')
  const read = text
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { index: number }).index)
  expect(read).toEqual(Array.from({ length: lines }, (_, index) => index))
}, 30_000)
