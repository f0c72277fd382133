import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../../fixture.ts'
import { EVENT, publishes, tune, TUNE, wanting } from './pep.fixture.ts'

const EVENTS = `<event ${EVENT}>`

/** Juliet has published a tune; romeo is there, wants to hear of tunes and is no contact of hers. */
async function strangers(options?: Readonly<Record<string, string>>) {
  const fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, TUNE, tune('Heigh ho', 'current'), options)
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', TUNE)
  await fixture.quiet()
  romeo.forget()
  return { fixture, juliet, romeo }
}

/** What romeo hears of tunes, with the presences that come in between. */
async function heard(fixture: Fixture, romeo: Client): Promise<string[]> {
  await fixture.quiet()
  // What is told waits for the disk, and commits are in order.
  const { storage } = fixture.server
  const unit = storage.unit()
  storage.table('any').put(unit, 'a.test', '', '', 'and then')
  await unit.commit()
  await fixture.quiet()
  const found = romeo.unread.map(text =>
    text.includes(EVENTS) ? 'item' : (/^<presence[^>]* type='(\w+)'/.exec(text)?.[1] ?? /^<(\w+)/.exec(text)![1]!),
  )
  romeo.forget()
  return found
}

test('whose subscription is granted hears what was published last, after the grant and the presence (XEP-0163 §4.3.4)', async () => {
  const { fixture, juliet, romeo } = await strangers()
  await using _ = fixture
  romeo.send("<presence type='subscribe' to='juliet@a.test'/>")
  expect(await heard(fixture, romeo)).toEqual([])
  juliet.send("<presence type='subscribed' to='romeo@a.test'/>")
  expect(await heard(fixture, romeo)).toEqual(['presence', 'item'])
  // Once: the same grant again is none.
  juliet.send("<presence type='subscribed' to='romeo@a.test'/>")
  expect(await heard(fixture, romeo)).toEqual([])
})

test('so does who was granted it in advance (RFC 6121 §3.4)', async () => {
  const { fixture, juliet, romeo } = await strangers()
  await using _ = fixture
  juliet.send("<presence type='subscribed' to='romeo@a.test'/>")
  expect(await heard(fixture, romeo)).toEqual([])
  romeo.send("<presence type='subscribe' to='juliet@a.test'/>")
  expect(await heard(fixture, romeo)).toEqual(['presence', 'item'])
})

test('nothing comes of a node that is for others, or that sends nothing by itself', async () => {
  for (const options of [{ access_model: 'whitelist' }, { send_last_published_item: 'never' }]) {
    const { fixture, juliet, romeo } = await strangers(options)
    await using _ = fixture
    romeo.send("<presence type='subscribe' to='juliet@a.test'/>")
    await fixture.quiet()
    juliet.send("<presence type='subscribed' to='romeo@a.test'/>")
    expect(await heard(fixture, romeo)).toEqual(['presence'])
  }
})
