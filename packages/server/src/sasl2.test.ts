import { elementsOf, textOf } from '@tercet/testkit'
import { describe, expect, test } from 'vitest'
import { PASSWORD, startFixture } from './fixture.ts'
import {
  AGENT,
  agent,
  BIND,
  child,
  fails,
  mechanismsOf,
  NS,
  opened,
  openStream,
  OTHER_AGENT,
  succeeds,
} from './sasl2.fixture.ts'
import { bindable } from './tls.fixture.ts'

const plain = Buffer.from(`\0romeo\0${PASSWORD}`).toString('base64')

describe('the offer (XEP-0388 §2.1)', () => {
  test('has the mechanisms of the other profile, what can be had inline, and a version', async () => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    const features = client.features!
    expect(mechanismsOf(features, NS)).toEqual(mechanismsOf(features, 'urn:ietf:params:xml:ns:xmpp-sasl'))
    const inline = child(child(features, 'authentication')!, 'inline')!
    expect(elementsOf(inline).map(({ name, ns }) => `${name} ${ns}`)).toEqual([
      'sm urn:xmpp:sm:3',
      'bind urn:xmpp:bind:0',
      'fast urn:xmpp:fast:0',
    ])
    const bind = elementsOf(child(child(inline, 'bind')!, 'inline')!).map(({ attributes }) => attributes['var'])
    expect(bind).toContain('urn:xmpp:sm:3')
    expect(elementsOf(child(inline, 'fast')!).map(textOf)).toEqual(['HT-SHA-256-EXPR', 'HT-SHA-256-NONE'])
    expect(child(inline, 'fast')!.attributes).toEqual({})
    expect(elementsOf(features).filter(({ name }) => name === 'sasl-channel-binding')).toHaveLength(1)
  })

  test('is there within TLS alone, and refused without (§3)', async () => {
    await using fixture = await startFixture()
    const client = fixture.connect()
    await client.open('a.test')
    expect(child(client.features!, 'authentication')).toBeUndefined()
    client.send(
      `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response>${plain}</initial-response></authenticate>`,
    )
    await client.receives(
      `<failure xmlns='${NS}'><encryption-required xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`,
    )
  })

  test('is the same for everybody who is known and for who is not', async () => {
    await using fixture = await startFixture()
    const list = async (from?: string) => child((await opened(fixture, from)).features!, 'authentication')
    expect(await list('romeo@a.test')).toEqual(await list())
    expect(await list('nobody@a.test')).toEqual(await list())
  })
})

