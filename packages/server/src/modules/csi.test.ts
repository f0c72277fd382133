import { memoryStorage } from '@tercet/storage/memory'
import { Element } from '@tercet/xml'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../fixture.ts'

const NS = "xmlns='urn:xmpp:csi:0'"
const SM = "xmlns='urn:xmpp:sm:3'"
const STATES = "xmlns='http://jabber.org/protocol/chatstates'"

const from = (who: string, inner: string): string => `<message from='${who}' to='juliet@a.test/b' ${inner}`
const chat = (id: string): string => from('x@b.test/r', `type='chat' id='${id}'><body>${id}</body></message>`)
const state = (name: string, who = 'x@b.test/r'): string => from(who, `type='chat'><${name} ${STATES}/></message>`)
const presence = (who: string, show: string): string =>
  `<presence from='${who}' to='juliet@a.test/b'><show>${show}</show></presence>`

/** Juliet, whose client is in a pocket. */
async function inactive(fixture: Fixture): Promise<Client> {
  const juliet = await fixture.available('juliet@a.test/b')
  juliet.send(`<inactive ${NS}/>`)
  await juliet.barrier()
  return juliet
}

/** Without a word of Juliet's: an answer would be urgent. */
async function settled(fixture: Fixture): Promise<void> {
  const romeo = await fixture.login('romeo@a.test')
  await romeo.barrier()
}

test('it is a stream feature of authenticated streams (§4.1)', async () => {
  await using fixture = await startFixture()
  const juliet = fixture.connect()
  expect(JSON.stringify(await juliet.open('juliet@a.test'))).not.toContain('urn:xmpp:csi:0')
  expect(JSON.stringify(await juliet.authenticate('juliet@a.test'))).toContain('urn:xmpp:csi:0')
})

test('a client is active until it says otherwise (§4.2)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/b')
  fixture.afar.sends(presence('x@b.test/r', 'away'))
  await juliet.receives(presence('x@b.test/r', 'away'))
})

test('what can wait does until the client is active, in order, the latest of each', async () => {
  await using fixture = await startFixture()
  const juliet = await inactive(fixture)
  for (const xml of [
    presence('x@b.test/r', 'away'),
    presence('y@b.test/r', 'dnd'),
    state('composing'),
    state('composing', 'y@b.test/r'),
    presence('x@b.test/r', 'xa'),
    state('paused'),
  ])
    fixture.afar.sends(xml)
  await settled(fixture)
  expect(juliet.unread).toEqual([])
  juliet.send(`<active ${NS}/><iq type='get' id='after'><ping xmlns='urn:xmpp:ping'/></iq>`)
  await juliet.receives(presence('y@b.test/r', 'dnd'))
  await juliet.receives(state('composing', 'y@b.test/r'))
  await juliet.receives(presence('x@b.test/r', 'xa'))
  await juliet.receives(state('paused'))
  // §5: all of it before the next request is answered.
  await juliet.receives("<iq type='result' id='after'/>")
  fixture.afar.sends(presence('x@b.test/r', 'chat'))
  await juliet.receives(presence('x@b.test/r', 'chat'))
})

test('what is urgent comes at once, after all that waited; who has written is not writing any more', async () => {
  await using fixture = await startFixture()
  const juliet = await inactive(fixture)
  for (const xml of [presence('x@b.test/r', 'away'), state('composing'), state('composing', 'y@b.test/r'), chat('m1')])
    fixture.afar.sends(xml)
  await juliet.receives(presence('x@b.test/r', 'away'))
  await juliet.receives(state('composing', 'y@b.test/r'))
  await juliet.receives("<message id='m1'>{any}</message>")
  // It is still inactive.
  fixture.afar.sends(presence('x@b.test/r', 'dnd'))
  await settled(fixture)
  expect(juliet.unread).toEqual([])
})

