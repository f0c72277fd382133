import { memoryStorage, MemoryDisk } from '@tercet/storage/memory'
import { elementsOf, type XmlElement } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../../fixture.ts'
import { chat, MAM, page as archivePage, query, set } from '../mam/mam.fixture.ts'

const NS = 'urn:xmpp:inbox:1'
const MDS = 'urn:xmpp:mds:displayed:0'
const PEOPLE = ['romeo@a.test', 'juliet@a.test', 'nurse@a.test', 'tybalt@a.test']

interface Listing {
  /** Each as `name unread`, in the order in which they came. */
  readonly entries: string[]
  /** The bodies that came along. */
  readonly said: string[]
  readonly fin: XmlElement
}

let asked = 0
async function inboxOf(client: Client, attributes = '', inner = ''): Promise<Listing> {
  const id = `inbox-${++asked}`
  client.send(`<iq type='get' id='${id}'><inbox xmlns='${NS}'${attributes}>${inner}</inbox></iq>`)
  const entries: string[] = []
  const said: string[] = []
  for (;;) {
    const element = await client.find(
      found => found.attributes['id'] === id || elementsOf(found)[0]?.ns === NS,
      'an entry or the end',
    )
    if (element.name === 'iq') {
      expect(element.attributes['type']).toBe('result')
      return { entries, said, fin: elementsOf(element)[0]! }
    }
    const [entry, result] = elementsOf(element)
    entries.push(`${entry!.attributes['jid']!.split('@')[0]} ${entry!.attributes['unread']}`)
    if (!result) continue
    expect(result).toMatchObject({ name: 'result', ns: MAM, attributes: { queryid: id } })
    said.push(/"children":\["([^"]*)"\]/.exec(JSON.stringify(result))?.[1] ?? '')
  }
}

async function people(options: FixtureOptions = {}) {
  const fixture = await startFixture({ accounts: PEOPLE, ...options })
  const [romeo, juliet, nurse] = await Promise.all(
    ['romeo@a.test/orchard', 'juliet@a.test/balcony', 'nurse@a.test/kitchen'].map(jid => fixture.login(jid)),
  )
  return { fixture, romeo: romeo!, juliet: juliet!, nurse: nurse! }
}

/** Sends messages one after the other. */
async function says(client: Client, to: string, ...ids: string[]): Promise<void> {
  for (const id of ids) client.send(chat(to, id))
  await client.barrier()
}

test.concurrent(
  'the latest conversation comes first, with what is unread and what was said last (XEP-0430 §2.2, §3.1)',
  async () => {
    const { fixture, romeo, juliet, nurse } = await people()
    await using _ = fixture
    await says(juliet, 'romeo@a.test', 'm1', 'm2')
    await says(nurse, 'romeo@a.test', 'n1')
    await says(romeo, 'tybalt@a.test', 't1')
    const { entries, said, fin } = await inboxOf(romeo)
    expect(entries).toEqual(['tybalt 0', 'nurse 1', 'juliet 2'])
    expect(said).toEqual(['t1', 'n1', 'm2'])
    expect(fin.attributes).toMatchObject({ total: '3', unread: '2', 'all-unread': '3' })
    expect((await inboxOf(romeo, " unread-only='true' messages='false'")).entries).toEqual(['nurse 1', 'juliet 2'])
    expect((await inboxOf(romeo, " messages='0'")).said).toEqual([])
    // Her own says what she has sent, and that is no news to her.
    expect((await inboxOf(juliet)).entries).toEqual(['romeo 0'])
  },
)

