import { elementsOf, textOf } from '@tercet/testkit'
import { memoryStorage } from '@tercet/storage/memory'
import { describe, expect, test } from 'vitest'
import type { ClientRow } from '../clients.ts'
import { startFixture, type Client, type Fixture } from '../fixture.ts'
import { AGENT, BIND, child, fails, opened, OTHER_AGENT, succeeds, tokenOf, type Login } from '../sasl2.fixture.ts'

const EXPR = 'HT-SHA-256-EXPR'
const NONE = 'HT-SHA-256-NONE'

function shows(token: string, more = '', mechanism = EXPR): Login {
  return { token: { mechanism, token }, agent: AGENT, more }
}

async function rows({ server }: Fixture): Promise<ClientRow[]> {
  return (await server.storage.table<ClientRow>('clients').list('a.test', 'romeo')).map(({ value }) => value)
}

/** Changes what is stored of the only client. */
async function edit({ server }: Fixture, change: (row: ClientRow) => ClientRow): Promise<void> {
  const table = server.storage.table<ClientRow>('clients')
  const [row] = await table.list('a.test', 'romeo')
  const unit = server.storage.unit()
  table.put(unit, 'a.test', 'romeo', row!.key, change(row!.value))
  // The password is older than everything else.
  const accounts = server.storage.table<{ changedAt: number }>('accounts')
  const account = await accounts.get('a.test', 'romeo', 'credentials')
  accounts.put(unit, 'a.test', 'romeo', 'credentials', { ...account!.value, changedAt: 0 })
  await unit.commit()
}

const aged = (ms: number) => (row: ClientRow) => ({
  ...row,
  tokens: row.tokens.map(token => ({ ...token, issuedAt: token.issuedAt - ms, expiresAt: token.expiresAt - ms })),
})

describe('FAST (XEP-0484)', () => {
  test('a token logs in, binds in the same answer, and no new one comes (§3.4)', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    const success = await succeeds(
      await opened(fixture, 'romeo@a.test'),
      shows(token, `<fast xmlns='urn:xmpp:fast:0' count='1'/>${BIND}`),
    )
    expect(textOf(child(success, 'authorization-identifier')!)).toMatch(/^romeo@a\.test\/test\//)
    expect(child(success, 'token')).toBeUndefined()
    // Again and again, and nothing is written for it.
    const table = fixture.server.storage.table('clients')
    const before = (await table.get('a.test', 'romeo', AGENT))!.version
    await succeeds(await opened(fixture), shows(token))
    expect((await table.get('a.test', 'romeo', AGENT))!.version).toBe(before)
  })

  test('it outlives the server, and is not what is stored', async () => {
    const storage = memoryStorage()
    let token: string
    {
      await using fixture = await startFixture({ storage })
      token = await tokenOf(fixture)
      expect(token).toMatch(/^[\w-]{66}$/)
      expect(JSON.stringify(await rows(fixture))).not.toContain(token)
    }
    // The accounts are there already.
    await using fixture = await startFixture({ storage, accounts: [] })
    await succeeds(await opened(fixture), shows(token))
  })

  test('its end is told, about a month ahead (§3.3)', async () => {
    await using fixture = await startFixture()
    const more = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${EXPR}'/>`
    const success = await succeeds(await opened(fixture), { agent: AGENT, more })
    const days = (Date.parse(child(success, 'token')!.attributes['expiry']!) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29)
    expect(days).toBeLessThan(31)
  })

  test.each<[string, (token: string) => Login]>([
    ['another client', token => ({ ...shows(token), agent: OTHER_AGENT })],
    ['another account', token => ({ ...shows(token), username: 'juliet' })],
    ['nobody', token => ({ ...shows(token), username: 'nobody' })],
    ['another mechanism', token => shows(token, '', NONE)],
    ['a mistake in it', token => shows(token.slice(1))],
  ])('FAST-01: it is of no use for %s (§3.4, §4.1)', async (_, login) => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    expect(await fails(await opened(fixture), login(token))).toBe('not-authorized')
  })

  test('a client that does not say which one it is has no token (§4.1)', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    expect(await fails(await opened(fixture), { ...shows(token), agent: undefined })).toBe('invalid-mechanism')
    const more = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${EXPR}'/>`
    expect(child(await succeeds(await opened(fixture), { more }), 'token')).toBeUndefined()
  })

  test('a token for a mechanism that has none is not given', async () => {
    await using fixture = await startFixture()
    const more = "<request-token xmlns='urn:xmpp:fast:0' mechanism='PLAIN'/>"
    expect(child(await succeeds(await opened(fixture), { agent: AGENT, more }), 'token')).toBeUndefined()
  })

  test('FAST-01: an expired one is told so, and a password still does (§4.2)', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    await edit(fixture, aged(31 * 86_400_000))
    const client = await opened(fixture)
    expect(await fails(client, shows(token))).toBe('credentials-expired')
    await succeeds(client, { agent: AGENT })
  })

  test('FAST-01: a token is replaced when it is old, and both do until the new one is used (§3.5)', async () => {
    await using fixture = await startFixture()
    const first = await tokenOf(fixture)
    await edit(fixture, aged(25 * 3_600_000))
    const second = child(await succeeds(await opened(fixture), shows(first)), 'token')!.attributes['token']!
    // The answer may have been lost: the old one does, and brings a third in place of the second.
    const third = child(await succeeds(await opened(fixture), shows(first)), 'token')!.attributes['token']!
    expect(await fails(await opened(fixture), shows(second))).toBe('credentials-expired')
    await succeeds(await opened(fixture), shows(third))
    expect(await fails(await opened(fixture), shows(first))).toBe('credentials-expired')
    await succeeds(await opened(fixture), shows(third))
  })

  test('FAST-01: a token that is given back is of no use at once (§3.6)', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    const more = "<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>"
    expect(child(await succeeds(await opened(fixture), shows(token, more)), 'token')).toBeUndefined()
    expect(await fails(await opened(fixture), shows(token))).toBe('credentials-expired')
  })

  test('a new password ends all tokens', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    const { accounts } = fixture.server.hosts.get('a.test')!
    await accounts.put('romeo', await accounts.derive('new'), { create: false })
    expect(await fails(await opened(fixture), shows(token))).toBe('credentials-expired')
  })

  test('an account keeps so many clients, and forgets the one that was seen longest ago', async () => {
    await using fixture = await startFixture({ moduleOptions: { clients: { per_account: 2 } } })
    const id = (number: number) => AGENT.replace(/^2/, String(number))
    const tokens: string[] = []
    for (const number of [1, 2, 3]) tokens.push(await tokenOf(fixture, EXPR, { agent: id(number) }))
    expect(await rows(fixture)).toHaveLength(2)
    expect(await fails(await opened(fixture), { ...shows(tokens[0]!), agent: id(1) })).toBe('not-authorized')
    await succeeds(await opened(fixture), { ...shows(tokens[2]!), agent: id(3) })
  })

  test('nothing is left of a removed account', async () => {
    await using fixture = await startFixture()
    await tokenOf(fixture)
    const client = await opened(fixture)
    await succeeds(client, { agent: AGENT, more: BIND })
    await client.receives('<stream:features>{any}</stream:features>')
    client.send("<iq type='set' id='r1'><query xmlns='jabber:iq:register'><remove/></query></iq>")
    await client.find(({ name }) => name === 'iq', 'the answer')
    await expect.poll(() => rows(fixture)).toEqual([])
  })
})

