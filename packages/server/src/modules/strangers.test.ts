import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'

const options = { moduleOptions: { strangers: { per_hour: 2 } } }

function hist(from: string, id: string): string {
  return `<message from='${from}' to='romeo@a.test' type='chat' id='${id}'><body>Buy!</body></message>`
}

test('strangers of other domains are heard so often in an hour, and refused after that', async () => {
  await using fixture = await startFixture(options)
  const { afar, server } = fixture
  const romeo = await fixture.available('romeo@a.test/x')
  for (const [from, id] of [
    ['one@b.test/y', '1'],
    ['two@c.test/y', '2'],
    ['three@d.test/y', '3'],
  ] as const)
    afar.sends(hist(from, id))
  await romeo.receives(hist('one@b.test/y', '1'))
  await romeo.receives(hist('two@c.test/y', '2'))
  await fixture.quiet()
  afar.receives(
    "<message from='romeo@a.test' to='three@d.test/y' type='error' id='3'><error type='wait'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  )
  afar.sends("<presence from='four@d.test' to='romeo@a.test' type='subscribe'/>")
  await fixture.quiet()
  afar.receives("<presence from='romeo@a.test' to='four@d.test' type='error'/>")
  expect(romeo.unread).toEqual([])
  server.wheel.now += 3_600_000
  afar.sends(hist('three@d.test/y', '4'))
  await romeo.receives(hist('three@d.test/y', '4'))
})

test('contacts, rooms that were joined, answers, and whoever is of this server are no strangers', async () => {
  await using fixture = await startFixture({ moduleOptions: { strangers: { per_hour: 0 } } })
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'from')
  const romeo = await fixture.available('romeo@a.test/x')
  const juliet = await fixture.available('juliet@a.test/y')
  romeo.send("<presence to='verona@rooms.b.test/romeo'/>")
  await fixture.quiet()
  const taken = [
    hist('nurse@b.test/y', '1'),
    "<message from='verona@rooms.b.test/tybalt' to='romeo@a.test/x' type='groupchat' id='2'><body>Hist!</body></message>",
    "<message from='tybalt@c.test' to='romeo@a.test/x' type='error' id='3'><error type='cancel'/></message>",
  ]
  for (const stanza of taken) {
    afar.sends(stanza)
    await romeo.receives(stanza)
  }
  juliet.send("<message to='romeo@a.test' type='chat' id='4'><body>Hist!</body></message>")
  await romeo.receives("<message from='juliet@a.test/y' id='4'><body>Hist!</body></message>")
})

test('who is removed from the roster is a stranger again', async () => {
  await using fixture = await startFixture({ moduleOptions: { strangers: { per_hour: 0 } } })
  const { afar } = fixture
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'from')
  const romeo = await fixture.available('romeo@a.test/x')
  for (const id of ['1', '2']) {
    afar.sends(hist('nurse@b.test/y', id))
    await romeo.receives(hist('nurse@b.test/y', id))
  }
  romeo.send(
    "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='remove'/></query></iq>",
  )
  await romeo.receives("<iq type='result' id='r'/>")
  await fixture.quiet()
  afar.sends(hist('nurse@b.test/y', '3'))
  await fixture.quiet()
  expect(afar.unread.at(-1)).toMatch(/^<message .*id='3' type='error'.*<policy-violation/)
  expect(romeo.unread).toEqual([])
})
