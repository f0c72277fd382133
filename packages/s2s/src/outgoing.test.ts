import { describe, expect, test } from 'vitest'
import { memoryStorage } from '@tercet/storage/memory'
import type { Work } from './ports.ts'
import { Network, type Home, type HomeOptions, type Stranger } from './network.fixture.ts'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const SM = 'urn:xmpp:sm:3'
const STREAM_ERROR = 'urn:ietf:params:xml:ns:xmpp-streams'
const STARTTLS = `<stream:features><starttls xmlns='${NS_TLS}'/></stream:features>`
const EXTERNAL = `<mechanisms xmlns='${NS_SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>`

function hist(id: string, more = ''): string {
  return `<message from='romeo@a.test/x' to='juliet@b.test' type='chat' id='${id}'><body>Hist!</body>${more}</message>`
}

function bounced(id: string, condition: string): string {
  return `<message from='juliet@b.test' to='romeo@a.test/x' type='error' id='${id}'><error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
}

/** a.test is a gateway, b.test is played by the test. */
function start(options: HomeOptions = {}) {
  const network = new Network()
  const b = network.server('b.test')
  return { network, b, a: network.home('a.test', options) }
}

/** Plays b.test up to the features after TLS. */
async function encrypted(
  stranger: Stranger,
  features: string,
  certificate: string | undefined = 'b.test',
): Promise<void> {
  expect((await stranger.opened()).attrs).toEqual([
    'from',
    'a.test',
    'to',
    'b.test',
    'version',
    '1.0',
    'xml:lang',
    'en',
  ])
  stranger.answers("from='b.test' to='a.test' id='before'")
  stranger.send(STARTTLS)
  await stranger.receives(`<starttls xmlns='${NS_TLS}'/>`)
  stranger.send(`<proceed xmlns='${NS_TLS}'/>`)
  await stranger.upgrade('server', certificate)
  await stranger.opened()
  stranger.answers("from='b.test' to='a.test' id='after'")
  stranger.send(`<stream:features>${features}</stream:features>`)
}

/** Plays b.test until stanzas may come. */
async function ready(
  stranger: Stranger,
  { sm = false, more = '' }: { sm?: boolean; more?: string } = {},
): Promise<void> {
  await encrypted(stranger, EXTERNAL)
  await stranger.receives(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>YS50ZXN0</auth>`)
  stranger.restarts()
  stranger.send(`<success xmlns='${NS_SASL}'/>`)
  await stranger.opened()
  stranger.answers("from='b.test' to='a.test' id='proven'")
  stranger.send(`<stream:features>${sm ? `<sm xmlns='${SM}'/>` : ''}${more}</stream:features>`)
  if (!sm) return
  await stranger.receives(`<enable xmlns='${SM}'/>`)
  stranger.send(`<enabled xmlns='${SM}'/>`)
}

/** `domain` connects to a.test, shows its certificate, and has heard what is offered. */
async function calling(network: Network, domain = 'b.test'): Promise<Stranger> {
  const stranger = network.stranger('a.test', { certificate: domain })
  stranger.opens(`from='${domain}' to='a.test'`)
  await stranger.opened()
  await stranger.next('features')
  return stranger
}

/** And proves itself, as its certificate is worth a key (XEP-0344). */
async function proves(stranger: Stranger, domain = 'b.test'): Promise<void> {
  stranger.send(`<db:result from='${domain}' to='a.test'>key</db:result>`)
  await stranger.receives(`<result xmlns='jabber:server:dialback' from='a.test' to='${domain}' type='valid'/>`)
}

/** The turn of a sender that was promised nothing. */
function unpromised(home: Home): Work {
  return {
    unit: home.storage.unit(),
    promised: false,
    state: 'durable',
    whenDecided: run => run(),
    linger() {},
    lingered() {},
  }
}

async function dead(home: Home, ms = 1000): Promise<void> {
  home.gateway.wheel.tick(home.gateway.wheel.now + ms)
  await new Promise<void>(resolve => setImmediate(resolve))
}

