/** The listening sockets of a server, by the option that names their addresses. */

import { listen, type ListenOptions, type ServerTls } from '@tercet/net'
import type { Components } from '@tercet/component'
import type { Logger, Scope } from '@tercet/plugin'
import type { Server } from '@tercet/server'
import type { Transport } from '@tercet/stream'
import { formatAddress, type ListenAddress } from './address.ts'
import type { Config } from './config.ts'
import type { Federation } from './federation/federation.ts'
import type { Web } from './http.ts'
import { rangeTest } from './proxies.ts'
import { UserError } from './user-error.ts'

/** What connections are brought to. */
export interface Doors {
  readonly server: Server
  readonly tls: ServerTls
  /** Undefined: there are no other servers. */
  readonly federation: Federation | undefined
  /** Undefined: there are none. */
  readonly components: Components | undefined
  readonly web: Web
  readonly logger: Logger
  /** Holds the sockets. */
  readonly scope: Scope
}

/** A socket that listens. */
export interface Listening {
  readonly option: string
  readonly at: ListenAddress
}

/**
 * Opens all sockets of a configuration.
 *
 * @throws {UserError} an address is taken or not ours; the text names the option that changes it
 */
export async function openListeners(config: Config, doors: Doors): Promise<Listening[]> {
  const { server, tls, federation, components, web, logger, scope } = doors
  const onError = (error: Error): void =>
    logger.debug({ reason: error.message }, 'A connection failed before its stream')
  const proxies = config.proxyProtocol ? { proxies: rangeTest(config.proxies) } : {}
  const tcp = (accept: (transport: Transport) => void, options: Partial<ListenOptions>) => async (at: ListenAddress) =>
    scope.add(await listen({ ...given(at), onError, ...options }, accept))
  const toClients = (transport: Transport): void => server.accept(transport)
  const toServers = (transport: Transport): void => federation?.gateway.accept(transport)
  const toComponents = (transport: Transport): void => components?.accept(transport)
  const kinds: readonly [string, readonly ListenAddress[], (at: ListenAddress) => Promise<ListenAddress>][] = [
    ['c2s', config.listen.c2s, tcp(toClients, proxies)],
    ['c2s_tls', config.listen.c2sTls, tcp(toClients, { ...proxies, tls })],
    ['http', config.listen.http, at => web.listen(at)],
    ['s2s', federation ? config.listen.s2s : [], tcp(toServers, {})],
    [
      's2s_tls',
      federation ? config.listen.s2sTls : [],
      tcp(toServers, federation ? { tls: federation.tls.server } : {}),
    ],
    ['component', components ? config.listen.component : [], tcp(toComponents, {})],
  ]
  const opened: Listening[] = []
  for (const [option, addresses, open] of kinds) {
    for (const wanted of addresses) {
      try {
        const { address, port } = await open(wanted)
        opened.push({ option, at: { address, port } })
        logger.info({ option: `listen.${option}`, address: formatAddress({ address, port }) }, 'Listening')
      } catch (error) {
        if (config.listensByDefault && isMissing(error, wanted)) {
          logger.warn({ address: formatAddress(wanted) }, 'This machine has no such address; it is left out')
          continue
        }
        throw new UserError(refusal(error, config, option), { cause: error })
      }
    }
  }
  return opened
}

function given({ address, port }: ListenAddress): { port: number; address?: string } {
  return address === undefined ? { port } : { port, address }
}

/** A machine without IPv6 has no `::1`. */
function isMissing(error: unknown, { address }: ListenAddress): boolean {
  if (address !== '::1' || !(error instanceof Error)) return false
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException // of Node's error, below ours
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
}

function refusal(error: unknown, config: Config, option: string): string {
  const text = error instanceof Error ? error.message : String(error)
  const where = config.file === undefined ? 'a configuration file (tercet start --config FILE)' : config.file
  return `${text}. Set listen.${option} in ${where} to listen elsewhere`
}