test.concurrent.each([
  ['a marker for the last one', '<displayed xmlns="urn:xmpp:chat-markers:0" id="m3"/>', 0],
  ['a marker for one in between', '<displayed xmlns="urn:xmpp:chat-markers:0" id="m2"/>', 1],
  ['an acknowledgement', '<acknowledged xmlns="urn:xmpp:chat-markers:0" id="m1"/>', 2],
  ['a marker for nothing', '<displayed xmlns="urn:xmpp:chat-markers:0" id="m9"/>', 3],
  ['a marker that names nothing', '<displayed xmlns="urn:xmpp:chat-markers:0"/>', 3],
  ['an answer', '<body>Ay me</body>', 0],
  ['a receipt (§4)', '<received xmlns="urn:xmpp:receipts" id="m3"/>', 3],
  ['that one writes', '<composing xmlns="http://jabber.org/protocol/chatstates"/>', 3],
])('%s makes read what it stands for', async (_, payload, unread) => {
  const { fixture, romeo, juliet } = await people()
  await using _fixture = fixture
  await says(juliet, 'romeo@a.test', 'm1', 'm2', 'm3')
  // Counted before and after: from the archive, and from what was kept of it.
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 3'])
  romeo.send(`<message to='juliet@a.test' type='chat' id='x1'>${payload}</message>`)
  await romeo.barrier()
  expect((await inboxOf(romeo)).entries).toEqual([`juliet ${unread}`])
})

test.concurrent('markers of others do not count, nor what speaks of another message', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  await says(juliet, 'romeo@a.test', 'm1', 'm2')
  const about = (payload: string): void =>
    juliet.send(`<message to='romeo@a.test' type='chat' id='a1'>${payload}<body>…</body></message>`)
  juliet.send("<message to='romeo@a.test' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='m2'/></message>")
  about("<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>")
  about("<reactions xmlns='urn:xmpp:reactions:0' id='m1'/>")
  await juliet.barrier()
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 2'])
  about("<retract xmlns='urn:xmpp:message-retract:1' id='m2'/>")
  await juliet.barrier()
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 1'])
  expect(JSON.stringify((await inboxOf(romeo)).said)).not.toContain('m2')
})

test.concurrent('what nobody here can read counts', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  juliet.send("<message to='romeo@a.test' type='chat'><encrypted xmlns='urn:xmpp:omemo:2'/></message>")
  await juliet.barrier()
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 1'])
})

test.concurrent('what was displayed on another device is read here (XEP-0490)', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  await says(juliet, 'romeo@a.test', 'm1', 'm2', 'm3')
  const { ids } = await archivePage(romeo, query({}))
  const displays = async (item: string, id: string, by: string): Promise<void> => {
    const displayed = `<displayed xmlns='${MDS}'><stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='${id}'/></displayed>`
    await romeo.asks(
      `<iq type='set' id='p1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${MDS}'><item id='${item}'>${displayed}</item></publish></pubsub></iq>`,
      "<iq type='result' id='p1'/>",
    )
  }
  await displays('juliet@a.test', ids[2]!, 'hall@b.test')
  await displays('@', ids[2]!, 'romeo@a.test')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 3'])
  await displays('juliet@a.test', ids[1]!, 'romeo@a.test')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 1'])
  await says(juliet, 'romeo@a.test', 'm4')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 2'])
})

test.concurrent('many unread messages are a number, and one of the last is known by its id', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  await says(juliet, 'romeo@a.test', ...Array.from({ length: 150 }, (_, at) => `m${at}`))
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 150'])
  romeo.send("<message to='juliet@a.test' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='m147'/></message>")
  await romeo.barrier()
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 2'])
})

test.concurrent('pages go by address (XEP-0059)', async () => {
  const { fixture, romeo, juliet, nurse } = await people()
  await using _ = fixture
  await says(romeo, 'tybalt@a.test', 't1')
  await says(nurse, 'romeo@a.test', 'n1')
  await says(juliet, 'romeo@a.test', 'm1')
  const names = async (inner: string) => (await inboxOf(romeo, '', set(inner))).entries.join(' ')
  expect(await names('<max>2</max>')).toBe('juliet 1 nurse 1')
  expect(await names('<max>2</max><after>nurse@a.test</after>')).toBe('tybalt 0')
  expect(await names('<max>1</max><before/>')).toBe('tybalt 0')
  expect(await names('<before>tybalt@a.test</before><max>1</max>')).toBe('nurse 1')
  expect(await names('<max>0</max>')).toBe('')
  const { fin } = await inboxOf(romeo, '', set('<max>1</max>'))
  expect(JSON.stringify(fin)).toMatch(/juliet@a.test.*juliet@a.test.*"3"/)
  for (const [inner, condition] of [
    ['<after>nobody@a.test</after>', 'item-not-found'],
    ['<index>1</index>', 'feature-not-implemented'],
  ])
    await romeo.asks(
      `<iq type='get' id='q1'><inbox xmlns='${NS}'>${set(inner!)}</inbox></iq>`,
      `<iq type='error' id='q1'><error><${condition}/></error></iq>`,
    )
})