describe('whom it believes', () => {
  test('an offer of TLS that is missing is not taken for an answer (RFC 7590 §3.1)', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await stranger.opened()
    stranger.answers("from='b.test' to='a.test' id='x'")
    stranger.send(
      "<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback></stream:features>",
    )
    await stranger.ends()
    expect(stranger.silent).toBe(true)
    await a.hears(bounced('m1', 'remote-server-timeout'))
    expect(a.gateway.list()[0]?.failure).toBe('b.test offers no encryption, and the policy requires it')
  })

  test.each([
    ['of another name', 'c.test', 'The certificate does not speak for b.test: not issued for b.test; it names c.test'],
    ['that has expired', 'expired b.test', 'CERT_HAS_EXPIRED'],
  ])('where certificates alone count, one %s ends it', async (_, certificate, reason) => {
    const { a, b } = start({ policy: { rule: { authentication: 'certificate' } } })
    a.sends(hist('m1'))
    const stranger = await b.next()
    await encrypted(stranger, EXTERNAL, certificate)
    await stranger.ends()
    await a.hears(bounced('m1', 'remote-server-timeout'))
    expect(a.gateway.list()[0]?.failure).toContain(reason)
  })

  test('a certificate is checked for the domain of the stanzas, and a mismatch may still be made up for by dialback', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await encrypted(stranger, '', 'c.test')
    const key = await a.gateway.keys.key('b.test', 'a.test', 'after')
    await stranger.receives(`<result xmlns='jabber:server:dialback' from='a.test' to='b.test'>${key}</result>`)
    stranger.send("<db:result from='b.test' to='a.test' type='valid'/>")
    await stranger.receives(hist('m1'))
  })
})

describe('who it is', () => {
  test('dialback follows a certificate that was refused', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await encrypted(stranger, EXTERNAL)
    await stranger.next('auth')
    stranger.send(`<failure xmlns='${NS_SASL}'><not-authorized/></failure>`)
    await stranger.receives("<result xmlns='jabber:server:dialback' from='a.test' to='b.test'>{any}</result>")
    stranger.send("<db:result from='b.test' to='a.test' type='valid'/>")
    await stranger.receives(hist('m1'))
  })

  test.each([
    ['invalid', "type='invalid'/>", 'internal-server-error'],
    [
      'an error',
      "type='error'><error type='cancel'><remote-connection-failed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>",
      'remote-server-timeout',
    ],
  ])('a key that was found %s: what waits comes back (XEP-0220 §2.1.1)', async (_, answer, condition) => {
    const { a, b } = start()
    a.sends(hist('m1'))
    a.sends(hist('m2'))
    const stranger = await b.next()
    await encrypted(stranger, '')
    await stranger.next('the key')
    stranger.send(`<db:result from='b.test' to='a.test' ${answer}`)
    await a.hears(bounced('m1', condition))
    await a.hears(bounced('m2', condition))
    expect(await a.storage.spool.count('b.test')).toBe(0)
  })

  test('an answer for somebody else is none', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await encrypted(stranger, '')
    await stranger.next('the key')
    stranger.send(
      "<db:result from='c.test' to='a.test' type='valid'/><db:result from='b.test' to='c.test' type='valid'/>",
    )
    stranger.send("<db:verify from='b.test' to='a.test' id='after' type='valid'/>")
    stranger.send("<db:result from='b.test' to='a.test' type='invalid'/>")
    await a.hears(bounced('m1', 'internal-server-error'))
  })

  test.each([
    ['host-unknown', 'remote-server-not-found'],
    ['policy-violation', 'remote-server-timeout'],
  ])('%s of the other server: all that waits comes back (RFC 6120 §4.9.3.6)', async (condition, expected) => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await stranger.opened()
    stranger.answers("from='b.test' to='a.test' id='x'")
    stranger.send(`<stream:error><${condition} xmlns='${STREAM_ERROR}'/></stream:error>`)
    await a.hears(bounced('m1', expected))
    // And it is not asked again at once.
    expect(() => a.sends(hist('m2'))).toThrow(expect.objectContaining({ condition: expected }))
    expect(b.count).toBe(0)
  })

  test('a further domain of ours proves itself on the stream that is there (XEP-0220 §2.6.1)', async () => {
    const network = new Network()
    const b = network.home('b.test')
    const a = network.home('a.test', { also: ['rooms.a.test'], certificate: 'a.test rooms.a.test' })
    a.sends(hist('m1'))
    await b.receives(hist('m1'))
    const other = hist('m2').replace('romeo@a.test/x', 'verona@rooms.a.test/romeo')
    a.sends(other)
    await b.receives(other)
    expect(network.dials).toEqual(['a.test → b.test'])
  })
})