test.each([
  ['stanzas', { queue_stanzas: 3 }],
  ['characters', { queue_characters: 230 }],
])('when too many %s wait all of them are sent', async (_, options) => {
  await using fixture = await startFixture({ moduleOptions: { csi: options } })
  const juliet = await inactive(fixture)
  for (const who of ['1', '2', '3', '4']) fixture.afar.sends(presence(`${who}@b.test/r`, 'away'))
  for (const who of ['1', '2', '3']) await juliet.receives(presence(`${who}@b.test/r`, 'away'))
  await settled(fixture)
  expect(juliet.unread).toEqual([])
})

test('receipts wait, none is lost: what the server answers for goes to the next session when this one ends', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.login('romeo@a.test/o')
  romeo.send(`<enable ${SM}/>`)
  await romeo.receives(`<enabled ${SM}/>`)
  romeo.filter = element => element.name === 'r' || element.name === 'a'
  const juliet = await inactive(fixture)
  const receipt = (id: string): string =>
    `<message to='juliet@a.test/b' type='chat' id='r${id}'><received xmlns='urn:xmpp:receipts' id='${id}'/></message>`
  romeo.send(receipt('1') + receipt('2'))
  await romeo.barrier()
  expect(juliet.unread).toEqual([])
  juliet.cut()
  const later = await fixture.login('juliet@a.test/c')
  later.send('<presence/>')
  await later.find(({ attributes }) => attributes['id'] === 'r1', 'the first receipt')
  await later.find(({ attributes }) => attributes['id'] === 'r2', 'the second receipt')
})

test('a count speaks of what was sent alone; a resumed stream is active and gets what waited (§5.2)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/b')
  juliet.send(`<enable ${SM} resume='true'/>`)
  await juliet.receives(`<enabled ${SM} id='{id=any}'/>`)
  juliet.filter = element => element.name === 'r'
  juliet.send(`<presence/><inactive ${NS}/><r ${SM}/>`)
  await juliet.receives("<presence from='juliet@a.test/b'/>")
  await juliet.receives(`<a ${SM} h='1'/>`)
  fixture.afar.sends(presence('x@b.test/r', 'away'))
  await settled(fixture)
  const [session] = [...fixture.server.sessions()].filter(({ jid }) => jid.local === 'juliet')
  expect(session!.outbox.sent!.sent).toBe(1)
  juliet.cut()
  fixture.afar.sends(presence('x@b.test/r', 'dnd'))
  const again = fixture.connect()
  await again.open('juliet@a.test')
  await again.authenticate('juliet@a.test')
  again.send(`<resume ${SM} previd='${juliet.captures.get('id')!}' h='1'/>`)
  again.filter = element => element.name === 'r'
  await again.receives(`<resumed ${SM} h='1'/>`)
  await again.receives(presence('x@b.test/r', 'dnd'))
  fixture.afar.sends(presence('x@b.test/r', 'chat'))
  await again.receives(presence('x@b.test/r', 'chat'))
})

test.each([
  ['inactive', true],
  ['active', false],
])('a client may say while it binds that it is %s (XEP-0386 §3.2)', async (name, holding) => {
  await using fixture = await startFixture()
  await fixture.login('juliet@a.test/b')
  const [session] = [...fixture.server.sessions()]
  const inline = session!.host.inlineFeatures.find(({ ns }) => ns === 'urn:xmpp:csi:0')
  expect(
    await inline!.bound(session!, new Element(name, 'urn:xmpp:csi:0'), new Element('bind', 'urn:xmpp:bind:0')),
  ).toBeUndefined()
  expect(session!.outgoing.holding).toBe(holding)
})

test('an unknown state ends the stream', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/b')
  juliet.send(`<asleep ${NS}/>`)
  await juliet.receives(
    "<stream:error><unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{any}</stream:error>",
  )
})

test('what waits for the disk does not wait for the client: it leaves in its place, after what waited', async () => {
  await using fixture = await startFixture()
  const juliet = await inactive(fixture)
  fixture.afar.sends(presence('x@b.test/r', 'away'))
  fixture.afar.sends("<presence from='y@b.test' to='juliet@a.test' type='subscribe'/>")
  await juliet.receives(presence('x@b.test/r', 'away'))
  await juliet.receives("<presence from='y@b.test' type='subscribe'>{any}</presence>")
})
