import { StreamError } from '@tercet/stanza'
import type { StreamEvent } from '@tercet/xml'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { FlushList, later } from './flush.ts'
import { memoryPair } from './memory.ts'
import { Outbox, type Barrier } from './outbox.ts'
import { SentQueue } from './sm/sent.ts'
import { Stream, type StreamHandler } from './stream.ts'
import { TimerWheel } from './timers.ts'
import type { Transport } from './transport.ts'

const HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
const wheels: TimerWheel[] = []
afterEach(() => {
  for (const wheel of wheels.splice(0)) wheel[Symbol.dispose]()
})

/** What a peer reads, as text. */
class Far {
  text = ''
  ended = false
  readonly transport: Transport
  #wake = (): void => {}

  constructor(transport: Transport) {
    this.transport = transport
    const decoder = new TextDecoder()
    transport.start({
      chunk: bytes => {
        this.text += decoder.decode(bytes)
        this.#wake()
      },
      drained() {},
      ended: () => {
        this.ended = true
        this.#wake()
      },
      closed() {},
    })
  }

  async until(done: () => boolean): Promise<string> {
    while (!done()) await new Promise<void>(resolve => (this.#wake = resolve))
    return this.text
  }
}

function setUp(
  handle: (event: StreamEvent, stream: Stream) => void | Promise<void> = () => {},
  options: { framing?: 'tcp' | 'websocket'; maxUnread?: number } = {},
) {
  const wheel = new TimerWheel()
  wheels.push(wheel)
  const [near, farTransport] = memoryPair(options)
  const log: string[] = []
  let closed: (error: Error | undefined) => void = () => {}
  const over = new Promise<Error | undefined>(resolve => (closed = resolve))
  const handler: StreamHandler = {
    event: event => {
      log.push(event.kind === 'element' ? event.element.name : event.kind)
      return handle(event, stream)
    },
    closed: error => closed(error),
    failed: error => log.push(`bug: ${String(error)}`),
  }
  const stream = new Stream(near, handler, {
    flushList: new FlushList(),
    wheel,
    maxUnwritten: options.maxUnread === undefined ? 1000 : Infinity,
    ...(options.maxUnread !== undefined && { maxUnread: options.maxUnread }),
    closeMs: 5000,
    gone: () => log.push('gone'),
  })
  stream.fallbackHeader = ['from', 'a.test', 'version', '1.0']
  stream.start()
  return { stream, far: new Far(farTransport), log, over, wheel }
}

describe('a stream (RFC 6120 §4)', () => {
  test('gives its events in order and answers the closing tag (§4.4)', async () => {
    const { stream, far, log, over } = setUp()
    far.transport.write(HEADER)
    stream.sendHeader('id1', ['from', 'a.test', 'version', '1.0'])
    far.transport.write("<message id='1'/> <presence/></stream:stream>")
    await far.until(() => far.ended)
    expect(await over).toBeUndefined()
    expect(log).toEqual(['open', 'message', 'presence', 'close', 'gone'])
    expect(far.text).toMatch(/<\/stream:stream>$/)
  })

  test('with a pace, writes are apart: what comes soon after one leaves together, in order', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const { stream, far } = setUp()
      const arrives = async (text: string) => {
        await far.until(() => far.text !== '')
        expect(far.text).toBe(text)
        far.text = ''
      }
      const flushed = () => new Promise<void>(resolve => later(resolve))
      stream.sendHeader('id1', [])
      await flushed()
      far.text = ''
      stream.pace({ hurriedMs: 5, patientMs: 5 })
      stream.send('<a/>')
      await arrives('<a/>')
      stream.send('<b/>')
      await flushed()
      stream.send('<c/>')
      await flushed()
      expect(far.text).toBe('')
      vi.advanceTimersByTime(5)
      await arrives('<b/><c/>')
      // After a pause the first leaves at once, and the end takes along what waits.
      vi.advanceTimersByTime(5)
      stream.send('<f/>')
      await arrives('<f/>')
      stream.send('<g/>')
      await flushed()
      stream.close()
      await arrives('<g/></stream:stream>')
    } finally {
      vi.useRealTimers()
    }
  })

  test('who does not read the answers is read no further until he does', async () => {
    const answer = (event: StreamEvent, stream: Stream): void => {
      if (event.kind === 'element') stream.send('x'.repeat(40_000))
    }
    const { far, log } = setUp(answer, { maxUnread: 100_000 })
    far.transport.pause()
    far.transport.write(HEADER)
    const turn = () => new Promise<void>(resolve => later(resolve))
    for (let count = 0; count < 10; count++) {
      far.transport.write('<presence/>')
      await turn()
    }
    expect(log).toEqual(['open', 'presence', 'presence', 'presence'])
    expect(far.transport.buffered).toBeLessThan(100)
    far.transport.resume()
    await vi.waitUntil(() => log.length === 11)
    await far.until(() => far.text.length === 400_000)
  })

  test('a peer that takes what it is sent by asking is read whatever waits for it', async () => {
    const answer = (event: StreamEvent, stream: Stream): void => {
      if (event.kind === 'element') stream.send('x')
    }
    const { stream, far, log } = setUp(answer, { maxUnread: 0 })
    Object.assign(stream.transport, { polled: true })
    far.transport.pause()
    far.transport.write(`${HEADER}<presence/>`)
    await vi.waitUntil(() => log.length === 2)
    far.transport.write('<presence/>')
    await vi.waitUntil(() => log.length === 3)
  })

  test('while the handler waits nothing more is read (§10.1)', async () => {
    let go = (): void => {}
    const { far, log } = setUp(event => {
      if (event.kind === 'element' && event.element.name === 'iq') return new Promise(resolve => (go = resolve))
    })
    far.transport.write(`${HEADER}<iq id='1' type='get'><a xmlns='b'/></iq><message/>`)
    await Promise.resolve()
    far.transport.write('<presence/>')
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(log).toEqual(['open', 'iq'])
    go()
    // A stream that was read for long lets others have their turn first, which a busy machine makes likely.
    await vi.waitUntil(() => log.length >= 4)
    expect(log).toEqual(['open', 'iq', 'message', 'presence'])
  })

  test('what had arrived before the end is handled, though the handler was waiting', async () => {
    let go = (): void => {}
    const { far, log, over } = setUp(event => {
      if (event.kind === 'element' && event.element.name === 'iq') return new Promise(resolve => (go = resolve))
    })
    far.transport.write(`${HEADER}<iq id='1' type='get'><a xmlns='b'/></iq><message/>`)
    far.transport.close()
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    go()
    await over
    expect(log).toEqual(['open', 'iq', 'message', 'gone'])
  })

  test.each([
    ['not well-formed', '<message></presence>', 'not-well-formed'],
    ['a comment', '<!-- -->', 'restricted-xml'],
    ['text between stanzas', 'hello', 'bad-format'],
  ])('%s ends it with the error, and nothing after it is handled (§4.9.1.1)', async (_, input, condition) => {
    const { stream, far, log, over } = setUp()
    far.transport.write(HEADER)
    stream.sendHeader('id1', [])
    far.transport.write(`${input}<message/>`)
    await far.until(() => far.ended)
    expect(far.text).toMatch(
      new RegExp(`<stream:error><(${condition}|not-well-formed) .*</stream:error></stream:stream>$`),
    )
    expect(await over).toMatchObject({ name: 'StreamError' })
    expect(log).toEqual(['open', 'gone'])
  })

  test('an error before our header is sent inside of one (§4.9.1.2)', async () => {
    const { far } = setUp()
    far.transport.write('<wrong')
    far.transport.write('<')
    await far.until(() => far.ended)
    expect(far.text).toMatch(
      /^(<\?xml [^>]*>)?<stream:stream [^>]*from='a.test'[^>]*><stream:error>.*<\/stream:stream>$/,
    )
  })

  test('a bug in the handler ends this stream only, and is told', async () => {
    const { stream, far, log } = setUp(event => {
      if (event.kind === 'element') throw new TypeError('oops')
    })
    far.transport.write(HEADER)
    stream.sendHeader('id1', [])
    far.transport.write('<message/>')
    await far.until(() => far.ended)
    expect(far.text).toContain('<internal-server-error ')
    expect(far.text).not.toContain('oops')
    expect(log).toContain('bug: TypeError: oops')
  })

  test('our own close waits for the peer, within a bound (§4.4)', async () => {
    const { stream, far, over, wheel } = setUp()
    far.transport.write(HEADER)
    stream.sendHeader('id1', [])
    stream.close()
    await far.until(() => far.text.endsWith('</stream:stream>'))
    expect(far.ended).toBe(false)
    wheel.tick(wheel.now + 10_000)
    expect(await over).toBeUndefined()
  })

  test('what is sent in one turn leaves in one write, in order', async () => {
    const { stream, far } = setUp()
    stream.sendHeader('id1', [])
    const writes: string[] = []
    const write = stream.transport.write.bind(stream.transport)
    stream.transport.write = text => (writes.push(text), write(text))
    stream.send('<message/>')
    stream.send('<presence/>')
    await far.until(() => far.text.endsWith('<presence/>'))
    expect(writes).toHaveLength(1)
  })

  test('a peer that does not read is cut off at the limit', async () => {
    const { stream, far, over } = setUp()
    far.transport.pause()
    stream.sendHeader('id1', [])
    stream.send('x'.repeat(2000))
    expect(await over).toMatchObject({ condition: 'resource-constraint' })
  })

  test('a WebSocket whose peer does not read is cut off as well', async () => {
    const { stream, far, over } = setUp(() => {}, { framing: 'websocket' })
    far.transport.pause()
    stream.sendHeader('id1', [])
    stream.send(`<message>${'x'.repeat(2000)}</message>`)
    expect(await over).toMatchObject({ condition: 'resource-constraint' })
  })

  test.each([
    ['wait for nothing but microtasks', (): Promise<void> => Promise.resolve()],
    ['do not wait', (): void => {}],
  ])('much input whose handlers %s leaves the loop to others in between', async (_, wait) => {
    let handled = 0
    const { far } = setUp(event => {
      if (event.kind !== 'element') return
      handled++
      for (const end = performance.now() + 0.2; performance.now() < end;);
      return wait()
    })
    far.transport.write(HEADER + '<message/>'.repeat(400))
    // What others get to do while the 80 ms last.
    const seen = new Set<number>()
    while (handled < 400) {
      await new Promise<void>(resolve => setTimeout(resolve))
      seen.add(handled)
    }
    expect(seen.size).toBeGreaterThan(5)
  })
})