test.each([
  ['refused', "<db:result from='b.test' to='rooms.a.test' type='error'><error type='cancel'/></db:result>"],
  ['not answered', ''],
])('a further domain whose proof is %s on a stream gets one of its own', async (_, answer) => {
  const { a, b } = start({ also: ['rooms.a.test'] })
  a.sends(hist('m1'))
  const first = await b.next()
  await ready(first, { sm: true, more: "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>" })
  await first.receives(hist('m1'))
  await first.receives(`<r xmlns='${SM}'/>`)
  first.send(`<a xmlns='${SM}' h='1'/>`)
  await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
  a.sends(hist('m2').replace('romeo@a.test/x', 'verona@rooms.a.test/romeo'))
  await first.receives("<result xmlns='jabber:server:dialback' from='rooms.a.test' to='b.test'>{any}</result>")
  if (answer === '') await dead(a, 31_000)
  else first.send(answer)
  const second = await b.next()
  expect((await second.opened()).attr('from')).toBe('rooms.a.test')
})

describe('what is confirmed', () => {
  test('by h, in order, and no row is left', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    a.sends(hist('m2'))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    await stranger.receives(hist('m2'))
    await stranger.receives(`<r xmlns='${SM}'/>`)
    expect(a.gateway.figures().queued).toBe(2)
    stranger.send(`<a xmlns='${SM}' h='1'/>`)
    await a.until(() => a.gateway.figures().queued === 1, 'a confirmation')
    stranger.send(`<a xmlns='${SM}' h='2'/>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    expect(await a.storage.spool.count('b.test')).toBe(0)
  })

  test('more than was sent ends the stream (XEP-0198 §6)', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    stranger.send(`<a xmlns='${SM}' h='7'/>`)
    await stranger.receives(`<r xmlns='${SM}'/>`)
    await stranger.receives(
      `<error xmlns='http://etherx.jabber.org/streams'><undefined-condition xmlns='${STREAM_ERROR}'/></error>`,
    )
  })

  test('by the answer to a ping where there is no stream management, from whoever was asked alone', async () => {
    const { network, a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger)
    await stranger.receives(hist('m1'))
    await stranger.receives("<iq type='get' from='a.test' to='b.test' id='{id=any}'><ping xmlns='urn:xmpp:ping'/></iq>")
    const id = stranger.captures.get('id') ?? ''
    // Somebody else knows the id.
    const forger = await calling(network, 'c.test')
    await proves(forger, 'c.test')
    forger.send(`<iq type='result' from='c.test' to='a.test' id='${id}'/><presence from='c.test' to='x@a.test'/>`)
    await a.receives(`<iq type='result' from='c.test' to='a.test' id='${id}'/>`)
    expect(a.gateway.figures().queued).toBe(1)

    const answering = await calling(network)
    await proves(answering)
    answering.send(`<iq type='error' from='b.test' to='a.test' id='${id}'><error type='cancel'/></iq>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
  })

  test('in a while, or when they are many, where no row depends on it', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    const answer = async (h: number) => {
      await stranger.receives(`<r xmlns='${SM}'/>`)
      stranger.send(`<a xmlns='${SM}' h='${h}'/>`)
      await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    }
    await answer(1)
    // Its sender was promised nothing.
    a.sends(hist('m2'), unpromised(a))
    await stranger.receives(hist('m2'))
    await new Promise<void>(resolve => setImmediate(resolve))
    expect(stranger.silent).toBe(true)
    expect(await a.storage.spool.count('b.test')).toBe(0)
    await dead(a, 2000)
    await answer(2)
    for (let index = 0; index < 50; index++) a.sends(hist(`n${index}`), unpromised(a))
    for (let index = 0; index < 50; index++) await stranger.receives(hist(`n${index}`))
    await answer(52)
    // At the end there is no time left.
    a.sends(hist('m3'), unpromised(a))
    const closed = a.gateway.close()
    await stranger.receives(hist('m3'))
    await answer(53)
    stranger.send('</stream:stream>')
    await closed
  })

  test('what a lost stream had is sent again on the next one, before what came since', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    a.sends(hist('m2'))
    const first = await b.next()
    await ready(first, { sm: true })
    await first.receives(hist('m1'))
    await first.receives(hist('m2'))
    first.send(`<a xmlns='${SM}' h='1'/>`)
    await a.until(() => a.gateway.figures().queued === 1, 'a confirmation')
    first.cut()
    await a.until(() => a.gateway.list()[0]?.state !== 'connected', 'the end')
    a.sends(hist('m3'))
    await dead(a, 2000)
    const second = await b.next()
    await ready(second, { sm: true })
    await second.receives(hist('m2'))
    await second.receives(hist('m3'))
  })

  test('an orderly end confirms where there is no stream management, and only there (RFC 6120 §4.4)', async () => {
    for (const sm of [false, true]) {
      const { a, b } = start()
      a.sends(hist('m1'))
      const stranger = await b.next()
      await ready(stranger, { sm })
      await stranger.receives(hist('m1'))
      stranger.send('</stream:stream>')
      await a.until(() => a.gateway.figures().streams === 0, 'the end')
      expect(a.gateway.figures().queued).toBe(sm ? 1 : 0)
      expect(await a.storage.spool.count('b.test')).toBe(sm ? 1 : 0)
    }
  })

  test('who confirms nothing in time loses the stream', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    await stranger.receives(`<r xmlns='${SM}'/>`)
    await dead(a, 31_000)
    await stranger.receives(
      `<error xmlns='http://etherx.jabber.org/streams'><connection-timeout xmlns='${STREAM_ERROR}'/></error>`,
    )
    expect(await a.storage.spool.count('b.test')).toBe(1)
  })

  test('who has known pings and no longer does is going, and has not confirmed anything', async () => {
    const { network, a, b } = start()
    const answering = await calling(network)
    await proves(answering)
    const pinged = async (stranger: Stranger, id: string): Promise<string> => {
      a.sends(hist(id))
      await stranger.receives(hist(id))
      await stranger.receives("<iq type='get' from='a.test' to='b.test' id='{id=any}'/>")
      return stranger.captures.get('id') ?? ''
    }
    a.sends("<presence from='romeo@a.test' to='juliet@b.test'/>")
    const stranger = await b.next()
    await ready(stranger)
    await stranger.receives("<presence from='romeo@a.test' to='juliet@b.test'/>")
    const refused = (id: string): string =>
      `<iq type='error' from='b.test' to='a.test' id='${id}'><error type='cancel'/></iq>`
    // Who never knew them says as much by an error.
    answering.send(refused(await pinged(stranger, 'm1')))
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    answering.send(`<iq type='result' from='b.test' to='a.test' id='${await pinged(stranger, 'm2')}'/>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    answering.send(
      refused(await pinged(stranger, 'm3')) +
        "<message from='juliet@b.test' to='romeo@a.test'><body>Ay me!</body></message>",
    )
    await a.receives("<message from='juliet@b.test' to='romeo@a.test'><body>Ay me!</body></message>")
    expect(a.gateway.figures().queued).toBe(1)
    stranger.cut()
    await dead(a, 2000)
    const second = await b.next()
    await ready(second)
    await second.receives(hist('m3'))
  })

  test('a presence that nobody has to confirm is asked about after a while, so that it is not kept for ever', async () => {
    const { a, b } = start()
    a.sends("<presence from='romeo@a.test/x' to='juliet@b.test'/>")
    const stranger = await b.next()
    await ready(stranger)
    await stranger.receives("<presence xmlns='jabber:server' from='romeo@a.test/x' to='juliet@b.test'/>")
    await dead(a, 5000)
    expect([stranger.silent, a.gateway.figures().queued]).toEqual([true, 1])
    await dead(a, 7000)
    await stranger.receives("<iq type='get' from='a.test' to='b.test' id='{any}'><ping xmlns='urn:xmpp:ping'/></iq>")
  })

  test('who answers no pings at all is sent everything twice, and not again and again', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const ping = "<iq type='get' from='a.test' to='b.test' id='{any}'><ping xmlns='urn:xmpp:ping'/></iq>"
    const first = await b.next()
    await ready(first)
    await first.receives(hist('m1'))
    await first.receives(ping)
    await dead(a, 31_000)
    await first.receives(
      `<error xmlns='http://etherx.jabber.org/streams'><connection-timeout xmlns='${STREAM_ERROR}'/></error>`,
    )
    await dead(a, 2000)
    const second = await b.next()
    await ready(second)
    await second.receives(hist('m1'))
    await second.receives(ping)
    a.sends(hist('m2'))
    await second.receives(hist('m2'))
    await dead(a, 31_000)
    expect(a.gateway.figures().queued).toBe(1)
    await second.receives(ping)
    await dead(a, 31_000)
    expect(a.gateway.figures()).toMatchObject({ queued: 0, streams: 1 })
    expect(await a.storage.spool.count('b.test')).toBe(0)
    expect(a.refused).toEqual([])
  })

  test('who has answered a ping is sent again what it does not answer, as often as it takes', async () => {
    const { network, a, b } = start()
    const again = async (): Promise<Stranger> => {
      const stranger = await b.next()
      await ready(stranger)
      await stranger.receives(hist('m1'))
      await stranger.receives(
        "<iq type='get' from='a.test' to='b.test' id='{id=any}'><ping xmlns='urn:xmpp:ping'/></iq>",
      )
      return stranger
    }
    a.sends(hist('m1'))
    const first = await again()
    const answering = await calling(network)
    await proves(answering)
    answering.send(`<iq type='result' from='b.test' to='a.test' id='${first.captures.get('id') ?? ''}'/>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    a.sends(hist('m1'))
    await first.receives(hist('m1'))
    for (let streams = 0; streams < 3; streams++) {
      await dead(a, 31_000)
      expect(a.gateway.figures().queued).toBe(1)
      await dead(a, 5000)
      await again()
    }
  })

  test('no more is under way than the window', async () => {
    const { a, b } = start({ limits: { windowStanzas: 2 } })
    for (const id of ['m1', 'm2', 'm3']) a.sends(hist(id))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    await stranger.receives(hist('m2'))
    await stranger.receives(`<r xmlns='${SM}'/>`)
    expect(stranger.silent).toBe(true)
    stranger.send(`<a xmlns='${SM}' h='2'/>`)
    await stranger.receives(hist('m3'))
  })
})

