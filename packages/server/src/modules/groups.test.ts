import { BareJid } from '@tercet/jid'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../fixture.ts'
import { removeAccount } from '../index.ts'
import { groups } from './groups.ts'

const names = ['romeo@a.test', 'juliet@a.test', 'nurse@a.test']
const withGroups = (configured: Record<string, string[]>): FixtureOptions => ({
  accounts: names,
  moduleOptions: { groups: configured },
})
const STAFF = withGroups({ Staff: ['romeo@a.test', 'juliet@a.test'] })

let count = 0
/** The roster as text: `jid subscription name groups`, in order. */
async function roster(client: Client, ver?: string): Promise<string[]> {
  const id = `ro-${++count}`
  const attribute = ver === undefined ? '' : ` ver='${ver}'`
  const answer = await client.asks(
    `<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'${attribute}/></iq>`,
    `<iq type='result' id='${id}'/>`,
  )
  const query = answer.children.find(child => typeof child !== 'string')
  if (!query || typeof query === 'string') return ['nothing new']
  if (query.attributes['ver'] !== undefined) client.captures.set('ver', query.attributes['ver'])
  return query.children
    .flatMap(item => (typeof item === 'string' ? [] : [item]))
    .map(({ attributes, children }) => {
      const inGroups = children.flatMap(group =>
        typeof group === 'string' ? [] : [group.children.filter(child => typeof child === 'string').join('')],
      )
      return [attributes['jid'], attributes['subscription'], attributes['name'] ?? '-', ...inGroups.sort()].join(' ')
    })
    .sort()
}

const set = (id: string, item: string): string =>
  `<iq type='set' id='${id}'><query xmlns='jabber:iq:roster'>${item}</query></iq>`

async function both(fixture: Fixture): Promise<[Client, Client]> {
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await romeo.receives("<presence from='juliet@a.test/balcony'/>")
  await juliet.receives("<presence from='romeo@a.test/orchard'/>")
  return [romeo, juliet]
}

test('members see each other on the roster and online, others see nothing of it', async () => {
  await using fixture = await startFixture(STAFF)
  const nurse = await fixture.available('nurse@a.test/x')
  const [romeo, juliet] = await both(fixture)
  expect(await roster(romeo)).toEqual(['juliet@a.test both - Staff'])
  expect(await roster(juliet)).toEqual(['romeo@a.test both - Staff'])
  expect(await roster(nurse)).toEqual([])
  await nurse.receivesNothing()
  juliet.send('</stream:stream>')
  await romeo.receives("<presence type='unavailable' from='juliet@a.test/balcony'/>")
})

test('a whole host is a member, with accounts that are made later; an account is no contact of its own', async () => {
  await using fixture = await startFixture(
    withGroups({ Everybody: ['a.test'], Some: ['romeo@a.test', 'nurse@a.test'] }),
  )
  const romeo = await fixture.login('romeo@a.test/orchard')
  expect(await roster(romeo)).toEqual(['juliet@a.test both - Everybody', 'nurse@a.test both - Everybody Some'])
  const { accounts } = fixture.server.hosts.get('a.test')!
  await accounts.put('paris', await accounts.derive('secret'), { create: true })
  expect(await roster(romeo)).toContain('paris@a.test both - Everybody')
  await removeAccount(fixture.server.hosts.get('a.test')!, 'nurse')
  expect(await roster(romeo)).not.toContain('nurse@a.test both - Everybody')
})

test('an account that is put into a group is a member from then on, until it is removed', async () => {
  await using fixture = await startFixture(STAFF)
  const host = fixture.server.hosts.get('a.test')!
  const service = host.services.get(groups)
  const romeo = await fixture.login('romeo@a.test/orchard')
  await fixture.server.work(turn => service.add('Staff', 'nurse', turn))
  expect(await roster(romeo)).toEqual(['juliet@a.test both - Staff', 'nurse@a.test both - Staff'])
  expect(await roster(await fixture.login('nurse@a.test'))).toEqual([
    'juliet@a.test both - Staff',
    'romeo@a.test both - Staff',
  ])
  await removeAccount(host, 'nurse')
  expect(await roster(romeo)).toEqual(['juliet@a.test both - Staff'])
  const nobody = fixture.server.turn()
  expect(() => service.add('Nobody', 'nurse', nobody)).toThrow('no such group')
  nobody.release()
})