test.concurrent('an inbox is its owner’s alone, and nobody learns which accounts there are', async () => {
  const { fixture, romeo } = await people()
  await using _ = fixture
  for (const to of ['juliet@a.test', 'nobody@a.test'])
    await romeo.asks(
      `<iq type='get' id='q1' to='${to}'><inbox xmlns='${NS}'/></iq>`,
      "<iq type='error' id='q1'><error type='auth'><forbidden/></error></iq>",
    )
})

test.concurrent('over a restart nothing is counted twice, and what was not kept is counted again', async () => {
  const disk = new MemoryDisk()
  const first = await people({ storage: memoryStorage({ disk }) })
  await says(first.juliet, 'romeo@a.test', 'm1', 'm2')
  expect((await inboxOf(first.romeo)).entries).toEqual(['juliet 2'])
  await says(first.juliet, 'romeo@a.test', 'm3')
  await first.fixture[Symbol.asyncDispose]()
  await using fixture = await startFixture({ accounts: [], storage: memoryStorage({ disk }) })
  const romeo = await fixture.login('romeo@a.test/orchard')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 3'])
})

test.concurrent('two who ask at the same time hear the same', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  const garden = await fixture.login('romeo@a.test/garden')
  await says(juliet, 'romeo@a.test', 'm1', 'm2')
  const listings = await Promise.all([inboxOf(romeo), inboxOf(garden), inboxOf(juliet)])
  expect(listings.map(({ entries }) => entries)).toEqual([['juliet 2'], ['juliet 2'], ['romeo 0']])
})

test.concurrent('conversations are bounded: those silent for longest go', async () => {
  const { fixture, romeo } = await people({ moduleOptions: { inbox: { conversations: 2 } } })
  await using _ = fixture
  for (const [index, to] of ['juliet', 'nurse', 'tybalt'].entries()) await says(romeo, `${to}@a.test`, `m${index}`)
  expect((await inboxOf(romeo)).entries).toEqual(['tybalt 0', 'nurse 0'])
  await says(romeo, 'juliet@a.test', 'm4')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 0', 'tybalt 0'])
})

test.concurrent('what retention has taken is in no inbox, and counting begins anew', async () => {
  const { fixture, romeo, juliet, nurse } = await people()
  await using _ = fixture
  await says(juliet, 'romeo@a.test', 'm1')
  expect((await inboxOf(romeo)).entries).toEqual(['juliet 1'])
  await says(nurse, 'romeo@a.test', 'n1', 'n2')
  const { storage } = fixture.server
  const trim = async (keep: number): Promise<void> => {
    // What is not on disk yet is not looked at.
    const unit = storage.unit()
    storage.table('any').put(unit, 'a.test', '', '', keep)
    await unit.commit()
    await storage.log('archive').trim('a.test', { keep, max: 10 })
  }
  await trim(1)
  expect((await inboxOf(romeo)).entries).toEqual(['nurse 1'])
  await trim(0)
  expect((await inboxOf(romeo)).entries).toEqual([])
})

test.concurrent('a removed account leaves nothing (XEP-0077 §3.2)', async () => {
  const { fixture, romeo, juliet } = await people()
  await using _ = fixture
  await says(juliet, 'romeo@a.test', 'm1')
  await inboxOf(romeo)
  const { removeAccount } = await import('../../removal.ts')
  await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
  expect(await remembered(fixture)).toEqual([])
})

async function remembered({ server }: Fixture): Promise<unknown[]> {
  return [...(await server.storage.table('inbox').list('a.test', 'romeo'))]
}