test('what is confirmed counts in the window as long as it has a row', async () => {
  const storage = memoryStorage()
  const { a, b } = start({ storage, limits: { windowStanzas: 2 } })
  for (const id of ['m1', 'm2', 'm3']) a.sends(hist(id))
  const stranger = await b.next()
  await a.until(() => storage.stats().rows === 3, 'three rows')
  await ready(stranger, { sm: true })
  await stranger.receives(hist('m1'))
  await stranger.receives(hist('m2'))
  await stranger.receives(`<r xmlns='${SM}'/>`)
  storage.hold()
  stranger.send(`<a xmlns='${SM}' h='2'/>`)
  await a.until(() => a.gateway.figures().queued === 1, 'the confirmation')
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(stranger.silent).toBe(true)
  storage.release()
  await stranger.receives(hist('m3'))
})

describe('what survives', () => {
  test('messages and subscriptions outlive the process, byte for byte; what is for the moment does not', async () => {
    const storage = memoryStorage()
    const { a } = start({ storage })
    a.sends(hist('m1'))
    a.sends("<presence from='romeo@a.test' to='juliet@b.test' type='subscribe'/>")
    a.sends("<presence from='romeo@a.test/x' to='juliet@b.test'/>")
    a.sends(hist('m2', "<no-store xmlns='urn:xmpp:hints'/>"))
    a.sends("<iq type='get' from='romeo@a.test/x' to='b.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>")
    await storage.unit().commit()
    await a.until(() => storage.stats().rows >= 2, 'rows')
    expect(await storage.spool.count('b.test')).toBe(2)

    const network = new Network()
    const again = network.server('b.test')
    const home = network.home('a.test', { storage })
    await home.gateway.start()
    const stranger = await again.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    await stranger.receives("<presence from='romeo@a.test' to='juliet@b.test' type='subscribe'/>")
    await stranger.receives(`<r xmlns='${SM}'/>`)
    stranger.send(`<a xmlns='${SM}' h='2'/>`)
    await home.until(() => home.gateway.figures().queued === 0, 'a confirmation')
    expect(await storage.spool.count('b.test')).toBe(0)
  })

  test('closing waits a little for confirmations', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger, { sm: true })
    await stranger.receives(hist('m1'))
    const closed = a.gateway.close()
    stranger.send(`<a xmlns='${SM}' h='1'/>`)
    await closed
    expect(await a.storage.spool.count('b.test')).toBe(0)
  })

  test('closing leaves on disk what was not confirmed', async () => {
    const { a, b } = start({ limits: { closeMs: 1 } })
    a.sends(hist('m1'))
    const stranger = await b.next()
    await ready(stranger)
    await stranger.receives(hist('m1'))
    await a.gateway.close()
    expect(await a.storage.spool.count('b.test')).toBe(1)
  })
})

