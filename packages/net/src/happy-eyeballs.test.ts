import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TransportError } from './error.ts'
import { interleave, race } from './happy-eyeballs.ts'

/** Attempts that a test decides by hand. */
function attempts() {
  const started: { name: string; signal: AbortSignal; result: PromiseWithResolvers<string> }[] = []
  let onStart = (): void => {}
  return {
    started,
    attempt(name: string, signal: AbortSignal): Promise<string> {
      const result = Promise.withResolvers<string>()
      started.push({ name, signal, result })
      onStart()
      return result.promise
    },
    async begun(count: number) {
      while (started.length < count) await new Promise<void>(resolve => (onStart = resolve))
    },
  }
}

async function* from<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

const refused = (text: string) => new TransportError('refused', text)

describe('race (RFC 8305 §5)', () => {
  test('the next attempt starts when the first is slow; the quicker one wins and the slow one is given up', async () => {
    const made = attempts()
    const late: string[] = []
    const result = race(from('a', 'b'), made.attempt, value => late.push(value), { delayMs: 10 })
    await made.begun(2)
    made.started[1]!.result.resolve('b')
    expect(await result).toBe('b')
    expect(made.started[0]!.signal.aborted).toBe(true)
    made.started[0]!.result.resolve('a')
    await Promise.resolve()
    expect(late).toEqual(['a'])
  })

  test('the next attempt starts at once when the first fails', async () => {
    const made = attempts()
    const result = race(from('a', 'b'), made.attempt, () => {}, { delayMs: 60_000 })
    await made.begun(1)
    made.started[0]!.result.reject(refused('a'))
    await made.begun(2)
    made.started[1]!.result.resolve('b')
    expect(await result).toBe('b')
  })

  test('no second attempt while the first is within its head start', async () => {
    const made = attempts()
    const result = race(from('a', 'b'), made.attempt, () => {}, { delayMs: 60_000 })
    await made.begun(1)
    made.started[0]!.result.resolve('a')
    expect(await result).toBe('a')
    expect(made.started).toHaveLength(1)
  })

  test('when all fail, the first failure is told', async () => {
    const fail = (name: string) => Promise.reject(refused(name))
    await expect(race(from('a', 'b', 'c'), fail, () => {})).rejects.toMatchObject({ code: 'refused', message: 'a' })
  })

  test('no candidate', async () => {
    await expect(
      race(
        from<string>(),
        async name => name,
        () => {},
      ),
    ).rejects.toMatchObject({ code: 'not-found' })
  })

  test('candidates that cannot be found', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield* []
      throw new TransportError('service-absent', 'no')
    }
    await expect(
      race(
        broken(),
        async name => name,
        () => {},
      ),
    ).rejects.toMatchObject({ code: 'service-absent' })
  })

  test('the caller gives up: attempts are aborted', async () => {
    const made = attempts()
    const controller = new AbortController()
    const result = race(from('a'), made.attempt, () => {}, { signal: controller.signal })
    await made.begun(1)
    controller.abort()
    await expect(result).rejects.toMatchObject({ code: 'aborted' })
    expect(made.started[0]!.signal.aborted).toBe(true)
  })
})

test('interleave: families take turns from the preferred one, none is lost (RFC 8305 §4)', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom<4 | 6>(4, 6)), families => {
      const addresses = families.map((family, index) => ({ address: String(index), family }))
      const turns = interleave(addresses)
      expect(new Set(turns)).toEqual(new Set(addresses))
      expect(turns[0]).toBe(addresses[0])
      const fewer = Math.min(families.filter(it => it === 4).length, families.filter(it => it === 6).length)
      for (let index = 1; index < 2 * fewer; index++) expect(turns[index]!.family).not.toBe(turns[index - 1]!.family)
    }),
  )
})
