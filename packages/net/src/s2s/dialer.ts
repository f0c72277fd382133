/** Reaching the server of another domain (RFC 6120 §3.2; RFC 8305; XEP-0368 1.1.0; XEP-0468 0.1.0). */
import { isIP } from 'node:net'
import type { Transport } from '@tercet/stream'
import { aLabels } from '../certificate.ts'
import { dial, endpointText } from '../dial.ts'
import { TransportError, transportError } from '../error.ts'
import { guardedLookup, guardLiteral } from '../guarded-lookup.ts'
import { isPublicAddress } from '../public-address.ts'
import { dnsResolver, type Resolver } from '../resolve.ts'
import type { DialStep } from '../srv.ts'
import { dialWebSocket } from '../websocket.ts'
import type { S2sTls } from './contexts.ts'
import type { WebSocketFinder } from './web-socket-finder.ts'

/** Where a domain is, when the operator says so and the DNS is not asked. */
export type S2sTarget =
  | { readonly host: string; readonly port: number; readonly directTls?: boolean }
  /** A `wss:` address (XEP-0468). */
  | { readonly webSocket: string }

/** Options of {@link s2sDialer}. */
export interface S2sDialerOptions {
  readonly tls: S2sTls
  /** Default {@link dnsResolver} with the system's name servers. */
  readonly resolver?: Resolver
  /**
   * Whether an address found in the DNS may be connected to. Default {@link isPublicAddress}: a stranger writes those
   * records, and must not have us knock at our own doors. Targets of the operator are not asked about.
   */
  readonly allow?: (address: string) => boolean
  /** The operator's target of a domain. Default: none. */
  readonly targetOf?: (domain: string) => S2sTarget | undefined
  /** Asks domains whose records lead nowhere for WebSockets. Default: none is asked. */
  readonly webSockets?: WebSocketFinder
  /** Longest message of a WebSocket. Default 589 824: the longest stanza that a gateway takes, and some room. */
  readonly maxMessageBytes?: number
  /** Head start of an attempt over the next. Default 250. */
  readonly attemptDelayMs?: number
  /** The whole of it, by records or by a WebSocket. Default 30 000, with `webSockets` 15 000. */
  readonly timeoutMs?: number
}

/** What one attempt may be told. */
export interface S2sDialOptions {
  readonly signal: AbortSignal
  readonly trace?: ((step: DialStep) => void) | undefined
  /** Where the domain's own server says that it is (RFC 6120 §4.9.3.19). It is a stranger's word, so `allow` is asked. */
  readonly target?: { readonly host: string; readonly port: number } | undefined
}

/** A connection to another server; it has `tls` where the target offered direct TLS, and no verdict on it yet. */
export interface S2sDialled {
  readonly transport: Transport
  /** `address:port` or the WebSocket's address, shown to people. */
  readonly target: string
  /**
   * Host of the WebSocket's address: a certificate for it is as good as one for the domain, since who gave us the address says that the
   * domain is there (XEP-0487 0.1.0 §2.2).
   */
  readonly delegate?: string | undefined
}

/** Connects our domains to other servers. */
export interface S2sDialer {
  /**
   * Connects to the server of `to` on behalf of our domain `from`.
   *
   * @throws {TransportError} `not-found`, `service-absent`: the DNS says that there is no server of that domain ·
   * `unresolved`: the DNS does not answer · `refused`, `unreachable`, `reset`, `tls`, `timeout`: the server does not ·
   * `aborted`
   */
  dial(from: string, to: string, options: S2sDialOptions): Promise<S2sDialled>
}

/** With another way left, the records do not get all the time that a negotiation has. */
const TCP_MS = 15_000
/** Domains whose WebSocket answered where their records did not. */
const MAX_PREFERRED = 1000

