/** Names to addresses: the port that dialling asks, and Node's resolver behind it. */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { TransportError } from './error.ts'

/** An SRV record (RFC 2782). */
export interface SrvRecord {
  /** The target; empty or `.` says that the service does not exist. */
  readonly host: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** An IP address. */
export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** Asks the DNS. */
export interface Resolver {
  /** SRV records of a name; none when it has none. @throws {TransportError} `unresolved`: no name server answered · `aborted` */
  srv(name: string, options?: ResolveOptions): Promise<readonly SrvRecord[]>
  /** Addresses of a host, as the system prefers them; none when it has none. @throws {TransportError} as above */
  addresses(host: string, options?: ResolveOptions): Promise<readonly Address[]>
}

/** A TLSA record (RFC 6698 §2.1). */
export interface TlsaRecord {
  /** Certificate usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218). */
  readonly usage: number
  /** 0 the whole certificate, 1 its public key. */
  readonly selector: number
  /** 0 the bytes, 1 their SHA-256, 2 their SHA-512. */
  readonly match: number
  readonly data: Uint8Array
}

/** Asks the DNS for TLSA records too. */
export interface TlsaResolver extends Resolver {
  /** TLSA records of `_port._tcp.host`; none when it has none. @throws {TransportError} as `srv` */
  tlsa(name: string, options?: ResolveOptions): Promise<readonly TlsaRecord[]>
}

/** What a query may be told. */
export interface ResolveOptions {
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link dnsResolver}. */
export interface DnsResolverOptions {
  /** Name servers as `address` or `address:port`. Default: the system's, and its hosts file for addresses. */
  readonly servers?: readonly string[]
  /** Wait for each try. Default 3 000. */
  readonly timeoutMs?: number
  /** Default 2. */
  readonly tries?: number
}

/** A {@link TlsaResolver} that asks name servers by Node. */
export function dnsResolver(options: DnsResolverOptions = {}): TlsaResolver {
  const { servers, timeoutMs = 3_000, tries = 2 } = options
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries })
  if (servers !== undefined) resolver.setServers([...servers])
  return {
    async srv(name, { signal } = {}) {
      const records = await answer(name, () => resolver.resolveSrv(name), signal)
      return records.map(({ name: host, port, priority, weight }) => ({ host, port, priority, weight }))
    },
    async tlsa(name, { signal } = {}) {
      const records = await answer(name, () => resolver.resolveTlsa(name), signal)
      return records.map(({ certUsage: usage, selector, match, data }) => {
        return { usage, selector, match, data: new Uint8Array(data) }
      })
    },
    async addresses(host, { signal } = {}) {
      const family = isIP(host)
      if (family === 4 || family === 6) return [{ address: host, family }]
      if (servers === undefined) return system(host, signal)
      const lists = await Promise.allSettled([
        answer(host, () => resolver.resolve6(host), signal),
        answer(host, () => resolver.resolve4(host), signal),
      ])
      if (lists[0].status === 'rejected' && lists[1].status === 'rejected') throw lists[1].reason
      return lists.flatMap((list, index) =>
        list.status === 'fulfilled'
          ? list.value.map((address): Address => ({ address, family: index === 0 ? 6 : 4 }))
          : [],
      )
    },
  }
}

async function system(host: string, signal: AbortSignal | undefined): Promise<Address[]> {
  const found = await answer(host, () => dns.lookup(host, { all: true, order: 'verbatim' }), signal)
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/** The name exists without such records, or does not exist: an answer, and an empty one. */
const nothing: readonly string[] = ['ENODATA', 'ENOTFOUND']

async function answer<T>(name: string, ask: () => Promise<T[]>, signal: AbortSignal | undefined): Promise<T[]> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(new TransportError('aborted', 'Given up by the caller', { cause: signal?.reason }))
  if (signal?.aborted === true) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  try {
    // A query that nobody waits for any more ends by its own timeout.
    return await Promise.race([ask(), promise])
  } catch (cause) {
    if (cause instanceof TransportError) throw cause
    if (cause instanceof Error && nothing.includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw new TransportError('unresolved', `No name server answers for ${name}`, { cause })
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
