import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReceivedCounter } from './received.ts'
import { SentQueue } from './sent.ts'

describe('what we have handled (XEP-0198 §4)', () => {
  test('counts stanzas from 1, and only what is done', () => {
    const counter = new ReceivedCounter()
    expect(counter.handled).toBe(0)
    counter.count()
    counter.count()
    const second = counter.wait()
    counter.count()
    expect(counter.handled).toBe(1)
    second.done = true
    expect(counter.handled).toBe(3)
  })

  test('an acknowledgement is in order: a stanza that is done waits for those before it', () => {
    const counter = new ReceivedCounter()
    counter.count()
    const first = counter.wait()
    counter.count()
    const second = counter.wait()
    second.done = true
    expect(counter.handled).toBe(0)
    first.done = true
    expect(counter.handled).toBe(2)
  })

  test('what a commit may promise: a stanza that overtook another does not speak for it', () => {
    const counter = new ReceivedCounter()
    for (let stanza = 0; stanza < 4; stanza++) counter.count()
    counter.seal(2)
    counter.seal(3)
    expect(counter.sealed).toBe(0)
    counter.seal(1)
    expect(counter.sealed).toBe(3)
    counter.seal(2)
    expect(counter.sealed).toBe(3)
  })

  test('wraps at 2^32', () => {
    const counter = new ReceivedCounter()
    counter.received = 2 ** 32 - 1
    counter.count()
    expect(counter.handled).toBe(0)
    const pending = counter.wait()
    expect(counter.handled).toBe(2 ** 32 - 1)
    pending.done = true
    expect(counter.handled).toBe(0)
  })

  test('property: whatever is done in whatever order, handled is the longest finished prefix', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 600 }), fc.infiniteStream(fc.nat()), (waits, picks) => {
        const counter = new ReceivedCounter()
        const open: { seq: number; pending: ReturnType<ReceivedCounter['wait']> }[] = []
        for (const wait of waits) {
          const seq = counter.count()
          if (wait) open.push({ seq, pending: counter.wait() })
        }
        while (open.length > 0) {
          expect(counter.handled).toBe(Math.min(...open.map(({ seq }) => seq)) - 1)
          const [done] = open.splice(picks.next().value % open.length, 1)
          done!.pending.done = true
        }
        expect(counter.handled).toBe(waits.length)
      }),
      { numRuns: 30 },
    )
  })
})

describe('what the peer has confirmed (XEP-0198 §4, §6)', () => {
  test('gives back the tags of what is covered, in order, and keeps the rest', () => {
    const queue = new SentQueue<string>()
    for (const name of ['a', 'b', 'c']) queue.push(`<${name}/>`, name)
    queue.push('<d/>', undefined)
    const confirmed: string[] = []
    queue.confirm(2, tag => confirmed.push(tag))
    expect(confirmed).toEqual(['a', 'b'])
    expect([...queue.unconfirmed()].map(({ text }) => text)).toEqual(['<c/>', '<d/>'])
    expect(queue).toMatchObject({ size: 2, sent: 4, acked: 2, characters: 8 })
  })

  test('a repeated h confirms nothing new', () => {
    const queue = new SentQueue<string>()
    queue.push('<a/>', 'a')
    queue.confirm(1, () => {})
    queue.confirm(1, () => expect.unreachable())
    expect(queue.size).toBe(0)
  })

  test.each([
    ['more than was sent', 0, 2],
    ['less than before, which is more modulo 2^32', 1, 0],
  ])('%s ends the stream with handled-count-too-high', (_, first, second) => {
    const queue = new SentQueue<string>()
    queue.push('<a/>', 'a')
    queue.confirm(first, () => {})
    expect(() => queue.confirm(second, () => {})).toThrow(
      expect.objectContaining({ name: 'StreamError', condition: 'undefined-condition' }),
    )
  })

  test('wraps at 2^32', () => {
    const queue = new SentQueue<string>()
    queue.acked = 2 ** 32 - 1
    queue.push('<a/>', 'a')
    expect(queue.sent).toBe(0)
    queue.confirm(0, tag => expect(tag).toBe('a'))
    expect(queue.size).toBe(0)
  })

  test('property: it is a queue, whatever the confirmations', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 100 }), steps => {
        const queue = new SentQueue<number>()
        const model: number[] = []
        let next = 0
        for (const step of steps) {
          for (let count = 0; count < step; count++) {
            queue.push('x', next)
            model.push(next++)
          }
          const covered = step % (queue.size + 1)
          const confirmed: number[] = []
          queue.confirm((queue.acked + covered) >>> 0, tag => confirmed.push(tag))
          expect(confirmed).toEqual(model.splice(0, covered))
          expect([...queue.unconfirmed()].map(({ tag }) => tag)).toEqual(model)
          expect(queue.characters).toBe(model.length)
        }
      }),
    )
  })
})