/** Makes an {@link S2sDialer}. */
export function s2sDialer(options: S2sDialerOptions): S2sDialer {
  const { resolver = dnsResolver(), allow = isPublicAddress, targetOf, tls, attemptDelayMs, webSockets } = options
  const { maxMessageBytes = 589_824, timeoutMs = webSockets ? TCP_MS : undefined } = options
  const patience = timeoutMs === undefined ? {} : { timeoutMs }
  const preferred = new Set<string>()

  /** @param guard the address is a stranger's */
  async function byWebSocket(it: Attempt, url: string, guard = false): Promise<S2sDialled> {
    const { from, to, signal, trace } = it
    const delegate = hostNameOf(url)
    const transport = await traced(url, trace, () => {
      if (guard) guardLiteral(url, allow)
      return dialWebSocket(secureAddress(url), {
        // A web server that has many names goes by the one in the address.
        tls: tls.client(from, delegate ?? to),
        signal,
        maxMessageBytes,
        ...(guard ? { lookup: guardedLookup(resolver, allow) } : {}),
        ...patience,
      })
    })
    return { transport, target: url, delegate }
  }

  async function byRecords(it: Attempt, target: S2sDialOptions['target'], guard = true): Promise<S2sDialled> {
    const { from, to, signal, trace } = it
    const transport = await dial(to, {
      service: 'xmpp-server',
      tls: tls.client(from, to),
      resolver,
      signal,
      trace,
      ...(target === undefined ? {} : { target }),
      ...(guard ? { allow } : {}),
      ...(attemptDelayMs === undefined ? {} : { attemptDelayMs }),
      ...patience,
    })
    return { transport, target: endpointText(transport.remote.address, transport.remote.port) }
  }

  /** Undefined: the domain names no WebSocket that answers. */
  async function byHostMeta(it: Attempt): Promise<S2sDialled | undefined> {
    const { to, signal, trace } = it
    const urls = (await webSockets?.find(aLabels(to) ?? to, { signal })) ?? []
    const told = urls.length === 0 ? 'no WebSocket for servers' : urls.join(', ')
    trace?.({ step: 'records', ok: urls.length > 0, text: `host-meta of ${to}: ${told}` })
    for (const url of urls) {
      const dialled = await byWebSocket(it, url, true).catch(() => undefined)
      if (dialled) return dialled
      if (signal.aborted) break
    }
    return undefined
  }

  /** RFC 6120 §3.2 first; a domain that was to be had by WebSocket alone, by that. */
  async function byEither(it: Attempt): Promise<S2sDialled> {
    if (preferred.delete(it.to)) {
      const again = await byHostMeta(it)
      if (again) return prefer(it.to, again)
    }
    try {
      return await byRecords(it, undefined)
    } catch (cause) {
      if (transportError(cause).code === 'service-absent' || it.signal.aborted) throw cause
      const dialled = await byHostMeta(it)
      if (!dialled) throw cause
      return prefer(it.to, dialled)
    }
  }

  function prefer(domain: string, dialled: S2sDialled): S2sDialled {
    preferred.add(domain)
    if (preferred.size > MAX_PREFERRED) preferred.delete(preferred.values().next().value!) // not empty: one was just added
    return dialled
  }

  return {
    async dial(from, to, { signal, trace, target: elsewhere }) {
      const ordered = targetOf?.(to)
      const it = { from, to, signal, trace }
      if (ordered && 'webSocket' in ordered) return byWebSocket(it, ordered.webSocket)
      const target = ordered ?? elsewhere
      return target || !webSockets ? byRecords(it, target, !ordered) : byEither(it)
    },
  }
}

interface Attempt {
  readonly from: string
  readonly to: string
  readonly signal: AbortSignal
  readonly trace: S2sDialOptions['trace']
}

/** TLS is not optional here (XEP-0468 §2). */
function secureAddress(url: string): string {
  if (url.startsWith('wss:')) return url
  throw new TransportError('protocol', `${url} is no wss: address`)
}

/** The name in an address; undefined: it has none. */
function hostNameOf(url: string): string | undefined {
  const { hostname = '' } = URL.parse(url) ?? {}
  return hostname === '' || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 ? undefined : hostname
}

async function traced(
  url: string,
  trace: S2sDialOptions['trace'],
  connect: () => Promise<Transport>,
): Promise<Transport> {
  try {
    const transport = await connect()
    trace?.({ step: 'connect', ok: true, text: `Connected to ${url}` })
    return transport
  } catch (cause) {
    trace?.({ step: 'connect', ok: false, text: `${url}: ${transportError(cause).message}` })
    throw cause
  }
}
