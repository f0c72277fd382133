/** The client on Node: the browser's, and TCP with SRV records, direct TLS and STARTTLS (RFC 6120 §3, §5; XEP-0368). */

import { clientTls, dial, type ClientTls, type ClientTlsOptions, type Resolver } from '@tercet/net'
import type { Client, ClientOptions } from './client.ts'
import type { Connect } from './connect.ts'
import { create } from './core.ts'
import type { Apis, NoPlugins, Plugins } from './plugin.ts'

export * from './index.ts'

/** Options of {@link tcp}. */
export interface TcpOptions {
  /** Connect there and ask no SRV records. */
  readonly target?: { readonly host: string; readonly port: number; readonly directTls?: boolean }
  /** What certificates to believe, and our own; its domain is always the account's. */
  readonly tls?: Omit<ClientTlsOptions, 'domain' | 'service'>
  /** Default: the system's name servers. */
  readonly resolver?: Resolver
}

/** Connects by TCP to whatever serves the domain; a server that sends us elsewhere still has to show the domain's certificate. */
export function tcp({ target, tls: tlsOptions, resolver }: TcpOptions = {}): Connect {
  const contexts = new Map<string, ClientTls>()
  return async ({ domain, other, signal }) => {
    const tls = contexts.get(domain) ?? clientTls({ ...tlsOptions, domain })
    contexts.set(domain, tls)
    const place = other ? { host: other.host, port: other.port ?? 5222 } : target
    const transport = await dial(domain, {
      tls,
      signal,
      ...(place ? { target: place } : {}),
      ...(resolver ? { resolver } : {}),
    })
    return { transport, tls }
  }
}

/**
 * Makes a client and logs it in, by TCP unless `connect` says otherwise. It is kept up from then on; see {@link ClientOptions}.
 *
 * @throws {SaslError} wrong password · {StreamError} the server or the policy objects · {TransportError} no connection · {JidError}
 *   · the signal's reason
 */
export function createClient<P extends Plugins = NoPlugins>(options: ClientOptions<P>): Promise<Client & Apis<P>> {
  return create(options, options.connect ?? tcp())
}
