import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { describe, expect, test } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../fixture.ts'
import { removeAccount } from '../index.ts'
import { invites, type InviteOptions } from './invites.ts'

const HOUR_MS = 3_600_000

async function make(fixture: Fixture, options: Partial<InviteOptions> = {}): Promise<string> {
  const service = fixture.server.hosts.get('a.test')!.services.get(invites)
  const turn = fixture.server.turn()
  try {
    const { token } = await service.create({ account: true, ...options }, turn)
    return token
  } finally {
    turn.release()
    await new Promise<void>(resolve => turn.whenDecided(resolve))
  }
}

async function stranger(fixture: Fixture): Promise<Client> {
  const client = fixture.connect()
  await client.open('somebody@a.test')
  return client
}

const preauth = (id: string, token: string): string =>
  `<iq type='set' id='${id}' to='a.test'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></iq>`
const register = (id: string, name: string, password = 'secret'): string =>
  `<iq type='set' id='${id}'><query xmlns='jabber:iq:register'><username>${name}</username><password>${password}</password></query></iq>`
const ok = (id: string): string => `<iq type='result' id='${id}'/>`
const refused = (id: string, condition: string): string =>
  `<iq type='error' id='${id}'><error><${condition}/></error></iq>`

/** Presents a token. */
async function invited(fixture: Fixture, token: string): Promise<Client> {
  const client = await stranger(fixture)
  await client.asks(preauth('pa', token), ok('pa'))
  return client
}

describe('an account by invitation (XEP-0445)', () => {
  test('where registration is closed, a token lets one register, once', async () => {
    await using fixture = await startFixture()
    const token = await make(fixture)
    const client = await stranger(fixture)
    const features = JSON.stringify(client.features)
    expect(features).toContain('urn:xmpp:ibr-token:0')
    expect(features).not.toContain('iq-register')
    await client.asks(register('r1', 'mercutio'), refused('r1', 'service-unavailable'))
    await client.asks(preauth('pa', token), ok('pa'))
    await client.asks(
      "<iq type='get' id='r2'><query xmlns='jabber:iq:register'/></iq>",
      "<iq type='result' id='r2'><query xmlns='jabber:iq:register'><username/><password/></query></iq>",
    )
    // What does not become an account does not use it up (§4).
    await client.asks(register('r3', 'romeo'), refused('r3', 'conflict'))
    await client.asks(register('r4', 'mercutio'), ok('r4'))
    await fixture.login('mercutio@a.test', 'secret')
    const late = await stranger(fixture)
    await late.asks(preauth('pa', token), refused('pa', 'item-not-found'))
    await late.asks(register('r5', 'tybalt'), refused('r5', 'service-unavailable'))
  })

  test('two who present it at the same time make one account', async () => {
    await using fixture = await startFixture()
    const token = await make(fixture)
    const clients = [await invited(fixture, token), await invited(fixture, token)]
    await clients[0]!.asks(register('r1', 'one'), ok('r1'))
    await clients[1]!.asks(register('r1', 'two'), refused('r1', 'not-acceptable'))
  })

  test('as many as it says may use it', async () => {
    await using fixture = await startFixture()
    const token = await make(fixture, { uses: 2 })
    for (const name of ['one', 'two']) await (await invited(fixture, token)).asks(register('r1', name), ok('r1'))
    await (await stranger(fixture)).asks(preauth('pa', token), refused('pa', 'item-not-found'))
  })

  test.each([
    ['a token that was never made', 'x'.repeat(22)],
    ['none', ''],
    ['one without end', 'x'.repeat(5000)],
  ])('%s opens nothing', async (_, token) => {
    await using fixture = await startFixture()
    await make(fixture)
    await (await stranger(fixture)).asks(preauth('pa', token), refused('pa', 'item-not-found'))
  })

  test('one that has expired opens nothing, but whoever presented it in time goes on (§4)', async () => {
    await using fixture = await startFixture()
    const short = await make(fixture, { lifetimeMs: -1 })
    await (await stranger(fixture)).asks(preauth('pa', short), refused('pa', 'item-not-found'))
    const service = fixture.server.hosts.get('a.test')!.services.get(invites)
    const before = Date.now
    try {
      const client = await invited(fixture, await make(fixture, { lifetimeMs: HOUR_MS }))
      Date.now = () => before() + 2 * HOUR_MS
      await client.asks(register('r1', 'mercutio'), ok('r1'))
      expect(await service.list()).toEqual([])
    } finally {
      Date.now = before
    }
  })

  test('a name that is kept for somebody is nobody else’s (§5)', async () => {
    await using fixture = await startFixture({ moduleOptions: { register: { open: true } } })
    const token = await make(fixture, { username: 'mercutio' })
    await (await stranger(fixture)).asks(register('r1', 'mercutio'), refused('r1', 'conflict'))
    await expect(make(fixture, { username: 'mercutio' })).rejects.toMatchObject({ condition: 'conflict' })
    const client = await invited(fixture, token)
    await client.asks(
      "<iq type='get' id='r2'><query xmlns='jabber:iq:register'/></iq>",
      "<iq type='result' id='r2'><query xmlns='jabber:iq:register'><username>mercutio</username></query></iq>",
    )
    await client.asks(register('r3', 'tybalt'), refused('r3', 'not-acceptable'))
    await client.asks(register('r4', 'mercutio'), ok('r4'))
  })

  test('the inviter and the account are contacts at once, and the group has one more', async () => {
    const options: FixtureOptions = { moduleOptions: { groups: { Friends: [] } } }
    await using fixture = await startFixture(options)
    const romeo = await fixture.available('romeo@a.test/orchard')
    const roster = "<iq type='get' id='ro'><query xmlns='jabber:iq:roster'/></iq>"
    await romeo.asks(roster, "<iq type='result' id='ro'/>")
    await (
      await invited(fixture, await make(fixture, { inviter: 'romeo', group: 'Friends' }))
    ).asks(register('r1', 'mercutio'), ok('r1'))
    await romeo.receives(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='mercutio@a.test' subscription='both'/></query></iq>",
    )
    const mercutio = await fixture.login('mercutio@a.test/street', 'secret')
    await mercutio.asks(
      roster,
      "<iq type='result' id='ro'><query xmlns='jabber:iq:roster'><item jid='romeo@a.test' subscription='both'/></query></iq>",
    )
    mercutio.send('<presence/>')
    await romeo.receives("<presence from='mercutio@a.test/street'/>")
    expect(await fixture.server.storage.table('group members').list('a.test', 'Friends')).toHaveLength(1)
  })

  test('what cannot be stored makes nothing and spends nothing', async () => {
    const storage = memoryStorage()
    await using fixture = await startFixture({ storage })
    const token = await make(fixture, { inviter: 'romeo' })
    const client = await invited(fixture, token)
    storage.failCommits('full')
    await client.asks(register('r1', 'mercutio'), refused('r1', 'resource-constraint'))
    storage.failCommits(undefined)
    expect(await fixture.server.hosts.get('a.test')!.accounts.exists('mercutio')).toBe(false)
    await client.asks(register('r2', 'mercutio'), ok('r2'))
  })

  test('it outlives a restart, and what is on disk holds no token', async () => {
    const disk = new MemoryDisk()
    let token: string
    {
      const storage = memoryStorage({ disk })
      const fixture = await startFixture({ storage })
      token = await make(fixture)
      const rows = await storage.table('invites').list('a.test', '')
      expect(JSON.stringify(rows)).not.toContain(token)
      await fixture.server.stop()
      await storage.close()
    }
    await using fixture = await startFixture({ storage: memoryStorage({ disk }) })
    await (await invited(fixture, token)).asks(register('r1', 'mercutio'), ok('r1'))
  })

  test('it ends with the account that made it, and by being taken back', async () => {
    await using fixture = await startFixture()
    const host = fixture.server.hosts.get('a.test')!
    const [one, two] = [await make(fixture, { inviter: 'romeo' }), await make(fixture)]
    const service = host.services.get(invites)
    await removeAccount(host, 'romeo')
    const [left] = await service.list()
    await fixture.server.work(turn => service.revoke(left!, turn))
    for (const token of [one, two])
      await (await stranger(fixture)).asks(preauth('pa', token), refused('pa', 'item-not-found'))
  })

  test('that of a server without accounts ends with the first account', async () => {
    await using fixture = await startFixture({ accounts: [] })
    const [one, two] = [await make(fixture, { first: true }), await make(fixture, { first: true })]
    await (await invited(fixture, one)).asks(register('r1', 'mercutio'), ok('r1'))
    await (await stranger(fixture)).asks(preauth('pa', two), refused('pa', 'item-not-found'))
  })
})

