import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'

const LAST = "<query xmlns='jabber:iq:last'/>"

test('the host says since when it runs, without words (XEP-0012 §5)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='l1' to='a.test'>${LAST}</iq>`,
    "<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='{one of 0|1|2}'/></iq>",
  )
})

test('an account with a session was active just now (§3)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  await fixture.login('juliet@a.test/balcony')
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (const to of ['', "to='juliet@a.test'"])
    await romeo.asks(
      `<iq type='get' id='l1' ${to}>${LAST}</iq>`,
      "<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='0'/></iq>",
    )
})

test('a subscriber hears since when an account is away, and its last words (§3)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await juliet.receives("<presence from='romeo@a.test/orchard'/>")
  juliet.send("<presence type='unavailable'><status>Heading home</status></presence></stream:stream>")
  await romeo.receives("<presence from='juliet@a.test/balcony'/>")
  await romeo.receives("<presence from='juliet@a.test/balcony' type='unavailable'/>")
  await fixture.quiet()
  await romeo.asks(
    `<iq type='get' id='l1' to='juliet@a.test'>${LAST}</iq>`,
    "<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='{one of 0|1|2}'>Heading home</query></iq>",
  )
})

test('it is still known after the server was stopped in order, for those who were online until then', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await startFixture({ storage })
    await fixture.befriend('romeo@a.test', 'juliet@a.test')
    await fixture.available('juliet@a.test/balcony')
    await fixture.server.stop()
    await storage.close()
  }
  await using fixture = await startFixture({ storage: memoryStorage({ disk }) })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='l1' to='juliet@a.test'>${LAST}</iq>`,
    "<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='{one of 0|1|2}'/></iq>",
  )
})

test('words that were taken back are not repeated', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const juliet = await fixture.login('juliet@a.test/balcony')
  const romeo = await fixture.login('romeo@a.test/orchard')
  juliet.send("<presence/><presence type='unavailable'><status>Gone</status></presence><presence/>")
  for (let words = 0; words < 3; words++) await juliet.find(({ name }) => name === 'presence', 'its own words')
  juliet.send('</stream:stream>')
  await juliet.receivesClose()
  await fixture.quiet()
  const answer = await romeo.asks(
    `<iq type='get' id='l1' to='juliet@a.test'>${LAST}</iq>`,
    "<iq type='result' id='l1'/>",
  )
  expect(JSON.stringify(answer)).not.toContain('Gone')
})

test('a subscriber of an account that was never online hears that there is nothing', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='l1' to='juliet@a.test'>${LAST}</iq>`,
    "<iq type='error' id='l1'><error type='cancel'><item-not-found/></error></iq>",
  )
})

test.each(['none', 'to'] as const)('a stranger hears what an account gives that does not exist: %s', async state => {
  await using fixture = await startFixture()
  await fixture.rosterItem('juliet@a.test', 'romeo@a.test', state)
  await fixture.login('juliet@a.test/balcony')
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (const to of ['juliet@a.test', 'nobody@a.test', 'juliet@a.test/balcony'])
    await romeo.asks(
      `<iq type='get' id='l1' to='${to}'>${LAST}</iq>`,
      "<iq type='error' id='l1'><error type='cancel'><service-unavailable/></error></iq>",
    )
})

test('whoever is blocked, or sees no presence, hears what it would hear of nobody', async () => {
  await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'] })
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  await fixture.rosterItem('nurse@a.test', 'romeo@a.test', 'to')
  const juliet = await fixture.login('juliet@a.test/balcony')
  await juliet.asks(
    "<iq type='set' id='b1'><block xmlns='urn:xmpp:blocking'><item jid='romeo@a.test'/></block></iq>",
    "<iq type='result' id='b1'/>",
  )
  const romeo = await fixture.login('romeo@a.test/orchard')
  const answers = new Set<string>()
  for (const name of ['juliet', 'nurse', 'nobody'])
    answers.add(
      JSON.stringify(
        await romeo.asks(
          `<iq type='get' id='l1' to='${name}@a.test'>${LAST}</iq>`,
          "<iq type='error' id='l1'><error><service-unavailable/></error></iq>",
        ),
      ).replaceAll(name, 'X'),
    )
  expect(answers.size).toBe(1)
})
