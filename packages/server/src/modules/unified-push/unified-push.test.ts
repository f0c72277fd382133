import { elementsOf } from '@tercet/testkit'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startFixture, type Client, type Fixture, type FixtureOptions } from '../../fixture.ts'
import { removeAccount } from '../../removal.ts'
import { AGENT, BIND, opened, OTHER_AGENT, succeeds } from '../../sasl2.fixture.ts'

const NS = "xmlns='http://gultsch.de/xmpp/drafts/unified-push'"
const APP = Buffer.alloc(32, 1).toString('base64')
const USE = Buffer.alloc(32, 2).toString('base64')
const ERROR = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

let fixture: Fixture
async function start(unified_push: object = {}, more: FixtureOptions = {}): Promise<void> {
  fixture = await startFixture({ moduleOptions: { unified_push }, ...more })
  fixture.server.webAddress = domain => `https://${domain}`
}
beforeEach(() => start())
afterEach(async () => {
  vi.useRealTimers()
  await fixture[Symbol.asyncDispose]()
})

const names = (application = APP, instance = USE): string => `application='${application}' instance='${instance}'`
const http = (url: string, init: RequestInit = {}): Promise<Response> =>
  fixture.server.respond(new Request(url, init), { address: '192.0.2.1', encrypted: true })
const post = (url: string, body: BodyInit = 'Hist!'): Promise<Response> => http(url, { method: 'POST', body })

/** Registers, and gives the endpoint. */
async function register(client: Client, attributes = names()): Promise<string> {
  const result = await client.asks(
    `<iq type='set' id='r' to='a.test'><register ${NS} ${attributes}/></iq>`,
    `<iq type='result' id='r'><registered ${NS} endpoint='{endpoint=any}' expiration='{any}'/></iq>`,
  )
  return elementsOf(result)[0]!.attributes['endpoint']!
}

/** Takes a push, and says this to it. */
async function takes(client: Client, data: string, error = ''): Promise<void> {
  await client.receives(`<iq type='set' id='{id=any}' from='a.test'><push ${NS} ${names()}>${data}</push></iq>`)
  client.send(
    `<iq type='${error === '' ? 'result' : 'error'}' id='${client.captures.get('id')!}' to='a.test'>${error}</iq>`,
  )
}

test('what comes to an endpoint is given to the client that asked for it (RFC 8030 §5)', async () => {
  const romeo = await fixture.available('romeo@a.test/phone')
  const endpoint = await register(romeo)
  expect(endpoint).toMatch(/^https:\/\/a\.test\/push\/[\w-]{43}$/)
  const response = post(endpoint, Buffer.from([0, 255, 1]))
  await takes(romeo, 'AP8B')
  expect((await response).status).toBe(201)
  expect((await response).headers.get('ttl')).toBe('0')
  expect((await response).headers.get('access-control-allow-origin')).toBe('*')
})

test('who asks what it is hears that it is a push server', async () => {
  const romeo = await fixture.available('romeo@a.test/phone')
  const response = await http(await register(romeo))
  expect(await response.json()).toEqual({ unifiedpush: { version: 1 } })
  await romeo.asks(
    "<iq type='get' id='i' to='a.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    `<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://gultsch.de/xmpp/drafts/unified-push'/></query></iq>`,
  )
})

test('an endpoint stays the same when it is renewed, and leads to the client that renewed it', async () => {
  const phone = await fixture.available('romeo@a.test/phone')
  const endpoint = await register(phone)
  expect(await register(phone, names(APP, Buffer.alloc(32, 3).toString('base64')))).not.toBe(endpoint)
  const tablet = await fixture.login('romeo@a.test/tablet')
  expect(await register(tablet)).toBe(endpoint)
  const response = post(endpoint)
  await takes(tablet, 'SGlzdCE=')
  expect((await response).status).toBe(201)
})

test('an endpoint follows its client to a session with another resource (XEP-0386 §3.2)', async () => {
  const again = async (agent: string): Promise<Client> => {
    const client = await opened(fixture)
    await succeeds(client, { agent, more: BIND })
    await client.receives('<stream:features>{any}</stream:features>')
    return client
  }
  const endpoint = await register(await again(AGENT))
  await again(OTHER_AGENT)
  // It takes the place of the session that it had.
  const phone = await again(AGENT)
  const response = post(endpoint)
  await takes(phone, 'SGlzdCE=')
  expect((await response).status).toBe(201)
})

test.each(['item-not-found', 'feature-not-implemented'])(
  'an app that is gone (%s) ends its endpoint',
  async condition => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const endpoint = await register(romeo)
    const response = post(endpoint)
    await takes(romeo, 'SGlzdCE=', `<error type='cancel'><${condition} ${ERROR}/></error>`)
    expect((await response).status).toBe(404)
    expect((await post(endpoint)).status).toBe(404)
  },
)

test('another error passes', async () => {
  const romeo = await fixture.available('romeo@a.test/phone')
  const endpoint = await register(romeo)
  const response = post(endpoint)
  await takes(romeo, 'SGlzdCE=', `<error type='cancel'><service-unavailable ${ERROR}/></error>`)
  expect((await response).status).toBe(503)
  const again = post(endpoint)
  await takes(romeo, 'SGlzdCE=')
  expect((await again).status).toBe(201)
})

