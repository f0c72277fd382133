import { describe, expect, test } from 'vitest'
import { Network, type HomeOptions, type Stranger } from './network.fixture.ts'

const STREAM_ERROR = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const hist = "<message from='romeo@a.test/x' to='juliet@b.test' type='chat' id='m1'><body>Hist!</body></message>"

/** A stranger that says to be a.test, with a certificate, after TLS; its features are read. */
async function secured(
  network: Network,
  options: { certificate?: string; from?: string | null } = {},
): Promise<Stranger> {
  const { certificate, from = 'a.test' } = options
  const stranger = network.stranger('b.test', certificate === undefined ? {} : { certificate })
  stranger.opens(`${from === null ? '' : `from='${from}' `}to='b.test'`)
  await stranger.opened()
  return stranger
}

async function proven(network: Network, certificate = 'a.test'): Promise<Stranger> {
  const stranger = await secured(network, { certificate })
  await stranger.next('features')
  stranger.send(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>=</auth>`)
  await stranger.receives(`<success xmlns='${NS_SASL}'/>`)
  stranger.opens("from='a.test' to='b.test'")
  await stranger.opened()
  await stranger.next('features')
  return stranger
}

function streamError(condition: string): string {
  return `<error xmlns='http://etherx.jabber.org/streams'><${condition} xmlns='${STREAM_ERROR}'/></error>`
}

async function start(options: HomeOptions = {}): Promise<{ network: Network; b: ReturnType<Network['home']> }> {
  const network = new Network()
  return { network, b: network.home('b.test', options) }
}

test('a server that connects is tried again at once, however long the pause after failures would be', async () => {
  const { network, b } = await start({ limits: { retryMs: 3_600_000, maxRetryMs: 3_600_000 } })
  network.broken = Object.assign(new Error('Nothing listens at that address'), { code: 'refused' })
  b.sends("<message from='juliet@b.test/y' to='romeo@a.test' type='chat' id='m1'><body>Hist!</body></message>")
  await b.until(() => b.gateway.list()[0]?.failure !== undefined, 'a failure')
  network.broken = undefined
  const a = network.server('a.test')
  expect(network.dials).toEqual(['b.test → a.test'])
  await proven(network)
  await a.next()
  expect(network.dials).toEqual(['b.test → a.test', 'b.test → a.test'])
})

describe('before TLS', () => {
  test('nothing but TLS is offered, and it is required (RFC 6120 §5.3.1)', async () => {
    const { network } = await start()
    const stranger = network.stranger('b.test')
    stranger.opens("from='a.test' to='b.test'")
    expect((await stranger.opened()).attr('from')).toBe('b.test')
    const features = await stranger.receives(
      `<features xmlns='http://etherx.jabber.org/streams'><starttls xmlns='${NS_TLS}'><required/></starttls></features>`,
    )
    expect(JSON.stringify(features)).not.toMatch(/dialback|EXTERNAL|bidi/)
  })

  test('dialback is refused, and the stream lives (XEP-0220 §2.5)', async () => {
    const { network } = await start()
    const stranger = network.stranger('b.test')
    stranger.opens("from='a.test' to='b.test'")
    await stranger.opened()
    await stranger.next('features')
    stranger.send("<db:result from='a.test' to='b.test'>key</db:result>")
    await stranger.receives(
      "<result xmlns='jabber:server:dialback' from='b.test' to='a.test' type='error'><error xmlns='jabber:client' type='cancel'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>",
    )
    expect(stranger.closed).toBe(false)
  })

  test('a stanza ends the stream', async () => {
    const { network } = await start()
    const stranger = network.stranger('b.test')
    stranger.opens("from='a.test' to='b.test'")
    await stranger.opened()
    await stranger.next('features')
    stranger.send(hist)
    await stranger.receives(streamError('policy-violation'))
    await stranger.ends()
  })
})

describe('who may prove itself by a certificate (XEP-0178 §3)', () => {
  test.each([
    ['its certificate names the domain', 'a.test', true],
    ['among others', 'c.test a.test', true],
    ['it names another domain', 'c.test', false],
    ['it has expired', 'expired a.test', false],
    ['there is none', undefined, false],
  ])('%s', async (_, certificate, offered) => {
    const { network } = await start()
    const stranger = await secured(network, certificate === undefined ? {} : { certificate })
    expect(JSON.stringify(await stranger.next('features')).includes('EXTERNAL')).toBe(offered)
  })

  test('who does not say who it is may not (RFC 6120 §4.7.1)', async () => {
    const { network } = await start()
    const stranger = await secured(network, { certificate: 'a.test', from: null })
    const features = JSON.stringify(await stranger.next('features'))
    expect(features).not.toContain('EXTERNAL')
    expect(features).toContain('dialback')
  })

  test('where certificates alone count, one that proves nothing ends the stream with the reason', async () => {
    const { network } = await start({ policy: { rule: { authentication: 'certificate' } } })
    const stranger = await secured(network, { certificate: 'c.test' })
    await stranger.receives(
      `<error xmlns='http://etherx.jabber.org/streams'><not-authorized xmlns='${STREAM_ERROR}'/><text xmlns='${STREAM_ERROR}'>The certificate does not speak for a.test: not issued for a.test; it names c.test</text></error>`,
    )
    await stranger.ends()
  })

  test.each([
    ['nothing', '', undefined],
    ['=', '=', undefined],
    ['the domain itself', Buffer.from('a.test').toString('base64'), undefined],
    ['another domain', Buffer.from('c.test').toString('base64'), 'invalid-authzid'],
    ['an account', Buffer.from('romeo@a.test').toString('base64'), 'invalid-authzid'],
    ['no base64', '*', 'incorrect-encoding'],
  ])('the identity may be: %s (RFC 6120 §6.3.8)', async (_, data, refused) => {
    const { network } = await start()
    const stranger = await secured(network, { certificate: 'a.test' })
    await stranger.next('features')
    stranger.send(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>${data}</auth>`)
    await stranger.receives(
      refused ? `<failure xmlns='${NS_SASL}'><${refused}/></failure>` : `<success xmlns='${NS_SASL}'/>`,
    )
  })

  test('EXTERNAL that was not offered is refused, and dialback may follow', async () => {
    const { network } = await start()
    const stranger = await secured(network, { certificate: 'c.test' })
    await stranger.next('features')
    stranger.send(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>=</auth>`)
    await stranger.receives(`<failure xmlns='${NS_SASL}'><not-authorized/></failure>`)
    stranger.send("<db:result from='a.test' to='b.test'>key</db:result>")
    await stranger.receives("<result xmlns='jabber:server:dialback' from='b.test' to='a.test' type='error'/>")
  })

  test('the domain does not change after it was proven (RFC 6120 §8.1.2.2)', async () => {
    const { network } = await start()
    const stranger = await secured(network, { certificate: 'a.test c.test' })
    await stranger.next('features')
    stranger.send(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>=</auth>`)
    await stranger.receives(`<success xmlns='${NS_SASL}'/>`)
    stranger.opens("from='c.test' to='b.test'")
    await stranger.opened()
    await stranger.receives(streamError('invalid-from'))
  })
})

