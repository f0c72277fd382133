import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { memoryStorage } from '@tercet/storage/memory'
import { startFixture, type Fixture } from './fixture.ts'

setFlagsFromString('--expose-gc')
// V8 puts it into each context that is made while the flag is set.
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

const MESSAGE = "<message from='nurse@b.test/x' to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message>"
const PRESENCE = "<presence from='nurse@b.test/x' to='juliet@a.test'/>"

/** What a stanza was while it passed; nothing here holds it when this is over. */
async function pass(fixture: Fixture, text: string, stored: boolean): Promise<WeakRef<object>[]> {
  const turn = fixture.afar.sends(text)
  await new Promise<void>(resolve => turn.whenOver(resolve))
  return stored ? [new WeakRef(turn), new WeakRef(turn.unit)] : [new WeakRef(turn)]
}

const alive = (refs: readonly WeakRef<object>[]) => refs.map(ref => ref.deref() !== undefined)

test('a calm server keeps one of each kind of what stanzas are made of, so that the code for them is kept', async () => {
  await using fixture = await startFixture({ storage: memoryStorage() })
  const { wheel } = fixture.server
  const first = await pass(fixture, MESSAGE, true)
  wheel.tick(wheel.now + 1000)
  const second = await pass(fixture, MESSAGE, true)
  const third = await pass(fixture, MESSAGE, false)
  wheel.tick(wheel.now + 1000)
  const fourth = await pass(fixture, PRESENCE, false)
  // A WeakRef holds on for the rest of the job that made it.
  await new Promise(resolve => setImmediate(resolve))
  collect()
  expect(alive(first)).toEqual([false, false])
  expect(alive(second)).toEqual([true, true])
  // One in a second is enough.
  expect(alive(third)).toEqual([false])
  expect(alive(fourth)).toEqual([true])
})
