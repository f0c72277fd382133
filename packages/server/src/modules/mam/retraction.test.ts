import { memoryStorage } from '@tercet/storage/memory'
import { elementsOf } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client } from '../../fixture.ts'
import { chat, page, query } from './mam.fixture.ts'

const NS = 'urn:xmpp:message-retract:1'
const ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"

/** As clients send it, with words for those that do not know it. */
const retract = (to: string, target: string, id = 'r1', more = ''): string =>
  `<message to='${to}' id='${id}' type='chat'><retract xmlns='${NS}' id='${target}'/><body>${id}</body>${more}</message>`

/** What an archive holds: the bodies, and tombstones as `(id of the retraction)`. */
async function archiveOf(client: Client): Promise<string[]> {
  const { messages, bodies } = await page(client, query({}))
  return messages.map((message, index) => {
    const tombstone = elementsOf(message).find(({ name }) => name === 'retracted')
    if (!tombstone) return bodies[index]!
    expect(elementsOf(message)).toEqual([tombstone])
    expect(tombstone).toMatchObject({ ns: NS, attributes: { stamp: expect.stringMatching(/^20..-.+Z$/) as string } })
    return `(${tombstone.attributes['id']})`
  })
}

/** Romeo and juliet, both with the same two messages in their archives: one of each. */
async function talked(options: Parameters<typeof startFixture>[0] = {}) {
  const fixture = await startFixture(options)
  const romeo = await fixture.login('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('romeo@a.test', 'hers'))
  await juliet.barrier()
  romeo.send(chat('juliet@a.test', 'his'))
  await fixture.quiet()
  return { fixture, romeo, juliet }
}

test('what its author takes back is a tombstone in both archives, and the retraction stays (XEP-0424 §4, §5)', async () => {
  const { fixture, romeo, juliet } = await talked()
  await using _ = fixture
  juliet.send(retract('romeo@a.test', 'hers'))
  await fixture.quiet()
  const found = ['(r1)', 'his', 'r1']
  expect(await archiveOf(romeo)).toEqual(found)
  expect(await archiveOf(juliet)).toEqual(found)
  const [tombstone] = (await page(romeo, query({}))).messages
  expect(tombstone!.attributes).toMatchObject({ id: 'hers', from: 'juliet@a.test/balcony', to: 'romeo@a.test' })
})

test('another of the author’s resources may do it, and another author may not (§5)', async () => {
  const { fixture, romeo, juliet } = await talked()
  await using _ = fixture
  const chamber = await fixture.login('juliet@a.test/chamber')
  romeo.send(retract('juliet@a.test', 'hers', 'r1'))
  juliet.send(retract('romeo@a.test', 'his', 'r2'))
  await fixture.quiet()
  for (const client of [romeo, juliet])
    expect((await archiveOf(client)).toSorted()).toEqual(['hers', 'his', 'r1', 'r2'].toSorted())
  chamber.send(retract('romeo@a.test', 'hers', 'r3'))
  await fixture.quiet()
  for (const client of [romeo, juliet]) expect(await archiveOf(client)).toContain('(r3)')
})

test('what was said to somebody else is not found, nor an id that nobody has used, nor a second time', async () => {
  const { fixture, romeo, juliet } = await talked()
  await using _ = fixture
  juliet.send(chat('juliet@a.test', 'note'))
  juliet.send(retract('romeo@a.test', 'note', 'r1'))
  juliet.send(retract('romeo@a.test', 'nothing', 'r2'))
  juliet.send(retract('romeo@a.test', 'hers', 'r3'))
  juliet.send(retract('romeo@a.test', 'hers', 'r4'))
  await fixture.quiet()
  expect(await archiveOf(romeo)).toEqual(['(r3)', 'his', 'r1', 'r2', 'r3', 'r4'])
  expect(await archiveOf(juliet)).toContain('note')
})

test.each([
  ['without the id of a message', `<retract xmlns='${NS}'/>`, " id='r1'"],
  ['of an empty id', `<retract xmlns='${NS}' id=''/>`, " id='r1'"],
  ['without an id of its own', `<retract xmlns='${NS}' id='hers'/>`, ''],
  [
    'that wants to be in no archive',
    `<retract xmlns='${NS}' id='hers'/><no-store xmlns='urn:xmpp:hints'/>`,
    " id='r1'",
  ],
])('a retraction %s changes nothing', async (_, payload, id) => {
  const { fixture, romeo, juliet } = await talked()
  await using _fixture = fixture
  juliet.send(`<message to='romeo@a.test' type='chat'${id}>${payload}<body>gone</body></message>`)
  await fixture.quiet()
  for (const client of [romeo, juliet]) expect(await archiveOf(client)).toEqual(expect.arrayContaining(['hers', 'his']))
})

test('a note to oneself can be taken back', async () => {
  const { fixture, juliet } = await talked()
  await using _ = fixture
  juliet.send(chat('juliet@a.test', 'note'))
  juliet.send(retract('juliet@a.test', 'note'))
  await fixture.quiet()
  expect(await archiveOf(juliet)).toEqual(['hers', 'his', '(r1)', 'r1'])
})

test('people in a room have one bare address: the nickname has to be the same (§5)', async () => {
  const { fixture, romeo } = await talked()
  await using _ = fixture
  const from = (nick: string, xml: string) =>
    fixture.afar.sends(xml.replace('<message ', `<message from='hall@b.test/${nick}' `))
  from('tybalt', chat('romeo@a.test/orchard', 'm1', ROOM))
  await fixture.quiet()
  from('mercutio', retract('romeo@a.test/orchard', 'm1', 'r1', ROOM))
  from('mercutio', retract('romeo@a.test/orchard', 'm1', 'r2'))
  await fixture.quiet()
  expect(await archiveOf(romeo)).toContain('m1')
  from('tybalt', retract('romeo@a.test/orchard', 'm1', 'r3', ROOM))
  await fixture.quiet()
  expect(await archiveOf(romeo)).toContain('(r3)')
})

test('what is older than the operator allows stays, and then nothing is promised', async () => {
  const { fixture, romeo, juliet } = await talked({ moduleOptions: { mam: { retract_days: 0 } } })
  await using _ = fixture
  juliet.send(retract('romeo@a.test', 'hers'))
  await fixture.quiet()
  expect(await archiveOf(romeo)).toEqual(['hers', 'his', 'r1'])
  const info = await romeo.asks(
    "<iq type='get' id='d1' to='romeo@a.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    `<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='${NS}'/></query></iq>`,
  )
  expect(JSON.stringify(info)).not.toContain('#tombstone')
})

test('where the retraction cannot be stored the message stays', async () => {
  const storage = memoryStorage()
  const { fixture, romeo, juliet } = await talked({ storage })
  await using _ = fixture
  const unit = storage.unit()
  storage.table('any').put(unit, 'a.test', '', '', 'what was sent is on disk as well')
  await unit.commit()
  storage.failCommits('full')
  juliet.send(retract('romeo@a.test', 'hers'))
  await juliet.find(({ attributes }) => attributes['type'] === 'error', 'the refusal')
  storage.failCommits(undefined)
  expect(await archiveOf(romeo)).toEqual(['hers', 'his'])
})