describe('which stanzas are taken (RFC 6120 §8.1.1.2, §8.1.2.2)', () => {
  test('those of the proven pair', async () => {
    const { network, b } = await start()
    const stranger = await proven(network)
    stranger.send(hist)
    await b.receives(hist)
  })

  test.each([
    ['from another domain', hist.replace('@a.test', '@c.test'), 'invalid-from'],
    ['from a domain of ours', hist.replace('@a.test', '@b.test'), 'invalid-from'],
    ['from a subdomain of the proven one', hist.replace('@a.test', '@x.a.test'), 'invalid-from'],
    ['to another domain', hist.replace('@b.test', '@c.test'), 'host-unknown'],
    ['to a domain of ours that was not asked for', hist.replace('@b.test', '@also.test'), 'invalid-from'],
    ['from nobody', hist.replace(/ from='[^']*'/, ''), 'improper-addressing'],
    ['to nobody', hist.replace(/ to='[^']*'/, ''), 'improper-addressing'],
    ['from nothing', hist.replace(/ from='[^']*'/, " from=''"), 'improper-addressing'],
    ['from an address without a domain', hist.replace(/ from='[^']*'/, " from='romeo@'"), 'improper-addressing'],
  ])('not those %s', async (_, stanza, condition) => {
    const { network, b } = await start({ also: ['also.test'] })
    const stranger = await proven(network)
    stranger.send(stanza)
    await stranger.receives(streamError(condition))
    await stranger.ends()
    expect(b.arrived).toEqual([])
  })

  test('one whose recipient is no address is refused alone', async () => {
    const { network, b } = await start()
    const stranger = await proven(network)
    stranger.send(hist.replace('juliet@b.test', '@b.test') + hist)
    await b.receives(hist)
  })

  test('inside of what is forwarded the namespace stays (RFC 6120 §4.8.3, XEP-0297 §3.2)', async () => {
    const { network, b } = await start()
    const stranger = await proven(network)
    stranger.send(
      "<message from='romeo@a.test' to='juliet@b.test'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='x@y.test'><body>Hist!</body></message></forwarded></message>",
    )
    await b.until(() => b.arrived.length > 0, 'the message')
    expect(b.arrived[0]).toContain("<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'")
    expect(b.arrived[0]).not.toContain('jabber:server')
  })
})

describe('dialback (XEP-0220)', () => {
  const claim = "<db:result from='a.test' to='b.test'>key</db:result>"
  const answer = (type: string, condition?: string) =>
    `<result xmlns='jabber:server:dialback' from='b.test' to='a.test' type='${type}'>${
      condition === undefined
        ? ''
        : `<error xmlns='jabber:client' type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
    }</result>`

  /** Claims to be a.test, whose server a test plays; both are after TLS. */
  async function claimed(network: Network): Promise<{ stranger: Stranger; authority: Stranger; id: string }> {
    const authorities = network.server('a.test')
    const stranger = await secured(network)
    const id = stranger.header?.attr('id') ?? ''
    await stranger.next('features')
    stranger.send(claim)
    const authority = await authorities.next()
    await authority.opened()
    authority.answers("from='a.test' to='b.test' id='x'")
    authority.send(`<stream:features><starttls xmlns='${NS_TLS}'/></stream:features>`)
    await authority.receives(`<starttls xmlns='${NS_TLS}'/>`)
    authority.send(`<proceed xmlns='${NS_TLS}'/>`)
    await authority.upgrade('server', 'self-made')
    await authority.opened()
    authority.answers("from='a.test' to='b.test' id='y'")
    authority.send('<stream:features/>')
    return { stranger, authority, id }
  }

  test('the authority is asked on a connection of its own, with the id that we gave', async () => {
    const { network, b } = await start()
    const { stranger, authority, id } = await claimed(network)
    await authority.receives(`<verify xmlns='jabber:server:dialback' from='b.test' to='a.test' id='${id}'>key</verify>`)
    expect(stranger.silent).toBe(true)
    authority.send(`<db:verify from='a.test' to='b.test' id='${id}' type='valid'/>`)
    await stranger.receives(answer('valid'))
    stranger.send(hist)
    await b.receives(hist)
  })

  test('a forged key: invalid, and the stream ends', async () => {
    const { network } = await start()
    const { stranger, authority, id } = await claimed(network)
    await authority.next('the question')
    authority.send(`<db:verify from='a.test' to='b.test' id='${id}' type='invalid'/>`)
    await stranger.receives(answer('invalid'))
    await stranger.ends()
  })

  test.each([
    ['for another stream', (id: string) => `<db:verify from='a.test' to='b.test' id='${id}x' type='valid'/>`],
    ['from another domain', (id: string) => `<db:verify from='c.test' to='b.test' id='${id}' type='valid'/>`],
    ['to another domain', (id: string) => `<db:verify from='a.test' to='c.test' id='${id}' type='valid'/>`],
    ['of another kind', (_: string) => "<db:result from='a.test' to='b.test' type='valid'/>"],
  ])('an answer %s is no answer (§2.1.2)', async (_, wrong) => {
    const { network } = await start()
    const { stranger, authority, id } = await claimed(network)
    await authority.next('the question')
    authority.send(wrong(id))
    authority.send(`<db:verify from='a.test' to='b.test' id='${id}' type='invalid'/>`)
    await stranger.receives(answer('invalid'))
  })

  test('an answer on the stream that brought the key proves nothing (§3.1)', async () => {
    const { network } = await start()
    const { stranger, authority, id } = await claimed(network)
    await authority.next('the question')
    stranger.send(`<db:verify from='a.test' to='b.test' id='${id}' type='valid'/>`)
    stranger.send("<db:result from='a.test' to='b.test' type='valid'/>")
    stranger.send(hist)
    await stranger.receives(streamError('not-authorized'))
  })

  test.each([
    ['cannot be reached', undefined, 'remote-connection-failed'],
    ['does not know the domain', 'item-not-found', 'remote-server-not-found'],
    ['fails in another way', 'internal-server-error', 'remote-server-timeout'],
    ['goes away', 'gone', 'remote-server-timeout'],
    ['knows no such host', 'host-unknown', 'remote-server-not-found'],
  ])('the authority %s (§2.5)', async (_, way, condition) => {
    const { network } = await start()
    if (way === undefined) {
      const stranger = await secured(network)
      await stranger.next('features')
      stranger.send(claim)
      await stranger.receives(answer('error', condition))
      expect(stranger.closed).toBe(false)
      return
    }
    const { stranger, authority, id } = await claimed(network)
    await authority.next('the question')
    if (way === 'gone') authority.cut()
    else if (way === 'host-unknown')
      authority.send(`<stream:error><host-unknown xmlns='${STREAM_ERROR}'/></stream:error>`)
    else
      authority.send(
        `<db:verify from='a.test' to='b.test' id='${id}' type='error'><error type='cancel'><${way} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>`,
      )
    await stranger.receives(answer('error', condition))
    expect(stranger.closed).toBe(false)
  })

  test.each([
    ['for a domain that is not here', "<db:result from='a.test' to='c.test'>key</db:result>", 'item-not-found'],
    ['from a domain that is', "<db:result from='b.test' to='b.test'>key</db:result>", 'not-acceptable'],
    ['from one that is not talked to', "<db:result from='evil.test' to='b.test'>key</db:result>", 'policy-violation'],
  ])('a claim %s is refused, and the stream lives', async (_, text, condition) => {
    const { network } = await start({ policy: { federation: 'deny', domains: ['evil.test'] } })
    const stranger = await secured(network)
    await stranger.next('features')
    stranger.send(text)
    await stranger.receives(
      `<result xmlns='jabber:server:dialback' type='error'><error xmlns='jabber:client' type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>`,
    )
    expect(stranger.closed).toBe(false)
    expect(network.dials).toEqual([])
  })

  test('a certificate for the domain proves it without a call back (XEP-0344 §2)', async () => {
    const { network, b } = await start()
    const stranger = await secured(network, { certificate: 'a.test' })
    await stranger.next('features')
    stranger.send(claim)
    await stranger.receives(answer('valid'))
    expect(network.dials).toEqual([])
    stranger.send(hist)
    await b.receives(hist)
  })

  test('where certificates alone count, a key is not even looked at', async () => {
    const { network } = await start({
      policy: { rules: new Map([['c.test', { authentication: 'certificate' as const }]]) },
    })
    const stranger = await proven(network)
    stranger.send("<db:result from='c.test' to='b.test'>key</db:result>")
    await stranger.receives(
      "<result xmlns='jabber:server:dialback' from='b.test' to='c.test' type='error'><error xmlns='jabber:client' type='cancel'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>",
    )
    expect(network.dials).toEqual([])
  })

  test('a further pair that fails leaves the first one as it is (§2.6)', async () => {
    const { network, b } = await start()
    const stranger = await proven(network)
    stranger.send("<db:result from='c.test' to='b.test'>key</db:result>")
    await stranger.receives("<result xmlns='jabber:server:dialback' from='b.test' to='c.test' type='error'/>")
    stranger.send(hist)
    await b.receives(hist)
  })

  test('a further pair that is proven is taken, and it alone (§2.6)', async () => {
    const { network, b } = await start({ also: ['also.test'] })
    const stranger = await proven(network, 'a.test c.test')
    stranger.send("<db:result from='c.test' to='also.test'>key</db:result>")
    await stranger.receives("<result xmlns='jabber:server:dialback' from='also.test' to='c.test' type='valid'/>")
    const further = hist.replace('@a.test', '@c.test').replace('@b.test', '@also.test')
    stranger.send(further)
    await b.receives(further)
    stranger.send(hist.replace('@b.test', '@also.test'))
    await stranger.receives(streamError('invalid-from'))
  })

  test('keys of ours are confirmed, and those of others are not (§2.2.2)', async () => {
    const { network, b } = await start()
    const stranger = await secured(network)
    await stranger.next('features')
    const key = await b.gateway.keys.key('a.test', 'b.test', 'their-stream')
    const ask = (id: string, to: string) => `<db:verify from='a.test' to='${to}' id='${id}'>${key}</db:verify>`
    stranger.send(ask('their-stream', 'b.test'))
    await stranger.receives(
      "<verify xmlns='jabber:server:dialback' from='b.test' to='a.test' id='their-stream' type='valid'/>",
    )
    stranger.send(ask('another-stream', 'b.test'))
    await stranger.receives(
      "<verify xmlns='jabber:server:dialback' from='b.test' to='a.test' id='another-stream' type='invalid'/>",
    )
    stranger.send(ask('their-stream', 'c.test'))
    await stranger.receives(
      "<verify xmlns='jabber:server:dialback' from='c.test' to='a.test' id='their-stream' type='error'><error xmlns='jabber:client' type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></verify>",
    )
  })
})

describe('policy', () => {
  test('a domain that is not talked to is told so', async () => {
    const { network } = await start({ policy: { federation: 'allow', domains: ['c.test'] } })
    const stranger = network.stranger('b.test')
    stranger.opens("from='a.test' to='b.test'")
    await stranger.opened()
    await stranger.receives(streamError('policy-violation'))
  })

  test.each([
    ["from='a.test' to='c.test'", 'host-unknown'],
    ["from='a.test'", 'host-unknown'],
    ["from='b.test' to='b.test'", 'invalid-from'],
    ["from='@' to='b.test'", 'improper-addressing'],
  ])('a header that makes no sense: %s', async (attrs, condition) => {
    const { network } = await start()
    const stranger = network.stranger('b.test')
    stranger.opens(attrs)
    await stranger.opened()
    await stranger.receives(streamError(condition))
  })

  test('who proves nothing in time is sent away', async () => {
    const { network, b } = await start()
    const stranger = await secured(network)
    await stranger.next('features')
    b.gateway.wheel.tick(b.gateway.wheel.now + 31_000)
    await stranger.receives(streamError('connection-timeout'))
  })

  test('streams that prove nothing are bounded in number', async () => {
    const { network } = await start({ limits: { unproven: 1 } })
    await secured(network)
    const second = network.stranger('b.test')
    await second.ends()
  })

  test('a domain that sends too much is read later', async () => {
    const { network, b } = await start({ policy: { rule: { stanzasPerSecond: 2 } } })
    const stranger = await proven(network)
    stranger.send(hist.repeat(4))
    await b.until(() => b.arrived.length >= 3, 'three')
    expect(b.arrived).toHaveLength(3)
    b.gateway.wheel.tick(b.gateway.wheel.now + 2000)
    await b.until(() => b.arrived.length === 4, 'the last one')
  })
})

describe('acknowledged means safe (XEP-0198)', () => {
  test('h counts what is safe, and the rest follows unasked', async () => {
    const { network, b } = await start()
    b.held = []
    const stranger = await proven(network)
    stranger.send("<enable xmlns='urn:xmpp:sm:3'/>")
    await stranger.receives("<enabled xmlns='urn:xmpp:sm:3'/>")
    stranger.send(`${hist}${hist}<r xmlns='urn:xmpp:sm:3'/>`)
    await stranger.receives("<a xmlns='urn:xmpp:sm:3' h='0'/>")
    b.held[0]!()
    await stranger.receives("<a xmlns='urn:xmpp:sm:3' h='1'/>")
    b.held[1]!()
    await stranger.receives("<a xmlns='urn:xmpp:sm:3' h='2'/>")
  })

  test('the answer to a ping waits for what came before it', async () => {
    const { network, b } = await start()
    b.held = []
    const answers = network.server('a.test')
    const stranger = await proven(network)
    stranger.send(`${hist}<iq type='get' from='a.test' to='b.test' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`)
    stranger.send(hist.replace("id='m1'", "id='m2'"))
    await b.until(() => b.arrived.length === 2, 'both messages')
    expect(answers.count).toBe(0)
    b.held[0]!()
    await answers.next()
  })

  test('nothing is managed before it is proven who asks', async () => {
    const { network } = await start()
    const stranger = await secured(network)
    await stranger.next('features')
    stranger.send("<db:result from='c.test' to='x.test'>key</db:result>")
    await stranger.next('the refusal')
    stranger.send("<enable xmlns='urn:xmpp:sm:3'/>")
    await stranger.receives("<failed xmlns='urn:xmpp:sm:3'/>")
  })

  test('a stream whose stanzas wait for the disk is read no further', async () => {
    const { network, b } = await start({ limits: { unhandled: 4 } })
    b.held = []
    const stranger = await proven(network)
    stranger.send(hist.repeat(6))
    await b.until(() => b.arrived.length === 4, 'four')
    expect(b.arrived).toHaveLength(4)
    for (const over of b.held.splice(0)) over()
    await b.until(() => b.arrived.length === 6, 'the rest')
  })
})
