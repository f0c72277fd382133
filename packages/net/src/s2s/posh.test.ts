import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dnsId, issue } from '../authority.fixture.ts'
import type { Resolver } from '../resolve.ts'
import { readPosh } from './posh-document.ts'
import { poshChecker } from './posh.ts'

const root = issue({ commonName: 'Root', authority: true })
const web = issue({ names: [dnsId('far.test'), dnsId('host.test')] }, root)
const der = new X509Certificate(issue({ names: [] }).cert).raw
const sha256 = digest(der)
const resolver: Resolver = { srv: async () => [], addresses: async () => [{ address: '127.0.0.1', family: 4 }] }
const signal = AbortSignal.timeout(60_000)

function digest(bytes: Uint8Array): string {
  return Buffer.from(new X509Certificate(bytes).fingerprint256.replaceAll(':', ''), 'hex').toString('base64')
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void
const json =
  (value: unknown): Handler =>
  (_, response) =>
    response.end(JSON.stringify(value))
const good = json({ fingerprints: [{ 'sha-256': sha256 }], expires: 600 })

/** A web server of far.test and host.test on loopback, and a checker that finds it. */
async function served(handler: Handler, credential = web) {
  const asked: string[] = []
  const server = createServer({ cert: credential.cert, key: credential.key }, (request, response) => {
    asked.push(`${request.headers.host?.split(':')[0]}${request.url}`)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    asked,
    port,
    checker: poshChecker({ resolver, allow: () => true, ca: [root.cert], port, timeoutMs: 2_000 }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

describe('a certificate that the web server names is accepted (RFC 7711 §3)', () => {
  test('from the well-known place, and the document is asked for once', async () => {
    await using there = await served(good)
    expect(await there.checker.check(der, 'far.test', { signal })).toBe(true)
    expect(await there.checker.check(der, 'far.test', { signal })).toBe(true)
    expect(there.asked).toEqual(['far.test/.well-known/posh/xmpp-server.json'])
  })

  test('through a reference (§3.2)', async () => {
    const reference = json({ url: 'https://host.test/posh.json', expires: 60 })
    await using there = await served((request, response) =>
      (request.url === '/posh.json' ? good : reference)(request, response),
    )
    expect(await there.checker.check(der, 'far.test', { signal })).toBe(true)
    expect(there.asked).toEqual(['far.test/.well-known/posh/xmpp-server.json', 'host.test/posh.json'])
  })

  test('and asked for again once it is out of date', async () => {
    await using there = await served(json({ fingerprints: [{ 'sha-256': sha256 }], expires: 0 }))
    await there.checker.check(der, 'far.test', { signal })
    const later = Date.now() + 1
    while (Date.now() <= later) await new Promise(setImmediate)
    await there.checker.check(der, 'far.test', { signal })
    expect(there.asked).toHaveLength(2)
  })
})

describe('refused', () => {
  const other = digest(new X509Certificate(web.cert).raw)
  test.each<[string, Handler]>([
    ['another fingerprint', json({ fingerprints: [{ 'sha-256': other }], expires: 600 })],
    ['a SHA-1 alone', json({ fingerprints: [{ 'sha-1': sha256 }], expires: 600 })],
    ['no `expires`', json({ fingerprints: [{ 'sha-256': sha256 }] })],
    ['a reference to itself', json({ url: 'https://far.test/.well-known/posh/xmpp-server.json', expires: 60 })],
    ['a reference that is not https', json({ url: 'http://host.test/posh.json', expires: 60 })],
    ['no JSON', (_, response) => response.end('<html/>')],
    ['404', (_, response) => response.writeHead(404).end('{}')],
    ['a redirection', (_, response) => response.writeHead(302, { location: 'https://host.test/posh.json' }).end()],
    ['an endless document', (_, response) => void response.end('['.repeat(70_000))],
    [
      'a document cut short',
      (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy()),
    ],
  ])('%s', async (_, handler) => {
    await using there = await served(handler)
    expect(await there.checker.check(der, 'far.test', { signal })).toBe(false)
  })

  test.each([
    ['for another host', issue({ names: [dnsId('other.test')] }, root)],
    ['of an unknown authority', issue({ names: [dnsId('far.test')] })],
  ])('a web server with a certificate %s', async (_, credential) => {
    await using there = await served(good, credential)
    expect(await there.checker.check(der, 'far.test', { signal })).toBe(false)
    expect(there.asked).toEqual([])
  })

  test('an address that may not be connected to, found or named outright', async () => {
    await using there = await served(json({ url: `https://127.0.0.1/x`, expires: 60 }))
    const { port } = there
    const guarded = poshChecker({ resolver, ca: [root.cert], port })
    expect(await guarded.check(der, 'far.test', { signal })).toBe(false)
    expect(there.asked).toEqual([])
    const onlyNames = poshChecker({
      resolver,
      ca: [root.cert],
      port,
      allow: address => there.asked.length === 0 && address !== '',
    })
    expect(await onlyNames.check(der, 'far.test', { signal })).toBe(false)
    expect(there.asked).toEqual(['far.test/.well-known/posh/xmpp-server.json'])
  })
})

test('whatever a web server sends is read or refused, nothing else', () => {
  const document = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ expires: fc.jsonValue(), url: fc.jsonValue(), fingerprints: fc.jsonValue() }, { requiredKeys: [] })
      .map(it => JSON.stringify(it)),
  )
  fc.assert(
    fc.property(document, text => {
      try {
        const read = readPosh(text)
        expect(read.fingerprints.every(it => it.length === 32)).toBe(true)
        expect(read.expiresMs).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
  )
})
