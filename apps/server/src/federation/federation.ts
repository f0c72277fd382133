/** Federation: the gateway with its sockets, names and certificates. */

import { readFileSync } from 'node:fs'
import {
  certificateVerifier,
  daneChecker,
  dnsResolver,
  isPublicAddress,
  poshChecker,
  s2sDialer,
  s2sTls,
  webSocketFinder,
  type S2sTls,
} from '@tercet/net'
import type { Logger } from '@tercet/plugin'
import { createGateway, defaultGatewayLimits, type Gateway } from '@tercet/s2s'
import type { Server } from '@tercet/server'
import type { Certificates } from '../certificates.ts'
import { UserError } from '../user-error.ts'
import { WEBSOCKET_SLACK } from '../web-sockets.ts'
import type { FederationConfig } from './config.ts'
import { Pins } from './pins.ts'
import { dialbackSecret } from './secret.ts'

/** What federation is made of, for whoever lists and tries. */
export interface Federation {
  readonly gateway: Gateway
  readonly tls: S2sTls
  readonly pins: Pins
}

/**
 * Makes the gateway of a server and gives it the stanzas for other domains; undefined: federation is off. What `isLocal` says is served
 * here never leaves, and others may speak to it.
 *
 * @throws {UserError} the file with roots cannot be read
 */
export async function openFederation(
  config: FederationConfig,
  server: Server,
  isLocal: (domain: string) => boolean,
  certificates: Certificates,
  logger: Logger,
): Promise<Federation | undefined> {
  if (config.policy.federation === 'off') return undefined
  const ca = config.ca === undefined ? [] : [readRoots(config.ca)]
  const tls = s2sTls({ contexts: certificates.contexts, defaultName: 'default', ca })
  certificates.onChange(() => tls.replace(certificates.contexts))
  const resolver = dnsResolver(config.dns === undefined ? {} : { servers: config.dns })
  const allow = config.privateAddresses ? () => true : isPublicAddress
  const pins = new Pins(server.storage)
  const gateway = createGateway({
    isLocal,
    receiver: server,
    storage: server.storage,
    secret: await dialbackSecret(server.storage),
    tls,
    dialer: s2sDialer({
      tls,
      resolver,
      allow,
      targetOf: domain => config.targets.get(domain),
      maxMessageBytes: longestMessage(config),
      ...(config.webSocket ? { webSockets: webSocketFinder({ resolver, allow, ca }) } : {}),
    }),
    verifier: certificateVerifier({
      ca,
      pins: domain => config.pins.get(domain),
      store: pins,
      ...(config.dane ? { dane: daneChecker(resolver) } : {}),
      ...(config.posh ? { posh: poshChecker({ resolver, allow, ca }) } : {}),
    }),
    policy: config.policy,
    limits: config.limits,
    bidi: config.bidi,
    flushList: server.flushList,
    newId: server.newId,
    logger,
  })
  server.remote = gateway
  return { gateway, tls, pins }
}

/** Longest message of a WebSocket of another server. */
export function longestMessage({ limits }: FederationConfig): number {
  return (limits.stanzaBytes ?? defaultGatewayLimits.stanzaBytes) + WEBSOCKET_SLACK
}

function readRoots(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UserError(`${file} cannot be read: ${(cause as Error).message}`)
  }
}
