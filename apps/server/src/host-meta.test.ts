import { createServer, type Server } from '@tercet/server'
import { memoryStorage } from '@tercet/storage/memory'
import { parse } from '@tercet/xml'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { hostMetaOf, mountHostMeta, type HostMetaOptions } from './host-meta.ts'

let server: Server

beforeEach(async () => {
  server = await createServer({ storage: memoryStorage(), hosts: [{ name: 'a.test', modules: [] }] })
})
afterEach(() => server.stop())

function mount(options: Partial<HostMetaOptions> = {}): void {
  const defaults = {
    url: undefined,
    addresses: [],
    tlsPort: undefined,
    servers: false,
    serverTlsPort: undefined,
    plainOnLoopback: false,
  }
  mountHostMeta(server.hosts.get('a.test')!, { ...defaults, ...options })
}

function ask(url: string, address = '192.0.2.1'): Promise<Response> {
  return server.respond(new Request(url), { address, encrypted: url.startsWith('https:') })
}

test('both forms name the WebSocket and BOSH, to pages of all sites (XEP-0156 §2, §3)', async () => {
  mount()
  const json = await ask('https://a.test:5280/.well-known/host-meta.json')
  expect(json.headers.get('content-type')).toBe('application/json')
  expect(json.headers.get('access-control-allow-origin')).toBe('*')
  expect(await json.json()).toEqual({
    links: [
      { rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://a.test:5280/ws' },
      { rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://a.test:5280/bosh' },
    ],
  })
  const xml = await ask('https://a.test:5280/.well-known/host-meta')
  expect(xml.headers.get('content-type')).toBe('application/xrd+xml; charset=utf-8')
  expect(xml.headers.get('access-control-allow-origin')).toBe('*')
  const root = parse(await xml.text())
  expect([root.name, root.ns]).toEqual(['XRD', 'http://docs.oasis-open.org/ns/xri/xrd-1.0'])
  expect(root.elements().map(link => link.attr('href'))).toEqual(['wss://a.test:5280/ws', 'https://a.test:5280/bosh'])
})

describe('other servers', () => {
  const S2S = { rel: 'urn:xmpp:alt-connections:s2s-websocket', href: 'wss://a.test:5280/s2s' }

  test('hear of their WebSocket in both forms (XEP-0468 §2)', async () => {
    mount({ servers: true })
    const json = await ask('https://a.test:5280/.well-known/host-meta.json')
    expect(((await json.json()) as { links: unknown[] }).links).toContainEqual(S2S)
    const xml = parse(await (await ask('https://a.test:5280/.well-known/host-meta')).text())
    expect(xml.elements().map(link => ({ rel: link.attr('rel'), href: link.attr('href') }))).toContainEqual(S2S)
  })

  test('hear nothing of one without TLS', async () => {
    mount({ servers: true, plainOnLoopback: true })
    const json = await ask('http://127.0.0.1:5280/.well-known/host-meta.json', '127.0.0.1')
    expect(await json.text()).not.toContain('s2s')
  })

  test('find all ways in host-meta 2, since they ask for no records then (XEP-0487 §2.2)', async () => {
    mount({ servers: true, serverTlsPort: 5270, addresses: ['192.0.2.7'] })
    const { links } = (await (await ask('https://a.test:5280/.well-known/host-meta.json')).json()) as {
      links: unknown[]
    }
    const where = { ips: ['192.0.2.7'], weight: 50 }
    const direct = { rel: 'urn:xmpp:alt-connections:s2s-tls', port: 5270, sni: 'a.test', ...where, priority: 5 }
    expect(links).toContainEqual(direct)
    expect(links).toContainEqual({ ...S2S, sni: 'a.test', ...where, priority: 10 })
  })

  test.each([
    ['[listen]\ns2s_tls = ["*:5270"]', true, 5270],
    ['[listen]\ns2s_tls = ["127.0.0.1:5270"]', true, undefined],
    ['[listen]\ns2s_tls = ["*:5270"]\n[s2s]\nfederation = "off"', false, undefined],
    ['[s2s]\nfederation = "allow"', true, undefined],
  ])('are told of what lets them in: %j', (source, servers, serverTlsPort) => {
    expect(hostMetaOf(parseConfig(source, undefined))).toMatchObject({ servers, serverTlsPort })
  })
})

test('WS-04: nothing is told over plain HTTP, not even on this machine', async () => {
  mount()
  for (const file of ['host-meta', 'host-meta.json']) {
    expect((await ask(`http://a.test/.well-known/${file}`)).status).toBe(404)
    expect((await ask(`http://127.0.0.1:5280/.well-known/${file}`, '127.0.0.1')).status).toBe(404)
  }
})

test.each([
  ['this machine', 'http://127.0.0.1:5280', '127.0.0.1', 'ws://127.0.0.1:5280/ws'],
  ['this machine by IPv6', 'http://[::1]:5280', '::1', 'ws://[::1]:5280/ws'],
  ['somebody else', 'http://127.0.0.1:5280', '192.0.2.1', undefined],
  ['another name of it', 'http://a.test:5280', '127.0.0.1', undefined],
])('where clients need no TLS, plain HTTP is for this machine alone: %s', async (_, base, address, expected) => {
  mount({ plainOnLoopback: true })
  const response = await ask(`${base}/.well-known/host-meta.json`, address)
  const told = response.ok ? ((await response.json()) as { links: { href: string }[] }).links[0]?.href : undefined
  expect(told).toBe(expected)
})

test('what the operator says is told instead of the address that was asked', async () => {
  mount({ url: 'https://chat.example' })
  expect(await (await ask('https://inner:5280/.well-known/host-meta.json')).text()).toContain('"wss://chat.example/ws"')
})

test('host-meta 2 comes with the addresses that it needs (XEP-0487 §2.1)', async () => {
  mount({ url: 'https://chat.example', addresses: ['192.0.2.7', '2001:db8::7'], tlsPort: 5223 })
  const ips = ['192.0.2.7', '2001:db8::7']
  expect(await (await ask('https://a.test/.well-known/host-meta.json')).json()).toEqual({
    xmpp: { ttl: 86_400 },
    links: [
      { rel: 'urn:xmpp:alt-connections:tls', port: 5223, sni: 'a.test', ips, priority: 5, weight: 50 },
      {
        rel: 'urn:xmpp:alt-connections:websocket',
        href: 'wss://chat.example/ws',
        sni: 'chat.example',
        ips,
        priority: 10,
        weight: 50,
      },
      {
        rel: 'urn:xmpp:alt-connections:xbosh',
        href: 'https://chat.example/bosh',
        sni: 'chat.example',
        ips,
        priority: 10,
        weight: 50,
      },
    ],
  })
})

test.each([
  ['c2s_tls = ["*:5223"]', 5223],
  ['c2s_tls = ["127.0.0.1:5223", "[::]:15223"]', 15_223],
  ['c2s_tls = ["127.0.0.1:5223"]', undefined],
  ['', undefined],
])('a port that nobody else can reach is not told: %s', (listen, port) => {
  expect(hostMetaOf(parseConfig(`[listen]\n${listen}`, undefined)).tlsPort).toBe(port)
})