describe('what comes back (RFC 6120 §10.4.3)', () => {
  const noName = Object.assign(new Error('There is no such name'), { code: 'not-found' })
  const silence = Object.assign(new Error('No name server answers'), { code: 'unresolved' })
  const refused = Object.assign(new Error('Nothing listens at that address'), { code: 'refused' })

  test('a domain that does not exist: at once, in order', async () => {
    const { network, a } = start()
    network.broken = noName
    a.sends(hist('m1'))
    a.sends(hist('m2'))
    await a.hears(bounced('m1', 'remote-server-not-found'))
    await a.hears(bounced('m2', 'remote-server-not-found'))
    expect(await a.storage.spool.count('b.test')).toBe(0)
  })

  test.each([
    ['a name server that does not answer', silence, 'remote-server-not-found'],
    ['a server that does not listen', refused, 'remote-server-timeout'],
  ])('%s: when it has waited long enough, after attempts with growing pauses', async (_, error, condition) => {
    const { network, a } = start()
    network.broken = error
    a.sends(hist('m1'))
    await a.until(() => a.gateway.list()[0]?.failure !== undefined, 'a failure')
    for (let second = 0; second < 299; second++) await dead(a)
    expect(a.refused).toEqual([])
    // 1, 2, 4, … 60 seconds, each shortened by up to a half.
    expect(network.dials.length).toBeGreaterThan(6)
    expect(network.dials.length).toBeLessThan(18)
    await dead(a, 3000)
    await a.hears(bounced('m1', condition))
    expect(await a.storage.spool.count('b.test')).toBe(0)
    // What is left is a pause, and then nothing.
    for (let minute = 0; minute < 3; minute++) await dead(a, 60_000)
    expect(a.gateway.figures()).toEqual({ domains: 0, streams: 0, queued: 0 })
    expect(a.gateway.wheel.size).toBe(0)
  })

  test('a request does not wait as long as a message', async () => {
    const { network, a } = start()
    network.broken = refused
    a.sends(hist('m1'))
    a.sends("<iq type='get' from='romeo@a.test/x' to='b.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>")
    await a.hears(
      "<iq type='error' from='b.test' to='romeo@a.test/x' id='i1'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    expect(a.gateway.figures().queued).toBe(1)
  })

  test('nobody hears of presence broadcast, errors and results; of what was meant for one resource he does', async () => {
    const { network, a } = start()
    network.broken = noName
    a.sends("<presence from='romeo@a.test/x' to='juliet@b.test'/>")
    a.sends("<presence from='romeo@a.test/x' to='juliet@b.test' type='unavailable'/>")
    a.sends("<presence from='romeo@a.test' to='juliet@b.test' type='probe'/>")
    a.sends("<message from='romeo@a.test/x' to='juliet@b.test' type='error'/>")
    a.sends("<iq from='romeo@a.test/x' to='juliet@b.test/y' type='result' id='r'/>")
    a.sends("<presence from='romeo@a.test/x' to='verona@b.test/romeo' id='join'/>")
    a.sends("<presence from='romeo@a.test' to='juliet@b.test' type='subscribe' id='ask'/>")
    await a.hears("<presence from='verona@b.test/romeo' to='romeo@a.test/x' type='error' id='join'/>")
    await a.hears("<presence from='juliet@b.test' to='romeo@a.test' type='error' id='ask'/>")
    expect(a.refused).toEqual([])
  })

  test('a queue is bounded, and says so', async () => {
    const { a } = start({ limits: { queueStanzas: 2 } })
    a.sends(hist('m1'))
    a.sends(hist('m2'))
    expect(() => a.sends(hist('m3'))).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
    expect(() => a.sends("<presence from='romeo@a.test/x' to='juliet@b.test'/>")).not.toThrow()
    expect(a.gateway.figures().queued).toBe(2)
  })

  test('what is larger than the other server takes comes back alone (XEP-0478 §4)', async () => {
    const { a, b } = start()
    a.sends(hist('m1', `<x xmlns='urn:example:x'>${'ö'.repeat(900)}</x>`))
    a.sends(hist('m2'))
    const stranger = await b.next()
    await ready(stranger, { more: "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1500</max-bytes></limits>" })
    await stranger.receives(hist('m2'))
    await a.hears(bounced('m1', 'policy-violation'))
  })

  test('a domain that is served here never leaves (RFC 6120 §10.5)', () => {
    const { network, a } = start()
    expect(() => a.sends(hist('m1').replace('@b.test', '@a.test'))).toThrow(
      expect.objectContaining({ condition: 'service-unavailable' }),
    )
    expect(network.dials).toEqual([])
  })

  test('a domain that is not to be talked to', () => {
    const { network, a } = start({ policy: { federation: 'deny', domains: ['b.test'] } })
    expect(() => a.sends(hist('m1'))).toThrow(expect.objectContaining({ condition: 'not-allowed' }))
    expect(network.dials).toEqual([])
  })
})

describe('streams come and go', () => {
  test('a dead domain delays no other', async () => {
    const network = new Network()
    network.server('dead.test')
    const b = network.home('b.test')
    const a = network.home('a.test')
    a.sends(hist('m1').replace('@b.test', '@dead.test'))
    a.sends(hist('m2'))
    await b.receives(hist('m2'))
  })

  test('one that nobody uses is closed, and made again when it is needed', async () => {
    const network = new Network()
    const b = network.home('b.test')
    const a = network.home('a.test')
    a.sends(hist('m1'))
    await b.receives(hist('m1'))
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    await dead(a, 601_000)
    await a.until(() => a.gateway.figures().streams === 0, 'the end')
    a.sends(hist('m2'))
    await b.receives(hist('m2'))
    expect(network.dials).toHaveLength(2)
  })

  test('another host is gone to once, and checked as the first (RFC 6120 §4.9.3.19)', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    for (let time = 0; time < 2; time++) {
      const stranger = await b.next()
      await stranger.opened()
      stranger.answers("from='b.test' to='a.test' id='x'")
      stranger.send(
        `<stream:error><see-other-host xmlns='${STREAM_ERROR}'>other.test:5299</see-other-host></stream:error>`,
      )
      await stranger.ends()
    }
    await a.until(() => a.gateway.list()[0]?.failure !== undefined, 'a failure')
    expect(b.count).toBe(0)
  })

  test('in both directions: nothing goes back before the peer is proven (XEP-0288 §2.1)', async () => {
    const { network, a, b } = start()
    const stranger = await calling(network)
    stranger.send(
      "<bidi xmlns='urn:xmpp:bidi'><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>500</max-bytes></limits></bidi>",
    )
    a.sends(hist('m1'))
    await b.next()
    expect(stranger.silent).toBe(true)
    await proves(stranger)
    // The stream that is there is used, however far the attempt may be.
    await stranger.receives(hist('m1'))
    await stranger.receives("<iq type='get' from='a.test' to='b.test' id='{id=any}'/>")
    a.sends(hist('m2', `<x xmlns='urn:example:x'>${'x'.repeat(500)}</x>`))
    await a.hears(bounced('m2', 'policy-violation'))
  })

  test('in both directions: all that waited on the other side may come before the stream is ready', async () => {
    const { a, b } = start()
    a.sends(hist('m1'))
    const stranger = await b.next()
    await encrypted(stranger, `${EXTERNAL}<bidi xmlns='urn:xmpp:features:bidi'/>`)
    await stranger.receives("<bidi xmlns='urn:xmpp:bidi'/>")
    await stranger.receives(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>YS50ZXN0</auth>`)
    stranger.restarts()
    stranger.send(`<success xmlns='${NS_SASL}'/>`)
    await stranger.opened()
    stranger.answers("from='b.test' to='a.test' id='proven'")
    stranger.send(`<stream:features><sm xmlns='${SM}'/></stream:features>`)
    await stranger.receives(`<enable xmlns='${SM}'/>`)
    const waiting = Array.from({ length: 5000 }, (_, index) => `j${index}`)
    for (const id of waiting)
      stranger.send(`<message from='juliet@b.test/x' to='romeo@a.test' id='${id}'><body>Ay me!</body></message>`)
    stranger.send(`<enabled xmlns='${SM}'/>`)
    await stranger.receives(hist('m1'))
    expect(a.arrived).toHaveLength(5000)
    expect(a.arrived.findIndex((xml, index) => !xml.includes(`'j${index}'`) && !xml.includes(`"j${index}"`))).toBe(-1)
  })

  test('in both directions: what was confirmed before stream management does not count in it (XEP-0198 §4)', async () => {
    const { network, a, b } = start()
    const stranger = await calling(network)
    stranger.send("<bidi xmlns='urn:xmpp:bidi'/>")
    a.sends(hist('m1'))
    await b.next()
    await proves(stranger)
    await stranger.receives(hist('m1'))
    await stranger.receives("<iq type='get' from='a.test' to='b.test' id='{id=any}'/>")
    stranger.send(`<iq type='result' from='b.test' to='a.test' id='${stranger.captures.get('id') ?? ''}'/>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    stranger.send(`<enable xmlns='${SM}'/>`)
    await stranger.receives(`<enabled xmlns='${SM}'/>`)
    a.sends(hist('m2'))
    await stranger.receives(hist('m2'))
    await stranger.receives(`<r xmlns='${SM}'/>`)
    stranger.send(`<a xmlns='${SM}' h='1'/>`)
    await a.until(() => a.gateway.figures().queued === 0, 'a confirmation')
    expect(a.gateway.figures().streams).toBe(1)
  })
})
