/**
 * Where clients and other servers find this server by HTTP: host-meta (XEP-0156 1.4.0, XEP-0468 0.1.0) and host-meta 2 (XEP-0487 0.1.0). Only
 * true addresses are told, and only to those who ask over TLS, since whoever reads them goes there.
 */

import type { Host, Visit } from '@tercet/server'
import { escapeAttr } from '@tercet/xml'
import { isLoopback, type ListenAddress } from './address.ts'
import type { Config } from './config.ts'
import { S2S_PATH, WEBSOCKET_PATH } from './web-sockets.ts'

/** What is told of a server. */
export interface HostMetaOptions {
  /** Where the HTTP listener is seen from outside: `https://chat.example.org`. Default: the address that was asked. */
  readonly url: string | undefined
  /** Public IP addresses, which host-meta 2 wants; without any it is plain host-meta. */
  readonly addresses: readonly string[]
  /** Port with TLS from the first byte (XEP-0368) at these addresses. */
  readonly tlsPort: number | undefined
  /** Other servers are let in, also by WebSocket. */
  readonly servers: boolean
  /** As {@link tlsPort}, for them. */
  readonly serverTlsPort: number | undefined
  /** Tells this machine alone, over plain HTTP too: where clients need no TLS, in tests. */
  readonly plainOnLoopback: boolean
}

/** What a configuration lets us tell. */
export function hostMetaOf({ http, listen, requireTls, federation }: Config): HostMetaOptions {
  const servers = federation.policy.federation !== 'off'
  return {
    url: http.url,
    addresses: http.addresses,
    tlsPort: publicPort(listen.c2sTls),
    servers,
    serverTlsPort: servers ? publicPort(listen.s2sTls) : undefined,
    plainOnLoopback: !requireTls,
  }
}

/** What listens on this machine alone is seen from elsewhere through something whose port we do not know. */
function publicPort(addresses: readonly ListenAddress[]): number | undefined {
  return addresses.find(({ address }) => !isLoopback(address))?.port
}

const XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0'
const REL = 'urn:xmpp:alt-connections:'
const DAY_SECONDS = 86_400

/** Answers at `/.well-known/host-meta` and `/.well-known/host-meta.json` of a host. */
export function mountHostMeta(host: Host, options: HostMetaOptions): void {
  // §3: pages of other sites ask where to connect.
  const routeOptions = { cors: true }
  host.route(
    'GET',
    '/.well-known/host-meta',
    (request, visit) => {
      const base = baseOf(request, visit, options)
      return base && told(xrd(base, options), 'application/xrd+xml; charset=utf-8')
    },
    routeOptions,
  )
  host.route(
    'GET',
    '/.well-known/host-meta.json',
    (request, visit) => {
      const base = baseOf(request, visit, options)
      return base && told(JSON.stringify(jrd(base, host.domain, options)), 'application/json')
    },
    routeOptions,
  )
}

/** Scheme and authority of our addresses; undefined: nothing that may be told. */
function baseOf(request: Request, { address, encrypted }: Visit, options: HostMetaOptions): URL | undefined {
  const asked = new URL(request.url)
  if (encrypted) return new URL(options.url ?? `https://${asked.host}`)
  const isHere = options.plainOnLoopback && isLoopback(address) && isLoopback(asked.hostname.replace(/^\[|\]$/g, ''))
  return isHere ? asked : undefined
}

function told(text: string, type: string): Response {
  return new Response(text, { headers: { 'content-type': type, 'cache-control': 'max-age=3600' } })
}

function links(base: URL, { servers }: HostMetaOptions): { rel: string; href: string }[] {
  const isSecure = base.protocol === 'https:'
  const webSocket = (path: string): string => {
    const url = new URL(path, base)
    url.protocol = isSecure ? 'wss:' : 'ws:'
    return url.href
  }
  return [
    { rel: `${REL}websocket`, href: webSocket(WEBSOCKET_PATH) },
    { rel: `${REL}xbosh`, href: new URL('/bosh', base).href },
    // Between servers TLS is a MUST (XEP-0468 §2).
    ...(servers && isSecure ? [{ rel: `${REL}s2s-websocket`, href: webSocket(S2S_PATH) }] : []),
  ]
}

function xrd(base: URL, options: HostMetaOptions): string {
  const all = links(base, options).map(({ rel, href }) => `<Link rel='${escapeAttr(rel)}' href='${escapeAttr(href)}'/>`)
  return `<?xml version='1.0' encoding='utf-8'?><XRD xmlns='${XRD}'>${all.join('')}</XRD>`
}

/** With an `xmpp` member nobody else is asked (XEP-0487 §2.2), so it is there only with the addresses that it needs. */
function jrd(base: URL, domain: string, options: HostMetaOptions): object {
  const { addresses, tlsPort, serverTlsPort } = options
  const plain = links(base, options)
  if (addresses.length === 0) return { links: plain }
  const where = { ips: addresses, priority: 10, weight: 50 }
  const tls = (name: string, port: number | undefined) =>
    port === undefined ? [] : [{ rel: REL + name, port, sni: domain, ...where, priority: 5 }]
  return {
    xmpp: { ttl: DAY_SECONDS },
    links: [
      ...tls('tls', tlsPort),
      ...tls('s2s-tls', serverTlsPort),
      ...plain.map(link => ({ ...link, sni: base.hostname, ...where })),
    ],
  }
}
