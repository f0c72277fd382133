import { elementsOf, type XmlElement } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../../fixture.ts'
import { child, opened, succeeds } from '../../sasl2.fixture.ts'
import { chat, MAM, page, query } from './mam.fixture.ts'

const BIND = (more: string): string => `<bind xmlns='urn:xmpp:bind:0'><tag>test</tag>${more}</bind>`
const CARBONS = "<enable xmlns='urn:xmpp:carbons:2'/>"

/** Romeo, bound by Bind 2, and what he was told. */
async function bound(fixture: Fixture, more = CARBONS): Promise<{ romeo: Client; answers: XmlElement[] }> {
  const romeo = await opened(fixture)
  const success = await succeeds(romeo, { more: BIND(more) })
  await romeo.receives('<stream:features>{any}</stream:features>')
  romeo.bound = true
  return { romeo, answers: elementsOf(child(success, 'bound')!) }
}

test('who binds hears from where to where the archive goes (XEP-0386 §3.2)', async () => {
  await using fixture = await startFixture()
  expect((await bound(fixture)).answers).toMatchObject([{ name: 'metadata', ns: MAM, children: [] }])
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (const id of ['m1', 'm2', 'm3']) juliet.send(chat('romeo@a.test', id))
  await juliet.barrier()
  const { romeo, answers } = await bound(fixture)
  const { first, last } = await page(romeo, query({}))
  expect(elementsOf(answers[0]!)).toMatchObject([
    { name: 'start', attributes: { id: first } },
    { name: 'end', attributes: { id: last } },
  ])
})

test('what has waited is in the archive, and does not come once more (§3.2)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (const id of ['m1', 'm2']) juliet.send(chat('romeo@a.test', id))
  await juliet.barrier()
  const { romeo } = await bound(fixture)
  romeo.send('<presence/>')
  await romeo.receives('<presence/>')
  await romeo.receivesNothing()
  expect((await page(romeo, query({}))).bodies).toEqual(['m1', 'm2'])
  const again = await fixture.available('romeo@a.test/orchard')
  await fixture.quiet()
  expect(again.unread.join('')).not.toContain('<message')
})

test('who asks for no carbons may know no archive, and gets what has waited', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('romeo@a.test', 'm1'))
  await juliet.barrier()
  const { romeo } = await bound(fixture, '')
  romeo.send('<presence/>')
  await romeo.find(({ attributes }) => attributes['id'] === 'm1', 'it')
})

test('what the archive does not have is delivered all the same', async () => {
  await using fixture = await startFixture()
  const before = await fixture.login('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('romeo@a.test', 'kept'))
  await juliet.barrier()
  await before.asks(
    `<iq type='set' id='p1'><prefs xmlns='${MAM}' default='never'/></iq>`,
    `<iq type='result' id='p1'><prefs xmlns='${MAM}' default='never'/></iq>`,
  )
  juliet.send(chat('romeo@a.test', 'not kept'))
  await juliet.barrier()
  const { romeo } = await bound(fixture)
  romeo.send('<presence/>')
  await romeo.find(({ attributes }) => attributes['id'] === 'not kept', 'it')
  expect(romeo.unread.join('')).not.toContain("id='kept'")
})

test('what a session holds that may come back stays with it', async () => {
  await using fixture = await startFixture()
  const phone = await fixture.login('romeo@a.test/phone')
  phone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>")
  await phone.find(({ name }) => name === 'presence', 'presence')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('romeo@a.test', 'm1'))
  await phone.find(({ attributes }) => attributes['id'] === 'm1', 'm1')
  phone.cut()
  await juliet.barrier()
  await bound(fixture)
  const [session] = [...fixture.server.sessions()].filter(({ jid }) => jid.resource === 'phone')
  expect(session!.account.owed?.size).toBe(1)
})
