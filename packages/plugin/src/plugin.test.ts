import { describe, expect, test } from 'vitest'
import { Hooks, inOrder, MemoryMeter, point, Scope, service, Services, type Verdict } from './index.ts'

interface Bell {
  readonly rung: string[]
}
const ring = point<Bell>()('ring', ['guard', 'sound'])

describe('hooks', () => {
  test('run phase by phase, in order of registration within a phase', () => {
    const hooks = new Hooks()
    hooks.on(ring, 'sound', bell => void bell.rung.push('second'))
    hooks.on(ring, 'guard', bell => void bell.rung.push('first'))
    hooks.on(ring, 'sound', bell => void bell.rung.push('third'))
    const bell = { rung: [] }
    expect(hooks.chain(ring).run(bell)).toBeUndefined()
    expect(bell.rung).toEqual(['first', 'second', 'third'])
  })

  test.each(['handled', 'drop'] as const)('a verdict stops the run: %s', verdict => {
    const hooks = new Hooks()
    hooks.on(ring, 'guard', () => verdict)
    hooks.on(ring, 'sound', bell => void bell.rung.push('too late'))
    const bell = { rung: [] }
    expect(hooks.chain(ring).run(bell)).toBe(verdict)
    expect(bell.rung).toEqual([])
  })

  test('run synchronously until a handler waits, then go on after it', async () => {
    const hooks = new Hooks()
    hooks.on(ring, 'guard', async bell => void bell.rung.push('waited'))
    hooks.on(ring, 'sound', (): Verdict => 'handled')
    hooks.on(ring, 'sound', bell => void bell.rung.push('too late'))
    const bell = { rung: [] }
    const pending = hooks.chain(ring).run(bell)
    expect(pending).toBeInstanceOf(Promise)
    expect(await pending).toBe('handled')
    expect(bell.rung).toEqual(['waited'])
  })

  test('a handler that throws refuses the event, at once or later', async () => {
    const hooks = new Hooks()
    const registration = hooks.on(ring, 'guard', () => {
      throw new Error('no')
    })
    expect(() => hooks.chain(ring).run({ rung: [] })).toThrow('no')
    registration[Symbol.dispose]()
    hooks.on(ring, 'guard', () => Promise.reject(new Error('later no')))
    await expect(hooks.chain(ring).run({ rung: [] })).rejects.toThrow('later no')
  })

  test('a disposed handler is gone, and the chain stays the same object', () => {
    const hooks = new Hooks()
    const chain = hooks.chain(ring)
    const registration = hooks.on(ring, 'sound', () => 'handled')
    expect(chain.run({ rung: [] })).toBe('handled')
    registration[Symbol.dispose]()
    expect(chain.run({ rung: [] })).toBeUndefined()
    expect(chain.empty).toBe(true)
  })

  test('a handler for one kind of events is asked about no others; one for all kinds is, in its place', () => {
    const tower = point<Bell>()('tower', ['sound'], ['great', 'small'])
    const hooks = new Hooks()
    hooks.on(tower, 'sound', bell => void bell.rung.push('great'), 'great')
    const any = hooks.on(tower, 'sound', bell => void bell.rung.push('any'))
    hooks.on(tower, 'sound', bell => void bell.rung.push('small'), 'small')
    const ringing = (kind: string): readonly string[] => {
      const bell = { rung: [] }
      void hooks.chain(tower, kind).run(bell)
      return bell.rung
    }
    expect(ringing('great')).toEqual(['great', 'any'])
    expect(ringing('small')).toEqual(['any', 'small'])
    any[Symbol.dispose]()
    expect(ringing('great')).toEqual(['great'])
    expect(ringing('small')).toEqual(['small'])
    expect(() => hooks.on(tower, 'sound', () => {}, 'broken')).toThrow(TypeError)
    expect(() => hooks.on(ring, 'sound', () => {}, 'great')).toThrow(TypeError)
  })

  test('phases are typed, and checked where types are not', () => {
    const hooks = new Hooks()
    // @ts-expect-error no such phase
    expect(() => hooks.on(ring, 'echo', () => undefined)).toThrow(TypeError)
    // @ts-expect-error no such verdict
    hooks.on(ring, 'sound', () => 'maybe')
  })
})

describe('scope', () => {
  test('undoes in reverse order, once, and aborts its signal', async () => {
    const undone: string[] = []
    const scope = new Scope()
    scope.add(() => undone.push('a'))
    scope.add({ [Symbol.dispose]: () => void undone.push('b') })
    scope.add({ [Symbol.asyncDispose]: async () => void undone.push('c') })
    await scope[Symbol.asyncDispose]()
    await scope[Symbol.asyncDispose]()
    expect(undone).toEqual(['c', 'b', 'a'])
    expect(scope.signal.aborted).toBe(true)
    scope.add(() => undone.push('late'))
    expect(undone).toContain('late')
  })

  test('an entry that fails does not hold up the others', async () => {
    const undone: string[] = []
    const scope = new Scope()
    scope.add(() => undone.push('a'))
    scope.add(() => {
      throw new Error('stuck')
    })
    await expect(scope[Symbol.asyncDispose]()).rejects.toThrow(AggregateError)
    expect(undone).toEqual(['a'])
  })
})

describe('order', () => {
  const wine = service<number>('wine')
  const glass = service<string>('glass')

  test('providers come first, otherwise the order stays', () => {
    const guest = { name: 'guest', needs: [wine, glass] }
    const cellar = { name: 'cellar', provides: wine }
    const cupboard = { name: 'cupboard', provides: glass, needs: [wine] }
    expect(inOrder([guest, cupboard, cellar]).map(({ name }) => name)).toEqual(['cellar', 'cupboard', 'guest'])
  })

  test.each([
    ['nobody provides', [{ name: 'guest', needs: [wine] }], 'guest needs wine'],
    [
      'circular',
      [
        { name: 'a', needs: [wine], provides: glass },
        { name: 'b', needs: [glass], provides: wine },
      ],
      'a → b → a',
    ],
    [
      'provided twice',
      [
        { name: 'a', provides: wine },
        { name: 'b', provides: wine },
      ],
      'a and b both provide wine',
    ],
    ['listed twice', [{ name: 'a' }, { name: 'a' }], 'a is listed twice'],
  ])('%s is an error that names the parties', (_, modules, message) => {
    expect(() => inOrder(modules)).toThrow(message)
  })

  test('services are typed by their token', () => {
    const services = new Services()
    services.provide(wine, 3)
    // @ts-expect-error a glass is a string
    services.provide(glass, 3)
    expect(services.get(wine)).toBe(3)
    expect(() => services.get(service<number>('cheese'))).toThrow('cheese')
  })
})

test('a meter gives the same instrument for the same name', () => {
  const meter = new MemoryMeter()
  meter.counter('stanzas', 'Stanzas handled').add()
  meter.counter('stanzas', 'Stanzas handled').add(2)
  meter.gauge('sessions', 'Open sessions', () => 7)
  expect([...meter.figures()].map(({ name, value }) => [name, value])).toEqual([
    ['stanzas', 3],
    ['sessions', 7],
  ])
})
