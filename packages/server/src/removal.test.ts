import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'
import { accountRemoved, defineModule, removeAccount } from './index.ts'
import { standardModules } from './modules/index.ts'

test('contacts hear that it is over, here and elsewhere, and it is off their rosters (REG-01, XEP-0077 §3.2)', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'both')
  await fixture.rosterItem('romeo@a.test', 'friar@b.test', 'none+out')
  await fixture.rosterItem('romeo@a.test', 'paris@b.test', 'none')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await removeAccount(host, 'romeo')
  await fixture.quiet()
  await juliet.barrier()
  expect(fixture.afar.unread.map(text => text.replaceAll(/ id='[^']*'/g, ''))).toEqual(
    expect.arrayContaining([
      "<presence to='nurse@b.test' from='romeo@a.test' type='unsubscribe'/>",
      "<presence to='nurse@b.test' from='romeo@a.test' type='unsubscribed'/>",
      "<presence to='friar@b.test' from='romeo@a.test' type='unsubscribe'/>",
    ]),
  )
  expect(fixture.afar.unread.filter(text => text.includes('paris@b.test'))).toEqual([])
  const roster = await juliet.asks(
    "<iq type='get' id='q1'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq type='result' id='q1'><query xmlns='jabber:iq:roster'><item jid='romeo@a.test' subscription='none'/></query></iq>",
  )
  expect(JSON.stringify(roster)).not.toContain('"ask"')
})

test('sessions end with not-authorized, also those that could be resumed', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  const here = await fixture.available('romeo@a.test/orchard')
  const lost = await fixture.managed('romeo@a.test/piazza')
  lost.cut()
  await fixture.quiet()
  expect(fixture.server.resumable.size).toBe(1)
  await removeAccount(host, 'romeo')
  await here.receives('<stream:error><not-authorized/></stream:error>')
  await here.receivesClose()
  expect(fixture.server.resumable.size).toBe(0)
  expect([...fixture.server.sessions()]).toEqual([])
})

test('nothing of it is found by whoever has the name next', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  const { storage } = fixture.server
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  juliet.send("<message to='romeo@a.test' type='chat' id='m1'><body>Where art thou?</body></message>")
  await fixture.quiet()
  expect(await storage.spool.count('romeo@a.test')).toBe(1)
  await fixture.managed('romeo@a.test/piazza')
  await removeAccount(host, 'romeo')
  expect(await storage.spool.count('romeo@a.test')).toBe(0)
  for (const table of ['accounts', 'roster', 'roster version', 'handled', 'last activity'])
    expect([table, await storage.table(table).list('a.test', 'romeo')]).toEqual([table, []])
  await host.accounts.put('romeo', await host.accounts.derive('another'), { create: true })
  const heir = await fixture.login('romeo@a.test', 'another')
  await heir.asks(
    "<iq type='get' id='q1'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq type='result' id='q1'><query xmlns='jabber:iq:roster'>{no item}</query></iq>",
  )
  heir.send('<presence/>')
  await heir.receives('<presence/>')
  await heir.receivesNothing()
})

test('what a session never confirmed does not come back to the spool', async () => {
  await using fixture = await startFixture()
  const { server } = fixture
  const romeo = await fixture.available('romeo@a.test/orchard')
  romeo.send("<enable xmlns='urn:xmpp:sm:3'/>")
  await romeo.receives("<enabled xmlns='urn:xmpp:sm:3'/>")
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send("<message to='romeo@a.test' type='chat' id='m1'><body>Hist!</body></message>")
  await romeo.receives("<message id='m1'/>")
  await removeAccount(server.hosts.get('a.test')!, 'romeo')
  expect(await server.storage.spool.count('romeo@a.test')).toBe(0)
})

test('modules are told, while the account is gone for good', async () => {
  const told: string[] = []
  const listener = defineModule({
    name: 'listener',
    setup(host) {
      host.on(accountRemoved, 'run', ({ account }) => void told.push(account.jid.text))
    },
  })
  await using fixture = await startFixture({ modules: [...standardModules, listener] })
  const host = fixture.server.hosts.get('a.test')!
  await removeAccount(host, 'romeo')
  expect(new Set(told)).toEqual(new Set(['romeo@a.test']))
  expect(await host.accounts.exists('romeo')).toBe(false)
  expect(await host.accounts.exists('juliet')).toBe(true)
})

test.each(['nobody', ''])('there is nothing to remove: %j', async local => {
  await using fixture = await startFixture()
  await expect(removeAccount(fixture.server.hosts.get('a.test')!, local)).rejects.toMatchObject({
    condition: 'item-not-found',
  })
})

test('what a stranger does while it happens does not keep anything', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  const juliet = await fixture.login('juliet@a.test/balcony')
  await fixture.available('romeo@a.test/orchard')
  const removed = removeAccount(host, 'romeo')
  juliet.send("<message to='romeo@a.test' type='chat' id='m1'><body>Hist!</body></message>")
  await removed
  await juliet.barrier()
  expect(await fixture.server.storage.spool.count('romeo@a.test')).toBe(0)
})
