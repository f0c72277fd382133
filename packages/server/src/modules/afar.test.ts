import { expect, test } from 'vitest'
import { elementsOf } from '@tercet/testkit'
import { startFixture } from '../fixture.ts'

// RFC 6121 with a contact on another domain: the other server is told what ours would have told itself.

test('a subscription to somebody elsewhere (RFC 6121 §3.1)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  const romeo = await fixture.available('romeo@a.test/x')
  romeo.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
  await romeo.receives("<iq type='result' id='r'/>")
  romeo.send("<presence to='nurse@b.test/any' type='subscribe' id='s'/>")
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' ask='subscribe'/></query></iq>",
  )
  afar.receives("<presence from='romeo@a.test' to='nurse@b.test' type='subscribe' id='s'/>")
  afar.sends("<presence from='nurse@b.test' to='romeo@a.test' type='subscribed'/>")
  await romeo.receives("<presence from='nurse@b.test' to='romeo@a.test' type='subscribed'/>")
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='to'/></query></iq>",
  )
  afar.sends("<presence from='nurse@b.test/y' to='romeo@a.test'><show>away</show></presence>")
  await romeo.receives("<presence from='nurse@b.test/y'><show>away</show></presence>")
})

test('a request from elsewhere is granted, and what may be seen follows (§3.1.5)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  const romeo = await fixture.available('romeo@a.test/x')
  afar.sends("<presence from='nurse@b.test' to='romeo@a.test' type='subscribe'/>")
  await romeo.receives("<presence from='nurse@b.test' type='subscribe'/>")
  romeo.send("<presence to='nurse@b.test' type='subscribed'/>")
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test' to='nurse@b.test' type='subscribed'/>")
  afar.receives("<presence from='romeo@a.test/x' to='nurse@b.test'/>")
  expect(afar.unread).toEqual([])
})

test('who comes tells subscribers elsewhere and asks after contacts; who goes says so (§4.2.2, §4.3, §4.5)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'both')
  await fixture.rosterItem('romeo@a.test', 'cook@b.test', 'from')
  await fixture.rosterItem('romeo@a.test', 'page@b.test', 'to')
  const juliet = await fixture.login('juliet@a.test/y')
  const romeo = await fixture.available('romeo@a.test/x')
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test/x' to='cook@b.test'/>")
  afar.receives("<presence from='romeo@a.test/x' to='nurse@b.test'/>")
  afar.receives("<presence from='romeo@a.test' to='nurse@b.test' type='probe'/>")
  afar.receives("<presence from='romeo@a.test' to='page@b.test' type='probe'/>")
  romeo.cut()
  await juliet.barrier()
  await juliet.barrier()
  afar.receives("<presence from='romeo@a.test/x' to='cook@b.test' type='unavailable'/>")
  afar.receives("<presence from='romeo@a.test/x' to='nurse@b.test' type='unavailable'/>")
  expect(afar.unread).toEqual([])
})

test('a probe from elsewhere is answered to those who may see, and to nobody else (§4.3.2)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'from')
  await fixture.available('romeo@a.test/x')
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test/x' to='nurse@b.test'/>")
  afar.sends("<presence from='nurse@b.test' to='romeo@a.test' type='probe'/>")
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test/x' to='nurse@b.test'/>")
  afar.sends("<presence from='tybalt@b.test' to='romeo@a.test' type='probe'/>")
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test' to='tybalt@b.test' type='unsubscribed'/>")
  afar.sends("<presence from='tybalt@b.test' to='nobody@a.test' type='probe'/>")
  await fixture.quiet()
  afar.receives("<presence from='nobody@a.test' to='tybalt@b.test' type='unsubscribed'/>")
  expect(afar.unread).toEqual([])
})

test('who was told directly hears of the end as well, a room for one (§4.6.1)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  const juliet = await fixture.login('juliet@a.test/y')
  const romeo = await fixture.available('romeo@a.test/x')
  romeo.send("<presence to='verona@rooms.b.test/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
  await fixture.quiet()
  afar.receives(
    "<presence from='romeo@a.test/x' to='verona@rooms.b.test/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
  )
  afar.sends("<presence from='verona@rooms.b.test/romeo' to='romeo@a.test/x'/>")
  await romeo.receives("<presence from='verona@rooms.b.test/romeo'/>")
  afar.sends(
    "<message from='verona@rooms.b.test/benvolio' to='romeo@a.test/x' type='groupchat'><body>Hist!</body></message>",
  )
  await romeo.receives("<message from='verona@rooms.b.test/benvolio' type='groupchat'><body>Hist!</body></message>")
  romeo.cut()
  await juliet.barrier()
  await juliet.barrier()
  afar.receives("<presence from='romeo@a.test/x' to='verona@rooms.b.test/romeo' type='unavailable'/>")
})

test('removing a contact elsewhere ends both subscriptions (§2.5)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'both')
  const romeo = await fixture.login('romeo@a.test/x')
  romeo.send(
    "<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='remove'/></query></iq>",
  )
  await romeo.receives("<iq type='result' id='x'/>")
  afar.receives("<presence from='romeo@a.test' to='nurse@b.test' type='unsubscribe'/>")
  afar.receives("<presence from='romeo@a.test' to='nurse@b.test' type='unsubscribed'/>")
  expect(afar.unread).toEqual([])
})

test('a message from elsewhere waits for somebody who is away, and is told when it came', async () => {
  await using fixture = await startFixture()
  const turn = fixture.afar.sends(
    "<message from='nurse@b.test/y' to='romeo@a.test' type='chat' id='m'><body>Hist!</body></message>",
  )
  await new Promise<void>(resolve => turn.whenOver(resolve))
  const romeo = await fixture.login('romeo@a.test/x')
  romeo.send('<presence/>')
  const message = await romeo.find(({ name }) => name === 'message', 'the message')
  expect(elementsOf(message).some(({ ns }) => ns === 'urn:xmpp:delay')).toBe(true)
})

test('a stranger elsewhere learns nothing about a resource; a contact reaches it (§8.5.3.1)', async () => {
  await using fixture = await startFixture()
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'from')
  const romeo = await fixture.login('romeo@a.test/x')
  const ask = (from: string) =>
    `<iq type='get' id='q' from='${from}' to='romeo@a.test/x'><query xmlns='urn:example:q'/></iq>`
  afar.sends(ask('tybalt@b.test/z'))
  await fixture.quiet()
  afar.receives(
    "<iq type='error' id='q' to='tybalt@b.test/z'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
  )
  afar.sends(ask('nurse@b.test/y'))
  await romeo.receives("<iq type='get' id='q' from='nurse@b.test/y'><query xmlns='urn:example:q'/></iq>")
  romeo.send("<iq type='result' id='q' to='nurse@b.test/y'/>")
  await fixture.quiet()
  afar.receives("<iq type='result' id='q' from='romeo@a.test/x' to='nurse@b.test/y'/>")
})