describe('commands (XEP-0401)', () => {
  const run = (id: string, node: string, inner = '', attributes = ''): string =>
    `<iq type='set' id='${id}' to='a.test'><command xmlns='http://jabber.org/protocol/commands' node='${node}' ${attributes}>${inner}</command></iq>`
  const done = (id: string, uri: string): string =>
    `<iq type='result' id='${id}'><command xmlns='http://jabber.org/protocol/commands' status='completed'><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:invite#invitation</value></field><field var='uri'><value>${uri}</value></field><field var='landing-url'><value>{page=any}</value></field><field var='expire'><value>{expire=any}</value></field></x></command></iq>`

  test('a user invites to be a contact; with an account where the operator allows it', async () => {
    for (const [users, suffix] of [
      ['contacts', ''],
      ['accounts', ';ibr=y'],
    ] as const) {
      await using fixture = await startFixture({ moduleOptions: { invites: { users } } })
      fixture.server.hosts.get('a.test')!.services.get(invites).page = token => `https://a.test/invite/${token}`
      const romeo = await fixture.login('romeo@a.test/orchard')
      await romeo.asks(run('c1', 'urn:xmpp:invite#invite'), done('c1', '{uri=any}'))
      const token = romeo.captures.get('page')!.slice('https://a.test/invite/'.length)
      expect(token).toMatch(/^[\w-]{22}$/)
      expect(romeo.captures.get('uri')).toBe(`xmpp:romeo@a.test?roster;preauth=${token}${suffix}`)
      const days = (Date.parse(romeo.captures.get('expire')!) - Date.now()) / 86_400_000
      expect(days).toBeGreaterThan(6.9)
      expect(days).toBeLessThan(7.1)
      const client = await stranger(fixture)
      await client.asks(preauth('pa', token), users === 'accounts' ? ok('pa') : refused('pa', 'item-not-found'))
    }
  })

  test('nobody invites where that is not wanted; accounts are for operators', async () => {
    await using fixture = await startFixture({ moduleOptions: { invites: { users: 'nothing' } } })
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(run('c1', 'urn:xmpp:invite#invite'), refused('c1', 'forbidden'))
    await romeo.asks(run('c2', 'urn:xmpp:invite#create-account'), refused('c2', 'forbidden'))
  })

  test('a user makes as many as are allowed', async () => {
    for (const bound of [{ max_open: 1 }, { per_hour: 1 }]) {
      await using fixture = await startFixture({ moduleOptions: { invites: bound } })
      const romeo = await fixture.login('romeo@a.test/orchard')
      await romeo.asks(run('c1', 'urn:xmpp:invite#invite'), "<iq type='result' id='c1'/>")
      await romeo.asks(run('c2', 'urn:xmpp:invite#invite'), refused('c2', 'resource-constraint'))
    }
  })

  test('an operator invites to an account, with a name of its own or not', async () => {
    await using fixture = await startFixture({ moduleOptions: { commands: { admins: ['romeo@a.test'] } } })
    fixture.server.hosts.get('a.test')!.services.get(invites).page = token => token
    const romeo = await fixture.login('romeo@a.test/orchard')
    const form = (username: string, befriend = '0'): string =>
      `<x xmlns='jabber:x:data' type='submit'><field var='username'><value>${username}</value></field><field var='roster-subscription'><value>${befriend}</value></field></x>`
    const fill = async (id: string, filled: string, answer: string): Promise<void> => {
      await romeo.asks(
        run(`${id}a`, 'urn:xmpp:invite#create-account'),
        `<iq type='result' id='${id}a'><command xmlns='http://jabber.org/protocol/commands' sessionid='{sid=any}' status='executing'/></iq>`,
      )
      await romeo.asks(
        run(id, 'urn:xmpp:invite#create-account', filled, `sessionid='${romeo.captures.get('sid')!}'`),
        answer,
      )
    }
    await fill('c1', form('Mercutio'), done('c1', '{uri=any}'))
    expect(romeo.captures.get('uri')).toBe(`xmpp:mercutio@a.test?register;preauth=${romeo.captures.get('page')!}`)
    await fill('c2', form(''), done('c2', '{uri=any}'))
    expect(romeo.captures.get('uri')).toBe(`xmpp:a.test?register;preauth=${romeo.captures.get('page')!}`)
    await fill('c3', form('', '1'), done('c3', '{uri=any}'))
    expect(romeo.captures.get('uri')).toBe(`xmpp:romeo@a.test?roster;preauth=${romeo.captures.get('page')!};ibr=y`)
    await fill('c4', form('juliet'), refused('c4', 'conflict'))
    await fill('c5', form('m r'), refused('c5', 'bad-request'))
  })
})

