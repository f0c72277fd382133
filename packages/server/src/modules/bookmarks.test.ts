import { expect, test } from 'vitest'
import { startFixture, type Client } from '../fixture.ts'
import { itemsOf, publishes, PUBSUB, refused, wanting } from './pep/pep.fixture.ts'

const NS = 'urn:xmpp:bookmarks:1'
const STORAGE = "<storage xmlns='storage:bookmarks'>"
const EXTENSIONS = "<extensions><state xmlns='urn:example:client' minimized='true'/></extensions>"
const room = (name: string, inner = ''): string =>
  `<item id='${name}@rooms.test'><conference xmlns='${NS}' name='${name}' autojoin='true'>${inner}</conference></item>`
const old = (name: string, inner = ''): string =>
  `<conference jid='${name}@rooms.test' name='${name}' autojoin='true'>${inner}</conference>`

/** What is stored in private storage, as text. */
async function privately(client: Client): Promise<string> {
  const answer = await client.asks(
    `<iq type='get' id='x'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>`,
    `<iq type='result' id='x'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>`,
  )
  return JSON.stringify(answer)
}

async function stores(client: Client, inner: string): Promise<void> {
  await client.asks(
    `<iq type='set' id='x'><query xmlns='jabber:iq:private'>${STORAGE}${inner}</storage></query></iq>`,
    "<iq type='result' id='x'/>",
  )
}

test('a bookmark that is published stands in private storage and in the older node (XEP-0402 §5.3.1, PEP-06)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await stores(juliet, "<url name='Verona' url='http://verona.example/'/>")
  await publishes(juliet, NS, room('coven', `<nick>JC</nick><password>p</password>${EXTENSIONS}`))
  const full = old('coven', '<nick>JC</nick><password>p</password>')
  await juliet.asks(
    `<iq type='get' id='x'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>`,
    `<iq type='result' id='x'><query xmlns='jabber:iq:private'>${STORAGE}<url name='Verona'/>${full}</storage></query></iq>`,
  )
  await juliet.asks(
    itemsOf('storage:bookmarks'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='storage:bookmarks'><item id='current'>${STORAGE}<url name='Verona'/>${full}</storage></item></items></pubsub></iq>`,
  )
  await juliet.asks(
    `<iq type='set' id='r'><pubsub ${PUBSUB}><retract node='${NS}' notify='true'><item id='coven@rooms.test'/></retract></pubsub></iq>`,
    "<iq type='result' id='r'/>",
  )
  const left = await privately(juliet)
  expect(left).toContain('verona.example')
  expect(left).not.toContain('coven')
})

test('what an old client stores is published, for what has changed, and what others keep with it stays (§3.4, §5.3.2, PEP-06)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const chamber = await wanting(fixture, 'juliet@a.test/chamber', NS)
  await publishes(juliet, NS, room('coven', EXTENSIONS))
  await publishes(juliet, NS, room('forest'))
  await publishes(juliet, NS, room('street'))
  chamber.forget()
  // The old client knows nothing of extensions; it renames one, drops one, adds one, and leaves one as it is.
  await stores(juliet, old('coven').replace("name='coven'", "name='The Coven'") + old('forest') + old('heath'))
  await fixture.quiet()
  const heard = chamber.unread.join('\n')
  expect(heard).toContain('The Coven')
  expect(heard).toContain('heath')
  expect(heard).toMatch(/<retract[^>]*street/)
  expect(heard).not.toContain('forest')
  chamber.forget()
  await juliet.asks(
    itemsOf(NS),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='${NS}'><item id='forest@rooms.test'/><item id='coven@rooms.test'><conference name='The Coven' xmlns='${NS}'>${EXTENSIONS}</conference></item><item id='heath@rooms.test'/></items></pubsub></iq>`,
  )
})

test('the older node and private storage are the same (XEP-0411)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, 'storage:bookmarks', `<item id='current'>${STORAGE}${old('coven')}</storage></item>`)
  expect(await privately(juliet)).toContain('coven@rooms.test')
  await juliet.asks(
    itemsOf(NS),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='${NS}'><item id='coven@rooms.test'><conference xmlns='${NS}' name='coven' autojoin='true'/></item></items></pubsub></iq>`,
  )
})

test('nobody else sees bookmarks, whichever form they were made in', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', NS, 'storage:bookmarks')
  await fixture.quiet()
  romeo.forget()
  await stores(juliet, old('coven'))
  await fixture.quiet()
  await romeo.receivesNothing()
  for (const node of [NS, 'storage:bookmarks'])
    await romeo.asks(itemsOf(node, '', 'juliet@a.test'), refused('g', 'cancel', 'not-allowed', 'closed-node'))
})

test('an address that is none is left aside, and of two the last one counts', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await stores(
    juliet,
    `<conference jid='@' name='x'/><conference name='y'/>${old('coven')}${old('coven').replace("name='coven'", "name='again'")}`,
  )
  const answer = await juliet.asks(itemsOf(NS), "<iq type='result' id='g'/>")
  expect(JSON.stringify(answer).match(/rooms\.test/g)).toHaveLength(1)
  expect(JSON.stringify(answer)).toContain('again')
})