describe('a client that does not answer', () => {
  test('is away when it has left', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const endpoint = await register(romeo)
    romeo.send('</stream:stream>')
    await romeo.receivesClose()
    expect((await post(endpoint)).status).toBe(503)
  })

  test('gets it when its link is back (XEP-0198)', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    await romeo.manage()
    romeo.filter = ({ name }) => name === 'r'
    const endpoint = await register(romeo)
    romeo.cut()
    await vi.waitFor(() => expect([...fixture.server.sessions()][0]!.attached).toBe(false))
    expect((await post(endpoint)).status).toBe(201)
    const again = fixture.connect()
    await again.open('romeo@a.test')
    await again.authenticate('romeo@a.test')
    again.filter = element => element.name === 'r'
    again.send(`<resume xmlns='urn:xmpp:sm:3' previd='${romeo.captures.get('sm')!}' h='1'/>`)
    await again.receives("<resumed xmlns='urn:xmpp:sm:3'/>")
    await again.find(({ name }) => name === 'iq', 'the push')
  })

  test('is waited for so long and no longer', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const response = post(await register(romeo))
    await romeo.receives(`<iq type='set'><push ${NS}>{any}</push></iq>`)
    const { wheel } = fixture.server
    wheel.tick(wheel.now + 11_000)
    expect((await response).status).toBe(503)
  })

  test('nobody answers for it', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const juliet = await fixture.available('juliet@a.test/balcony')
    const response = post(await register(romeo))
    await romeo.receives(`<iq type='set' id='{id=any}'><push ${NS}>{any}</push></iq>`)
    const id = romeo.captures.get('id')!
    juliet.send(`<iq type='error' id='${id}' to='a.test'><error type='cancel'><item-not-found ${ERROR}/></error></iq>`)
    await fixture.quiet()
    romeo.send(`<iq type='result' id='${id}' to='a.test'/>`)
    expect((await response).status).toBe(201)
  })
})

describe('refused', () => {
  test.each([
    ['names that are none', names('x'), 'bad-request'],
    ['names of another length', names(Buffer.alloc(31).toString('base64')), 'bad-request'],
    ['no names', '', 'bad-request'],
  ])('%s', async (_, attributes, condition) => {
    const romeo = await fixture.login('romeo@a.test/phone')
    await romeo.asks(
      `<iq type='set' id='r' to='a.test'><register ${NS} ${attributes}/></iq>`,
      `<iq type='error' id='r'><error><${condition}/></error></iq>`,
    )
  })

  test('accounts of other servers', async () => {
    fixture.afar.sends(`<iq type='set' id='r' from='mercutio@b.test/x' to='a.test'><register ${NS} ${names()}/></iq>`)
    await fixture.quiet()
    await vi.waitFor(() => expect(fixture.afar.unread[0]).toContain('<forbidden '))
  })

  test('where nobody listens for HTTP', async () => {
    fixture.server.webAddress = () => undefined
    const romeo = await fixture.login('romeo@a.test/phone')
    await romeo.asks(
      `<iq type='set' id='r' to='a.test'><register ${NS} ${names()}/></iq>`,
      `<iq type='error' id='r'><error><service-unavailable/></error></iq>`,
    )
  })

  test('endpoints without end', async () => {
    await fixture[Symbol.asyncDispose]()
    await start({ max_endpoints: 1 })
    const romeo = await fixture.login('romeo@a.test/phone')
    await register(romeo)
    await romeo.asks(
      `<iq type='set' id='r' to='a.test'><register ${NS} ${names(USE)}/></iq>`,
      `<iq type='error' id='r'><error type='wait'><resource-constraint/></error></iq>`,
    )
    await register(romeo)
  })

  test.each([
    ['too much', 'x'.repeat(4097), 413],
    ['nothing', '', 400],
  ])('%s', async (_, body, status) => {
    const romeo = await fixture.login('romeo@a.test/phone')
    expect((await post(await register(romeo), body)).status).toBe(status)
    await romeo.receivesNothing()
  })

  test('more than an hour takes', async () => {
    await fixture[Symbol.asyncDispose]()
    await start({ per_hour: 1 })
    const romeo = await fixture.available('romeo@a.test/phone')
    const endpoint = await register(romeo)
    const first = post(endpoint)
    await takes(romeo, 'SGlzdCE=')
    expect((await first).status).toBe(201)
    const second = await post(endpoint)
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '3600'])
  })

  test('an address that nobody was given', async () => {
    expect((await post(`https://a.test/push/${'x'.repeat(43)}`)).status).toBe(404)
    expect((await http('https://a.test/push/x')).status).toBe(404)
  })
})

describe('nothing is left', () => {
  const left = async (): Promise<string[]> => {
    const owners: string[] = []
    for (const table of ['unified push', 'unified push owners'])
      for await (const owner of fixture.server.storage.table(table).owners('a.test')) owners.push(owner)
    return owners
  }

  test('of an endpoint whose time is over', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const endpoint = await register(romeo)
    vi.useFakeTimers({ now: Date.now() + 14 * 86_400_000 + 1, toFake: ['Date'] })
    expect((await post(endpoint)).status).toBe(404)
    const { wheel } = fixture.server
    wheel.tick(wheel.now + 3_610_000)
    await vi.waitFor(async () => expect(await left()).toEqual([]))
  })

  test('of an account that was removed', async () => {
    const romeo = await fixture.available('romeo@a.test/phone')
    const endpoint = await register(romeo)
    await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
    expect((await post(endpoint)).status).toBe(404)
    expect(await left()).toEqual([])
  })
})