describe('an outbox', () => {
  class TestBarrier implements Barrier {
    state: Barrier['state'] = 'pending'
    #run: (() => void)[] = []
    whenDecided(run: () => void): void {
      this.#run.push(run)
    }
    decide(state: 'durable' | 'failed'): void {
      this.state = state
      for (const run of this.#run) run()
    }
  }

  function outbox() {
    const sent: string[] = []
    // An outbox uses nothing of its stream but send().
    const stream = { send: (text: string) => sent.push(text) } as unknown as Stream
    return { sent, box: new Outbox<string>(stream, { maxUnconfirmed: 3, maxUnconfirmedCharacters: 1000 }) }
  }

  test('nothing overtakes an entry that waits for the disk', () => {
    const { box, sent } = outbox()
    const barrier = new TestBarrier()
    box.stanza('1')
    box.stanza('2', undefined, barrier)
    box.stanza('3')
    box.nonza('4')
    expect(sent).toEqual(['1'])
    barrier.decide('durable')
    expect(sent).toEqual(['1', '2', '3', '4'])
    box.stanza('5', undefined, barrier)
    expect(sent).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a barrier behind another waits for both', () => {
    const { box, sent } = outbox()
    const [first, second] = [new TestBarrier(), new TestBarrier()]
    box.stanza('1', undefined, first)
    box.stanza('2', undefined, second)
    second.decide('durable')
    expect(sent).toEqual([])
    first.decide('durable')
    expect(sent).toEqual(['1', '2'])
  })

  test('what never became durable is never sent, the rest is', () => {
    const { box, sent } = outbox()
    const barrier = new TestBarrier()
    box.stanza('1', 'tag', barrier)
    box.stanza('2')
    barrier.decide('failed')
    expect(sent).toEqual(['2'])
    expect([...box.unsettled()]).toEqual([])
  })

  test('remembers stanzas, not nonzas, under stream management, and sends them again in order (XEP-0198 §5)', () => {
    const { box, sent } = outbox()
    box.sent = new SentQueue()
    box.stanza('1', 'a')
    box.nonza('r')
    box.stanza('2', 'b')
    box.stream = undefined
    box.stanza('3', 'c')
    expect(sent).toEqual(['1', 'r', '2'])
    box.sent.confirm(1, () => {})
    box.resume({ send: (text: string) => sent.push(text) } as unknown as Stream)
    expect(sent).toEqual(['1', 'r', '2', '2', '3'])
  })

  test('refuses to grow without bound', () => {
    const { box } = outbox()
    box.sent = new SentQueue()
    for (const text of ['1', '2', '3']) box.stanza(text)
    expect(() => box.stanza('4')).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
    expect(new StreamError('resource-constraint').condition).toBe('resource-constraint')
  })

  test('what waits for the disk counts as well, so that the end of the wait has nothing to refuse', () => {
    const { box, sent } = outbox()
    box.sent = new SentQueue()
    const barrier = new TestBarrier()
    for (const text of ['1', '2', '3']) box.stanza(text, undefined, barrier)
    expect(() => box.stanza('4', undefined, barrier)).toThrow(
      expect.objectContaining({ condition: 'resource-constraint' }),
    )
    barrier.decide('durable')
    expect(sent).toEqual(['1', '2', '3'])
    box.sent.confirm(3, () => {})
    box.stanza('5')
    expect(sent).toEqual(['1', '2', '3', '5'])
  })

  test('what waits for the disk is bounded without stream management, too', () => {
    const { box } = outbox()
    const barrier = new TestBarrier()
    box.stanza('a'.repeat(1001), undefined, barrier)
    expect(() => box.stanza('b')).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
    barrier.decide('failed')
    box.stanza('c')
  })
})

describe('the timer wheel', () => {
  test('looks at an item at its time, again when it says so, and forgets it', () => {
    const wheel = new TimerWheel()
    wheels.push(wheel)
    const start = wheel.now
    const looks: number[] = []
    wheel.add({ due: now => (looks.push(now), looks.length < 2 ? now + 3000 : 0) }, start + 2000)
    for (let second = 1; second <= 12; second++) wheel.tick(start + second * 1000)
    expect(looks).toHaveLength(2)
    expect(looks[0]).toBeGreaterThanOrEqual(start + 2000)
    expect(looks[1]! - looks[0]!).toBeGreaterThanOrEqual(3000)
    expect(wheel.size).toBe(0)
  })

  test('a long suspension is caught up in one pass, each item once', () => {
    const wheel = new TimerWheel()
    wheels.push(wheel)
    let looks = 0
    for (let item = 0; item < 10; item++) wheel.add({ due: () => (looks++, 0) }, wheel.now + item * 1000)
    wheel.tick(wheel.now + 86_400_000 * 365)
    expect(looks).toBe(10)
  })

  test('an item is looked at once, where it was put last, and not at all after it was removed', () => {
    const wheel = new TimerWheel()
    wheels.push(wheel)
    const start = wheel.now
    const looks: string[] = []
    const [moved, removed] = [{ due: () => (looks.push('moved'), 0) }, { due: () => (looks.push('removed'), 0) }]
    wheel.add(moved, start + 10_000)
    wheel.add(moved, start + 2000)
    wheel.add(removed, start + 2000)
    expect(wheel.size).toBe(2)
    wheel.remove(removed)
    expect(wheel.size).toBe(1)
    wheel.tick(start + 4000)
    expect(looks).toEqual(['moved'])
    wheel.tick(start + 20_000)
    expect(looks).toEqual(['moved'])
    wheel.remove(moved)
  })

  test('many that are due at once leave room for others, and who was removed meanwhile is not looked at', async () => {
    const wheel = new TimerWheel({ tickMs: 10 })
    wheels.push(wheel)
    let looks = 0
    const busy = (): number => {
      looks++
      for (const end = performance.now() + 2; performance.now() < end;);
      return 0
    }
    const removed = { due: () => expect.unreachable() }
    const between = new Promise<number>(resolve => {
      const leave = (): void => {
        wheel.remove(removed)
        resolve(looks)
      }
      wheel.add({ due: () => (later(leave), 0) }, wheel.now)
    })
    for (let item = 0; item < 50; item++) wheel.add({ due: busy }, wheel.now)
    const over = new Promise<void>(resolve => {
      wheel.add(removed, wheel.now)
      wheel.add({ due: () => (resolve(), 0) }, wheel.now)
    })
    expect(await between).toBeLessThan(25)
    await over
    expect(looks).toBe(50)
  })

  test('an item that throws is forgotten, and the others are looked at', () => {
    const errors: unknown[] = []
    const wheel = new TimerWheel({ onError: error => errors.push(error) })
    wheels.push(wheel)
    let looked = false
    wheel.add(
      {
        due() {
          throw new Error('broken')
        },
      },
      wheel.now,
    )
    wheel.add({ due: () => ((looked = true), 0) }, wheel.now)
    wheel.tick(wheel.now + 5000)
    expect(errors).toHaveLength(1)
    expect(looked).toBe(true)
  })
})
