import { type } from 'node:os'
import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'

const PING = "<ping xmlns='urn:xmpp:ping'/>"
const refusal = (id: string): string =>
  `<iq type='error' id='${id}'><error type='cancel'><service-unavailable/></error></iq>`

test.each([
  ['the host', "to='a.test'"],
  ['the own account', ''],
  ['the own account by its address', "to='romeo@a.test'"],
])('a ping of %s is answered (XEP-0199 §4)', async (_, to) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(`<iq type='get' id='p1' ${to}>${PING}</iq>`, "<iq type='result' id='p1'>{no ping}</iq>")
})

test('a ping of an account is answered to who may know of it, others learn nothing (XEP-0199 §4.2)', async () => {
  await using fixture = await startFixture()
  await fixture.rosterItem('juliet@a.test', 'romeo@a.test', 'from')
  const romeo = await fixture.login('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await romeo.asks(
    `<iq type='get' id='p1' to='juliet@a.test'>${PING}</iq>`,
    "<iq type='result' id='p1' from='juliet@a.test'/>",
  )
  await juliet.asks(`<iq type='get' id='p2' to='romeo@a.test'>${PING}</iq>`, refusal('p2'))
  await juliet.asks(`<iq type='get' id='p3' to='nobody@a.test'>${PING}</iq>`, refusal('p3'))
  await romeo.asks(`<iq type='set' id='p4' to='a.test'>${PING}</iq>`, refusal('p4'))
  await juliet.receivesNothing()
})

test('the host tells its software, and its operating system only if that is set (XEP-0092 §6)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    "<iq type='get' id='v1' to='a.test'><query xmlns='jabber:iq:version'/></iq>",
    "<iq type='result' id='v1'><query xmlns='jabber:iq:version'><name>Tercet</name><version>{any}</version>{no os}</query></iq>",
  )
  await romeo.asks("<iq type='get' id='v2'><query xmlns='jabber:iq:version'/></iq>", refusal('v2'))
})

test('an operator may say another name', async () => {
  await using fixture = await startFixture({
    moduleOptions: { version: { name: 'Verona', version: '1597', show_os: true } },
  })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    "<iq type='get' id='v1' to='a.test'><query xmlns='jabber:iq:version'/></iq>",
    `<iq type='result' id='v1'><query xmlns='jabber:iq:version'><name>Verona</name><version>1597</version><os>${type()}</os></query></iq>`,
  )
})

test('the host tells its time (XEP-0202 §2)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const before = Date.now()
  await romeo.asks(
    "<iq type='get' id='t1' to='a.test'><time xmlns='urn:xmpp:time'/></iq>",
    "<iq type='result' id='t1'><time xmlns='urn:xmpp:time'><tzo>{tzo=any}</tzo><utc>{utc=any}</utc></time></iq>",
  )
  expect(romeo.captures.get('tzo')).toMatch(/^[+-]\d\d:\d\d$/)
  expect(romeo.captures.get('utc')).toMatch(/Z$/)
  const utc = Date.parse(romeo.captures.get('utc')!)
  expect(utc).toBeGreaterThanOrEqual(before - 1000)
  expect(utc).toBeLessThanOrEqual(Date.now())
  await romeo.asks("<iq type='get' id='t2' to='romeo@a.test'><time xmlns='urn:xmpp:time'/></iq>", refusal('t2'))
})

test.each([
  ['the host', "to='a.test'"],
  ['nobody', ''],
])('the session of old clients is made already, asked of %s (BIND-04)', async (_, to) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='set' id='s1' ${to}><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>`,
    "<iq type='result' id='s1'>{no session}</iq>",
  )
  await romeo.asks(
    `<iq type='get' id='s2' ${to}><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>`,
    refusal('s2'),
  )
})
