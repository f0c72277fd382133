/** Connecting to a domain's XMPP service: SRV, addresses, Happy Eyeballs, direct TLS (RFC 6120 §3.2, RFC 8305, XEP-0368 1.1.0). */
import { connect, isIP } from 'node:net'
import type { Transport } from '@tercet/stream'
import { aLabels, type XmppService } from './certificate.ts'
import { TransportError, transportError } from './error.ts'
import { interleave, race } from './happy-eyeballs.ts'
import { dnsResolver, type Address, type Resolver } from './resolve.ts'
import { targets, type DialStep, type Target } from './srv.ts'
import { TcpTransport } from './tcp.ts'
import type { ClientTls } from './tls.ts'

/** Options of {@link dial}. */
export interface DialOptions {
  /** Default `'xmpp-client'`. */
  readonly service?: XmppService
  /** For targets with direct TLS; without it they are passed over. Its domain is the one dialled. */
  readonly tls?: ClientTls
  /** Connect there and ask no SRV records (RFC 6120 §3.2.3). */
  readonly target?: { readonly host: string; readonly port: number; readonly directTls?: boolean }
  /** Default {@link dnsResolver} with the system's name servers. */
  readonly resolver?: Resolver
  /** Addresses that may be connected to, such as no private ones for a server that strangers name targets to. Default: all. */
  readonly allow?: (address: string) => boolean
  /** Head start of an attempt over the next. Default 250. */
  readonly attemptDelayMs?: number
  /** The whole of it. Default 30 000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Told each step, for people who want to know why an attempt ends as it does. */
  readonly trace?: ((step: DialStep) => void) | undefined
}

/** More addresses than this are not tried: each costs an attempt, and a stranger writes the list. */
const MAX_ADDRESSES = 32

interface Candidate extends Target {
  readonly address: string
}

/**
 * Connects to the service of `domain`. The transport has `tls` where the target offered direct TLS; else STARTTLS is
 * the stream's business.
 *
 * @throws {TransportError} `service-absent`: the domain's records deny the service · `not-found`: no address ·
 * `unresolved`: the name servers do not answer ·
 * `refused`, `unreachable`, `tls`, `certificate`: of the first address, when none worked · `timeout` · `aborted`
 */
export async function dial(domain: string, options: DialOptions = {}): Promise<Transport> {
  const { timeoutMs = 30_000, attemptDelayMs = 250 } = options
  const late = AbortSignal.timeout(timeoutMs)
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal])
  try {
    return await race(
      candidates(domain, options, signal),
      (candidate, aborted) => attempt(candidate, options, aborted),
      transport => transport.destroy(),
      { delayMs: attemptDelayMs, signal },
    )
  } catch (cause) {
    if (late.aborted && options.signal?.aborted !== true)
      throw new TransportError('timeout', `${domain} did not answer`, { cause })
    throw cause
  }
}

/** Addresses of one target after the other; those of later targets are asked for when they are needed. */
async function* candidates(domain: string, options: DialOptions, signal: AbortSignal): AsyncGenerator<Candidate> {
  const { resolver = dnsResolver(), allow, tls, trace } = options
  let count = 0
  let refused: unknown
  const asked: Resolver = {
    async srv(name, settings) {
      try {
        return await resolver.srv(name, settings)
      } catch (cause) {
        refused ??= cause
        throw cause
      }
    },
    addresses: (host, settings) => resolver.addresses(host, settings),
  }
  for (const target of await targetsOf(domain, options, asked, signal)) {
    if (target.directTls && tls === undefined) continue
    let addresses: readonly Address[] = []
    try {
      addresses = await resolver.addresses(target.host, { signal })
    } catch (cause) {
      refused ??= cause
    }
    trace?.(found(target, addresses))
    for (const { address } of interleave(addresses)) {
      if (allow?.(address) === false) {
        trace?.({ step: 'connect', ok: false, text: `${address} is no address that may be connected to` })
        continue
      }
      if (++count > MAX_ADDRESSES) return
      yield { ...target, address }
    }
  }
  if (count > 0) return
  // Silence is not the same as "no": who asks again later may find it.
  const code = refused instanceof TransportError && refused.code === 'unresolved' ? 'unresolved' : 'not-found'
  throw new TransportError(code, `No address found for ${domain}`, { cause: refused })
}

async function targetsOf(
  domain: string,
  options: DialOptions,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly Target[]> {
  const { service = 'xmpp-client', target } = options
  if (target !== undefined) return [{ directTls: false, ...target }]
  const literal = domain.replace(/^\[(.*)\]$/, '$1')
  // An address has no records; its port is the service's own.
  if (isIP(literal) !== 0) return [{ host: literal, port: service === 'xmpp-client' ? 5222 : 5269, directTls: false }]
  const name = aLabels(domain)
  if (name === undefined) throw new TransportError('not-found', `${domain} is not a domain name`)
  return targets(resolver, name, service, { signal, trace: options.trace })
}

function found({ host }: Target, addresses: readonly Address[]): DialStep {
  if (addresses.length === 0) return { step: 'addresses', ok: false, text: `${host} has no address` }
  return { step: 'addresses', ok: true, text: `${host} is at ${addresses.map(it => it.address).join(', ')}` }
}

async function attempt(candidate: Candidate, options: DialOptions, signal: AbortSignal): Promise<Transport> {
  const { tls, trace } = options
  const where = endpointText(candidate.address, candidate.port)
  const step = candidate.directTls ? 'tls' : 'connect'
  try {
    const transport = await connectTo(candidate, tls, signal)
    const how = transport.tls === undefined ? 'Connected to' : `Direct TLS (${transport.tls.protocol}) with`
    trace?.({ step, ok: true, text: `${how} ${where}` })
    return transport
  } catch (cause) {
    // What a quicker attempt has ended is no news.
    const { code, message } = transportError(cause)
    if (code !== 'aborted') trace?.({ step, ok: false, text: `${where}: ${message}` })
    throw cause
  }
}

/** An address and a port as people write them. */
export function endpointText(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

async function connectTo(candidate: Candidate, tls: ClientTls | undefined, signal: AbortSignal): Promise<Transport> {
  const { address, port, directTls } = candidate
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => {
    reject(new TransportError('aborted', 'Another attempt was quicker'))
    socket.destroy()
  }
  socket.once('connect', resolve).once('error', reject)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    await promise
    socket.off('error', reject)
    const transport = new TcpTransport(socket)
    if (directTls && tls !== undefined) await transport.upgrade(tls)
    return transport
  } catch (cause) {
    socket.destroy()
    throw transportError(cause)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