describe('who has access (XEP-0494)', () => {
  async function bound(fixture: Fixture, login: Login): Promise<Client> {
    const client = await opened(fixture)
    await succeeds(client, { ...login, more: (login.more ?? '') + BIND })
    await client.receives('<stream:features>{any}</stream:features>')
    return client
  }

  async function list(client: Client) {
    const result = await client.asks(
      "<iq type='get' id='l1'><list xmlns='urn:xmpp:cam:0'/></iq>",
      "<iq type='result' id='l1'/>",
    )
    return elementsOf(elementsOf(result)[0]!).map(one => ({
      id: one.attributes['id']!,
      connected: one.attributes['connected'],
      auth: elementsOf(child(one, 'auth')!).map(({ name }) => name),
      software: child(one, 'user-agent') && textOf(elementsOf(child(one, 'user-agent')!)[0]!),
    }))
  }

  test('clients are listed with what they have shown; their identifiers are not', async () => {
    await using fixture = await startFixture()
    await tokenOf(fixture)
    const client = await bound(fixture, { agent: OTHER_AGENT })
    const legacy = await fixture.login('romeo@a.test/old')
    const found = await list(client)
    expect(found.map(({ connected, auth, software }) => ({ connected, auth, software }))).toEqual(
      expect.arrayContaining([
        { connected: 'false', auth: ['password', 'fast'], software: 'Tester' },
        { connected: 'true', auth: ['password'], software: 'Tester' },
        { connected: 'true', auth: ['password'], software: undefined },
      ]),
    )
    expect(JSON.stringify(found)).not.toContain(AGENT)
    const juliet = await fixture.login('juliet@a.test/x')
    expect(await list(juliet)).toHaveLength(1)
    expect(legacy.closed).toBe(false)
  })

  test('a client that knows the password is kept out by a new one only (§3.2)', async () => {
    await using fixture = await startFixture()
    const client = await bound(fixture, { agent: AGENT })
    const id = (await list(client))[0]!.id
    await client.asks(
      `<iq type='set' id='r1'><revoke xmlns='urn:xmpp:cam:0' id='${id}'/></iq>`,
      "<iq type='error' id='r1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><password-reset-required xmlns='urn:xmpp:cam:0'/></error></iq>",
    )
    await client.asks(
      "<iq type='set' id='r2'><revoke xmlns='urn:xmpp:cam:0' id='x'/></iq>",
      "<iq type='error' id='r2'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
  })

  test('a client that has a token alone is out at once, with its session', async () => {
    await using fixture = await startFixture()
    const token = await tokenOf(fixture)
    await edit(fixture, row => ({ ...row, passwordAt: undefined }))
    const lost = await bound(fixture, shows(token))
    const client = await bound(fixture, { agent: OTHER_AGENT })
    const id = (await rows(fixture)).find(({ passwordAt }) => passwordAt === undefined)!.id
    await client.asks(
      `<iq type='set' id='r1'><revoke xmlns='urn:xmpp:cam:0' id='${id}'/></iq>`,
      "<iq type='result' id='r1'/>",
    )
    await lost.receives("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
    expect(await fails(await opened(fixture), shows(token))).toBe('not-authorized')
  })
})
