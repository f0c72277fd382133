import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'

const roster = "<iq type='get' id='ro'><query xmlns='jabber:iq:roster'/></iq>"

test('a request is answered, pushed and followed by presence, in this order (RFC 6121 §3.1.5, §3.1.6)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await romeo.asks(roster, "<iq type='result' id='ro'/>")
  await juliet.asks(roster, "<iq type='result' id='ro'/>")
  romeo.send("<presence type='subscribe' to='juliet@a.test'/>")
  await juliet.receives("<presence type='subscribe' from='romeo@a.test'/>")
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' subscription='none' ask='subscribe'/></query></iq>",
  )
  juliet.send("<presence type='subscribed' to='romeo@a.test'/>")
  await juliet.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@a.test' subscription='from'/></query></iq>",
  )
  await romeo.receives("<presence type='subscribed' from='juliet@a.test'/>")
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' subscription='to'/></query></iq>",
  )
  await romeo.receives("<presence from='juliet@a.test/balcony'/>")
})

test('that a contact asks is not shown, and changes nothing that is (RFC 6121 §A.1)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await romeo.asks(roster, "<iq type='result' id='ro'/>")
  romeo.send("<presence type='subscribe' to='juliet@a.test'/>")
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' ask='subscribe'/></query></iq>",
  )
  juliet.send("<presence type='subscribe' to='romeo@a.test'/>")
  await romeo.receives("<presence type='subscribe' from='juliet@a.test'/>")
  await romeo.receivesNothing()
})

test('nothing of a change is told before it is on disk, and nothing at all if it cannot be', async () => {
  const { memoryStorage } = await import('@tercet/storage/memory')
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.available('romeo@a.test/orchard')
  await romeo.asks(roster, "<iq type='result' id='ro'/>")
  storage.failCommits('full')
  const set = "<iq type='set' id='s1'><query xmlns='jabber:iq:roster'><item jid='nurse@a.test'/></query></iq>"
  await romeo.asks(set, "<iq type='error' id='s1'><error type='wait'><resource-constraint/></error></iq>")
  storage.failCommits(undefined)
  const answer = await romeo.asks(roster, "<iq type='result' id='ro'/>")
  expect(JSON.stringify(answer)).not.toContain('nurse')
})