test('a user may name a contact and add groups, and nothing else', async () => {
  await using fixture = await startFixture(STAFF)
  const [romeo, juliet] = await both(fixture)
  await roster(romeo)
  romeo.send(set('s1', "<item jid='juliet@a.test' name='Jule'><group>Loves</group></item>"))
  await romeo.receives(
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' name='Jule' subscription='both'><group>Staff</group><group>Loves</group></item></query></iq>",
  )
  await romeo.receives("<iq type='result' id='s1'/>")
  expect(await roster(romeo)).toEqual(['juliet@a.test both Jule Loves Staff'])
  await romeo.asks(
    set('s2', "<item jid='juliet@a.test' subscription='remove'/>"),
    "<iq type='error' id='s2'><error><not-allowed/></error></iq>",
  )
  for (const type of ['unsubscribe', 'unsubscribed', 'subscribe', 'subscribed'])
    romeo.send(`<presence type='${type}' to='juliet@a.test'/>`)
  for (let pushes = 0; pushes < 4; pushes++)
    await romeo.receives(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' name='Jule' subscription='both'/></query></iq>",
    )
  await juliet.receivesNothing()
  await romeo.receivesNothing()
  const rows = await fixture.server.storage.table('roster').list('a.test', 'romeo')
  expect(rows.map(({ value }) => value)).toEqual([{ state: 'none', name: 'Jule', groups: ['Loves'] }])
})

test('a contact of the user keeps what it was, for the day when there is no such group', async () => {
  await using fixture = await startFixture(STAFF)
  await fixture.rosterItem('romeo@a.test', 'juliet@a.test', 'to')
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(set('s1', "<item jid='juliet@a.test' name='Jule'/>"), "<iq type='result' id='s1'/>")
  expect(await roster(romeo)).toEqual(['juliet@a.test both Jule Staff'])
  const rows = await fixture.server.storage.table('roster').list('a.test', 'romeo')
  expect(rows.map(({ value }) => value)).toEqual([{ state: 'to', name: 'Jule', listed: true }])
})

test('a roster that is known is not sent again before its groups change (RFC 6121 §2.6)', async () => {
  await using fixture = await startFixture(STAFF)
  const romeo = await fixture.login('romeo@a.test/orchard')
  expect(await roster(romeo, '')).toEqual(['juliet@a.test both - Staff'])
  const ver = romeo.captures.get('ver')!
  expect(await roster(romeo, ver)).toEqual(['nothing new'])
  const service = fixture.server.hosts.get('a.test')!.services.get(groups)
  await fixture.server.work(turn => service.add('Staff', 'nurse', turn))
  expect(await roster(romeo, ver)).toHaveLength(2)
})

test('a contact on another server is granted what it asks for, and what it takes back changes nothing', async () => {
  await using fixture = await startFixture(withGroups({ Staff: ['romeo@a.test', 'friar@b.test'] }))
  const romeo = await fixture.available('romeo@a.test/orchard')
  await fixture.quiet()
  fixture.afar.receives("<presence from='romeo@a.test/orchard' to='friar@b.test'/>")
  fixture.afar.receives("<presence type='probe' from='romeo@a.test' to='friar@b.test'/>")
  for (const type of ['subscribe', 'unsubscribed'])
    fixture.afar.sends(`<presence type='${type}' from='friar@b.test' to='romeo@a.test'/>`)
  await fixture.quiet()
  fixture.afar.receives("<presence type='subscribed' from='romeo@a.test' to='friar@b.test'/>")
  expect(fixture.afar.unread).toEqual([])
  await romeo.receivesNothing()
  expect(await roster(romeo)).toEqual(['friar@b.test both - Staff'])
})

test.each([
  ['not a list', { Staff: 'romeo@a.test' }],
  ['not an address', { Staff: ['@'] }],
  ['a group without a name', { '': ['romeo@a.test'] }],
])('options that do not fit are refused: %s', async (_, configured) => {
  await expect(startFixture({ moduleOptions: { groups: configured } })).rejects.toThrow('modules.groups')
})

test('who is in a group is asked for by its address', async () => {
  await using fixture = await startFixture(STAFF)
  const service = fixture.server.hosts.get('a.test')!.services.get(groups)
  const of = (a: string, b: string) => service.groupsOf(BareJid.parse(a), BareJid.parse(b))
  expect(await of('romeo@a.test', 'juliet@a.test')).toEqual(['Staff'])
  expect(await of('romeo@a.test', 'romeo@a.test')).toEqual([])
  expect(await of('romeo@a.test', 'nurse@a.test')).toEqual([])
})
