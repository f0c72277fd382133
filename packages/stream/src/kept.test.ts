import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { FlushList } from './flush.ts'
import { memoryPair } from './memory.ts'
import { Stream } from './stream.ts'
import { TimerWheel } from './timers.ts'

setFlagsFromString('--expose-gc')
// V8 puts it into each context that is made while the flag is set.
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

test('of all that streams have read one element is kept, so that the code for elements is', async () => {
  using wheel = new TimerWheel()
  const [near, far] = memoryPair()
  const seen: WeakRef<object>[] = []
  const read = Promise.withResolvers<void>()
  const event = (event: object): void => {
    if ('element' in event && seen.push(new WeakRef(event.element as object)) === 2) read.resolve()
  }
  const stream = new Stream(near, { event, closed() {}, failed() {} }, { flushList: new FlushList(), wheel })
  stream.start()
  far.write("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
  far.write("<message id='1'/><message id='2'/>")
  await read.promise
  // A WeakRef holds on for the rest of the job that made it.
  await new Promise(resolve => setImmediate(resolve))
  collect()
  expect(seen.map(ref => ref.deref() !== undefined)).toEqual([true, false])
})