describe('authentication (XEP-0388 §2)', () => {
  test('succeeds without a new stream, and binding follows if it was not asked for', async () => {
    await using fixture = await startFixture()
    const client = await opened(fixture, 'romeo@a.test')
    const success = await succeeds(client)
    expect(textOf(child(success, 'authorization-identifier')!)).toBe('romeo@a.test')
    const features = await client.receives('<stream:features>{any}</stream:features>')
    expect(child(features, 'authentication')).toBeUndefined()
    expect(child(features, 'mechanisms')).toBeUndefined()
    await client.bind('romeo@a.test/orchard')
    expect(client.jid).toBe('romeo@a.test/orchard')
  })

  test.each([
    ['a wrong password', { password: 'wrong' }, 'not-authorized'],
    ['nobody', { username: 'nobody' }, 'not-authorized'],
    ['an identifier that is no UUID', { agent: 'phone' }, 'malformed-request'],
    ['one of version 1', { agent: '6ba7b810-9dad-11d1-80b4-00c04fd430c8' }, 'malformed-request'],
  ])('%s fails, asks for nothing, and the stream goes on (§2.6.2)', async (_, login, condition) => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    expect(await fails(client, { ...login, more: BIND })).toBe(condition)
    expect([...fixture.server.sessions()]).toEqual([])
    await succeeds(client, { more: BIND })
  })

  test.each([
    ['an unknown mechanism', `<authenticate xmlns='${NS}' mechanism='X'/>`, 'invalid-mechanism'],
    ['none', `<authenticate xmlns='${NS}'/>`, 'invalid-mechanism'],
    ['a token without saying so', `<authenticate xmlns='${NS}' mechanism='HT-SHA-256-EXPR'/>`, 'invalid-mechanism'],
    [
      'what is no base64',
      `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response>!</initial-response></authenticate>`,
      'incorrect-encoding',
    ],
    [
      'an equals sign, which has no meaning here',
      `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response>=</initial-response></authenticate>`,
      'incorrect-encoding',
    ],
    [
      'an empty message, which is one',
      `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response/></authenticate>`,
      'malformed-request',
    ],
    ['a response to nothing', `<response xmlns='${NS}'/>`, 'malformed-request'],
  ])('%s fails (§2.2, §2.3)', async (_, xml, condition) => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    client.send(xml)
    await client.receives(`<failure xmlns='${NS}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`)
  })

  test('without a first message the mechanism is asked for, and can be given up (§2.5, §4.5)', async () => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    client.send(`<authenticate xmlns='${NS}' mechanism='PLAIN'/>`)
    await client.receives(`<challenge xmlns='${NS}'>{no child}</challenge>`)
    client.send(`<abort xmlns='${NS}'/>`)
    await client.receives(`<failure xmlns='${NS}'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`)
    client.send(`<authenticate xmlns='${NS}' mechanism='PLAIN'/>`)
    await client.receives(`<challenge xmlns='${NS}'/>`)
    client.send(`<response xmlns='${NS}'>${plain}</response>`)
    await client.receives(
      `<success xmlns='${NS}'><authorization-identifier>romeo@a.test</authorization-identifier></success>`,
    )
  })

  test.each([
    "<presence xmlns='jabber:client'/>",
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>`,
    `<authenticate xmlns='${NS}' mechanism='PLAIN'/>`,
  ])('anything else during an exchange ends the stream: %s (§2.4)', async xml => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    client.send(`<authenticate xmlns='${NS}' mechanism='PLAIN'/>`)
    await client.receives(`<challenge xmlns='${NS}'/>`)
    client.send(xml)
    await client.receives(
      "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    )
  })

  test.each([
    ['before binding', '', 'policy-violation'],
    ['after it', BIND, 'unsupported-stanza-type'],
  ])('a second authentication %s ends the stream (§4.8)', async (_, more, condition) => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    await succeeds(client, { more })
    await client.receives('<stream:features>{any}</stream:features>')
    client.send(`<authenticate xmlns='${NS}' mechanism='PLAIN'/>`)
    await client.receives(`<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`)
  })

  test.each([
    ['as oneself', 'romeo@a.test', 'romeo@a.test', 'success'],
    ['as oneself on a stream of nobody', undefined, 'romeo@a.test', 'success'],
    ['as oneself on a stream of somebody else', 'juliet@a.test', 'romeo@a.test', 'failure'],
    ['as somebody else', 'juliet@a.test', 'juliet@a.test', 'failure'],
    ['as nobody in particular on a stream of somebody else', 'juliet@a.test', '', 'success'],
  ])('acting %s (§2.3)', async (_, from, authzid, answer) => {
    await using fixture = await startFixture()
    const client = await opened(fixture, from)
    const data = Buffer.from(`${authzid}\0romeo\0${PASSWORD}`).toString('base64')
    client.send(
      `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response>${data}</initial-response></authenticate>`,
    )
    expect((await client.next()).name).toBe(answer)
  })

  test('too many guesses end the stream, and count like those of the other profile (RFC 6120 §6.4.5)', async () => {
    await using fixture = await startFixture({ limits: { loginFailures: 2 } })
    const client = await opened(fixture)
    await fails(client, { password: 'wrong' })
    client.send(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from('\0romeo\0wrong').toString('base64')}</auth>`,
    )
    await client.receives("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
    await client.receives(
      "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    )
  })
})