describe('a contact by invitation (XEP-0379)', () => {
  const ask = (token: string): string =>
    `<presence type='subscribe' from='nurse@b.test' to='romeo@a.test'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`

  test('is granted what it asks for without a question, and asked in turn (§3.5)', async () => {
    await using fixture = await startFixture()
    const token = await make(fixture, { inviter: 'romeo', account: false })
    const romeo = await fixture.available('romeo@a.test/orchard')
    await romeo.asks("<iq type='get' id='ro'><query xmlns='jabber:iq:roster'/></iq>", "<iq type='result' id='ro'/>")
    fixture.afar.sends(ask(token))
    await fixture.quiet()
    fixture.afar.receives("<presence type='subscribed' from='romeo@a.test' to='nurse@b.test'/>")
    fixture.afar.receives("<presence from='romeo@a.test/orchard' to='nurse@b.test'/>")
    fixture.afar.receives("<presence type='subscribe' from='romeo@a.test' to='nurse@b.test'/>")
    await romeo.receives(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='from'/></query></iq>",
    )
    await romeo.receives(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='from' ask='subscribe'/></query></iq>",
    )
    await romeo.receivesNothing()
    // It was for one.
    fixture.afar.sends(ask(token).replace('nurse@b.test', 'friar@b.test'))
    await romeo.receives("<presence type='subscribe' from='friar@b.test'/>")
  })

  test.each([
    ['of somebody else', { inviter: 'juliet' }],
    ['of the operator', {}],
    ['that has expired', { inviter: 'romeo', lifetimeMs: -1 }],
  ])('a token %s is a question like any other', async (_, options) => {
    await using fixture = await startFixture()
    const token = await make(fixture, { account: false, ...options })
    const romeo = await fixture.available('romeo@a.test/orchard')
    fixture.afar.sends(ask(token))
    await romeo.receives("<presence type='subscribe' from='nurse@b.test'/>")
    await fixture.quiet()
    expect(fixture.afar.unread).toEqual([])
  })
})
