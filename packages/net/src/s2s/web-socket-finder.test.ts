import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Transport } from '@tercet/stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dnsId, issue } from '../authority.fixture.ts'
import { Recorder } from '../loopback.fixture.ts'
import type { Resolver } from '../resolve.ts'
import { selfSigned } from '../self-signed.ts'
import { webSocketAcceptor } from '../websocket.ts'
import { s2sTls } from './contexts.ts'
import { s2sDialer, type S2sDialerOptions } from './dialer.ts'
import { readHostMeta, webSocketFinder } from './web-socket-finder.ts'

const REL = 'urn:xmpp:alt-connections:s2s-websocket'
const root = issue({ commonName: 'Root', authority: true })
const web = issue({ names: [dnsId('far.test'), dnsId('chat.far.test')] }, root)
const near = selfSigned({ domains: ['near.test'] })
const signal = AbortSignal.timeout(60_000)
/** There are addresses, and no records; nothing listens where they lead, but on the port of HTTPS. */
const resolver: Resolver = {
  srv: async () => [{ host: 'far.test', port: 1, priority: 0, weight: 0 }],
  addresses: async () => [{ address: '127.0.0.1', family: 4 }],
}

/** A web server of far.test with a WebSocket at /s2s. */
async function served(hostMeta: (port: number) => string) {
  const asked: string[] = []
  using acceptor = webSocketAcceptor({}, (transport: Transport) => transport.start(new Recorder()))
  const server = createServer({ cert: web.cert, key: web.key }, (request, response) => {
    asked.push(`${request.headers.host?.split(':')[0]}${request.url}`)
    response.end(hostMeta((server.address() as AddressInfo).port))
  })
  server.on('upgrade', (request, socket, head) => {
    asked.push(`${request.headers.host?.split(':')[0]}${request.url}`)
    acceptor.accept(request, socket, head)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dial = async (options: Partial<S2sDialerOptions> = {}) => {
    const { allow = () => true } = options
    const told: string[] = []
    const tls = s2sTls({ contexts: { 'near.test': near }, defaultName: 'near.test', ca: [root.cert] })
    const webSockets = webSocketFinder({ resolver, allow: () => true, ca: [root.cert], port })
    const dialer = s2sDialer({ tls, resolver, allow, webSockets, ...options })
    const outcomes: unknown[] = []
    for (let count = 0; count < 2; count++) {
      const trace = ({ ok, text }: { ok: boolean; text: string }) => told.push(`${ok ? '+' : '-'} ${text}`)
      const outcome = await dialer
        .dial('near.test', 'far.test', { signal, trace })
        .catch((error: unknown) => ({ error }))
      if ('transport' in outcome) {
        outcome.transport.start(new Recorder())
        outcome.transport.destroy()
      }
      outcomes.push(outcome)
    }
    return { outcomes, told }
  }
  return {
    asked,
    port,
    dial,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

const naming = (...hrefs: string[]) => JSON.stringify({ links: hrefs.map(href => ({ rel: REL, href })) })

test('a domain whose records lead nowhere is asked for its WebSockets, which come first from then on (XEP-0468 §2)', async () => {
  await using there = await served(port => naming(`wss://chat.far.test:${port}/s2s`))
  const { outcomes, told } = await there.dial()
  const url = `wss://chat.far.test:${there.port}/s2s`
  for (const outcome of outcomes) expect(outcome).toMatchObject({ target: url, delegate: 'chat.far.test' })
  expect(told.slice(-5)).toEqual([
    '- 127.0.0.1:1: Nothing listens at that address',
    ...[0, 1].flatMap(() => [`+ host-meta of far.test: ${url}`, `+ Connected to ${url}`]),
  ])
  // The document is asked for once.
  expect(there.asked).toEqual(['far.test/.well-known/host-meta.json', 'chat.far.test/s2s', 'chat.far.test/s2s'])
})

test('of several the next one is tried', async () => {
  await using there = await served(port => naming('wss://chat.far.test:1/', `wss://far.test:${port}/s2s`))
  const { outcomes } = await there.dial()
  expect(outcomes[0]).toMatchObject({ target: `wss://far.test:${there.port}/s2s` })
})

describe('no WebSocket of a stranger leads', () => {
  test.each([
    ['to an address that is not public', (port: number) => `wss://127.0.0.1:${port}/s2s`],
    ['nor to a name of one', (port: number) => `wss://chat.far.test:${port}/s2s`],
  ])('%s (S2S-11)', async (_, href) => {
    await using there = await served(port => naming(href(port)))
    const { outcomes } = await there.dial({ allow: () => false })
    for (const outcome of outcomes) expect(outcome).toMatchObject({ error: { code: 'not-found' } })
    expect(there.asked).toEqual(['far.test/.well-known/host-meta.json'])
  })

  test('anywhere without TLS', async () => {
    await using there = await served(port => naming(`ws://chat.far.test:${port}/s2s`))
    const { outcomes, told } = await there.dial()
    expect(outcomes[0]).toMatchObject({ error: { code: 'refused' } })
    expect(told.at(-1)).toBe('- host-meta of far.test: no WebSocket for servers')
  })
})

test('a domain whose records deny the service is asked nothing', async () => {
  await using there = await served(port => naming(`wss://far.test:${port}/s2s`))
  const denied = { ...resolver, srv: async () => [{ host: '.', port: 0, priority: 0, weight: 0 }] }
  const { outcomes } = await there.dial({ resolver: denied })
  expect(outcomes[0]).toMatchObject({ error: { code: 'service-absent' } })
  expect(there.asked).toEqual([])
})

test('where the operator sends us, nobody else is asked', async () => {
  await using there = await served(port => naming(`wss://far.test:${port}/s2s`))
  const { outcomes } = await there.dial({ targetOf: () => ({ host: '127.0.0.1', port: 1 }) })
  expect(outcomes[0]).toMatchObject({ error: { code: 'refused' } })
  expect(there.asked).toEqual([])
})

describe('a host-meta document', () => {
  test('names WebSockets of servers by their priority, and for how long (XEP-0487 §2.1)', () => {
    const links = [
      { rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://clients.test/ws' },
      { rel: REL, href: 'wss://second.test/s2s', priority: 15 },
      { rel: REL, href: 'wss://first.test/s2s', priority: 5 },
      { rel: REL, href: 'https://wrong.test/s2s' },
      { rel: REL, href: 7 },
      { rel: REL },
      null,
      'x',
    ]
    const value = ['wss://first.test/s2s', 'wss://second.test/s2s']
    expect(readHostMeta(JSON.stringify({ links, xmpp: { ttl: 60 } }))).toEqual({ value, ms: 60_000 })
    expect(readHostMeta(JSON.stringify({ links }))).toEqual({ value, ms: 3_600_000 })
    expect(readHostMeta(JSON.stringify({ links, xmpp: { ttl: 1e9 } })).ms).toBe(86_400_000)
  })

  test('has a few addresses at most', () => {
    expect(readHostMeta(naming(...Array.from({ length: 9 }, (_, index) => `wss://${index}.test/`))).value).toHaveLength(
      4,
    )
  })

  test('of a stranger is read or refused, whatever is in it', () => {
    const link = fc.record({ rel: fc.constantFrom(REL, 'x', 1), href: fc.anything(), priority: fc.anything() })
    const document = fc.record({
      links: fc.oneof(fc.array(fc.oneof(link, fc.anything())), fc.anything()),
      xmpp: fc.anything(),
    })
    fc.assert(
      fc.property(
        fc.oneof(document, fc.anything()).map(it => JSON.stringify(it)),
        text => {
          let read: ReturnType<typeof readHostMeta>
          try {
            read = readHostMeta(text)
          } catch (error) {
            expect(error instanceof SyntaxError || error instanceof TypeError).toBe(true)
            return
          }
          expect(read.value.every(href => URL.parse(href)?.protocol === 'wss:')).toBe(true)
          expect(read.ms).toBeLessThanOrEqual(86_400_000)
        },
      ),
    )
  })
})