describe('in one flight (XEP-0509)', () => {
  const header = `<stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
  const request = (version: string) =>
    `<authenticate xmlns='${NS}' mechanism='PLAIN'><initial-response>${plain}</initial-response>${agent(AGENT)}${BIND}` +
    `<config-version xmlns='urn:xmpp:iap:0' scheme='opaque' value='${version}'/></authenticate>`

  test('a client that knows the version does not wait for the features', async () => {
    await using fixture = await startFixture()
    const version = child((await opened(fixture)).features!, 'config-version')!.attributes['value']!
    const client = fixture.connect({ tls: bindable })
    client.send(header + request(version))
    await client.receives('<stream:features>{any}</stream:features>')
    const success = await client.receives(`<success xmlns='${NS}'><bound xmlns='urn:xmpp:bind:0'/></success>`)
    expect(textOf(child(success, 'authorization-identifier')!)).toMatch(/^romeo@a\.test\/test\/.{12}$/)
  })

  test('another version is refused without prejudice, and the client tries again', async () => {
    await using fixture = await startFixture({ limits: { loginFailures: 1 } })
    const client = await opened(fixture)
    client.send(request('old'))
    await client.receives(
      `<failure xmlns='${NS}'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><config-version-mismatch xmlns='urn:xmpp:iap:0'/></failure>`,
    )
    await succeeds(client)
  })

  test('the version changes with the offer', async () => {
    const versions = new Set<string>()
    for (const host of [{}, { anonymous: true }]) {
      await using fixture = await startFixture({ host })
      versions.add(child((await opened(fixture)).features!, 'config-version')!.attributes['value']!)
    }
    expect(versions.size).toBe(2)
  })
})

describe('Bind 2 (XEP-0386 §3.2)', () => {
  test('binds a resource with the tag, and the session is there', async () => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    const success = await succeeds(client, { agent: AGENT, more: BIND })
    const jid = textOf(child(success, 'authorization-identifier')!)
    expect(jid).toMatch(/^romeo@a\.test\/test\/.{12}$/)
    expect(jid).not.toContain(AGENT.slice(0, 8))
    const features = await client.receives('<stream:features>{any}</stream:features>')
    expect(child(features, 'bind')).toBeUndefined()
    client.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>")
    await client.receives(`<iq type='result' id='p1' to='${jid}'/>`)
  })

  test.each(['', 'x'.repeat(65), '\u200b'])('a tag that is no part of an address is left out: %j', async tag => {
    await using fixture = await startFixture()
    const success = await succeeds(await opened(fixture), {
      more: `<bind xmlns='urn:xmpp:bind:0'><tag>${tag}</tag></bind>`,
    })
    expect(textOf(child(success, 'authorization-identifier')!)).toMatch(/^romeo@a\.test\/.{12}$/)
  })

  test('a client that comes back has one session, and others stay', async () => {
    await using fixture = await startFixture()
    const first = await opened(fixture)
    await succeeds(first, { agent: AGENT, more: BIND })
    await first.receives('<stream:features>{any}</stream:features>')
    await succeeds(await opened(fixture), { agent: OTHER_AGENT, more: BIND })
    await succeeds(await opened(fixture), { agent: AGENT, more: BIND })
    await first.receives("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
    expect([...fixture.server.sessions()]).toHaveLength(2)
  })

  test('stream management begins with the session (XEP-0198 §9.1)', async () => {
    await using fixture = await startFixture()
    const client = await opened(fixture)
    const bind = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
    const success = await succeeds(client, { more: bind })
    const enabled = elementsOf(child(success, 'bound')!)[0]!
    expect(enabled).toMatchObject({ name: 'enabled', ns: 'urn:xmpp:sm:3', attributes: { resume: 'true' } })
    // COMPAT(xmpp.js 0.14): what is offered it enables, once more if need be.
    const features = await client.find(({ name }) => name === 'features', 'features')
    expect(elementsOf(features).filter(({ ns }) => ns === 'urn:xmpp:sm:3')).toEqual([])
    client.send("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>")
    await client.find(({ name, attributes }) => name === 'a' && attributes['h'] === '1', 'h=1')
  })

  test('carbons begin with the session (XEP-0280)', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.available('romeo@a.test/orchard')
    const client = await opened(fixture)
    const bind = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:carbons:2'/></bind>"
    const bound = elementsOf(child(await succeeds(client, { more: bind }), 'bound')!)
    expect(bound.filter(({ ns }) => ns === 'urn:xmpp:carbons:2')).toEqual([])
    await client.receives('<stream:features>{any}</stream:features>')
    romeo.send("<message to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message>")
    await client.receives("<message from='romeo@a.test'><sent xmlns='urn:xmpp:carbons:2'>{any}</sent></message>")
  })

  test('where there are too many sessions the stream ends with the reason', async () => {
    await using fixture = await startFixture({ limits: { sessionsPerAccount: 1 } })
    await succeeds(await opened(fixture), { more: BIND })
    const client = await opened(fixture)
    await expect(succeeds(client, { more: BIND })).rejects.toThrow('resource-constraint')
  })
})

describe('resuming inline (XEP-0198 §9.2)', () => {
  const enable = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"

  test('goes on where the lost stream ended: no features, no new resource', async () => {
    await using fixture = await startFixture()
    const first = await opened(fixture)
    const success = await succeeds(first, { more: enable })
    const id = elementsOf(child(success, 'bound')!)[0]!.attributes['id']!
    const jid = textOf(child(success, 'authorization-identifier')!)
    first.cut()
    const juliet = await fixture.available('juliet@a.test/balcony')
    juliet.send(`<message to='${jid}' type='chat' id='m1'><body>Hist!</body></message>`)
    await juliet.receivesNothing()
    const second = await opened(fixture)
    const resumed = await succeeds(second, { more: `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>${enable}` })
    expect(textOf(child(resumed, 'authorization-identifier')!)).toBe(jid)
    expect(child(resumed, 'resumed')).toMatchObject({ attributes: { previd: id, h: '0' } })
    expect(child(resumed, 'bound')).toBeUndefined()
    await second.receives("<message id='m1'/>")
    expect([...fixture.server.sessions()]).toHaveLength(2)
  })

  test.each([
    ['of nobody', "previd='x' h='0'", 'item-not-found'],
    ['that is malformed', "previd='x'", 'bad-request'],
  ])('a session %s cannot be resumed, and a new one is bound (XEP-0386 §3.2)', async (_, attributes, condition) => {
    await using fixture = await startFixture()
    const more = `<resume xmlns='urn:xmpp:sm:3' ${attributes}/>${enable}`
    const success = await succeeds(await opened(fixture), { more })
    expect(elementsOf(child(success, 'failed')!)[0]!.name).toBe(condition)
    expect(child(success, 'bound')).toBeDefined()
  })

  test('the session of another account is as good as none', async () => {
    await using fixture = await startFixture()
    const first = await opened(fixture)
    const id = elementsOf(child(await succeeds(first, { more: enable }), 'bound')!)[0]!.attributes['id']!
    const juliet = await opened(fixture)
    const success = await succeeds(juliet, {
      username: 'juliet',
      more: `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`,
    })
    expect(elementsOf(child(success, 'failed')!)[0]!.name).toBe('item-not-found')
    // Nothing else was asked for.
    expect(textOf(child(success, 'authorization-identifier')!)).toBe('juliet@a.test')
  })
})

test('the other profile is as it was, on the same stream', async () => {
  await using fixture = await startFixture()
  const client = await opened(fixture)
  await fails(client, { password: 'wrong' })
  client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
  await client.receives("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
  const features = await openStream(client)
  expect(child(features, 'authentication')).toBeUndefined()
  client.send(`<authenticate xmlns='${NS}' mechanism='PLAIN'/>`)
  await client.receives("<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
})
