/** Components: programs that serve a domain of their own through this server (XEP-0114). */

import { createComponents, type Components } from '@tercet/component'
import type { Logger } from '@tercet/plugin'
import type { Server } from '@tercet/server'
import { discovery } from '@tercet/server/modules'
import { Jid } from '@tercet/jid'
import type { Config } from '../config.ts'

/**
 * Makes the components of a server and gives it the stanzas for their domains, before what is for other servers; undefined: there are
 * none.
 */
export function openComponents(
  { components: secrets, hosts }: Pick<Config, 'components' | 'hosts'>,
  server: Server,
  logger: Logger,
): Components | undefined {
  const [domain] = hosts
  if (secrets.size === 0 || domain === undefined) return undefined
  const { stanzaBytes, depth, loginMs, unwrittenCharacters, idleMs, answerMs } = server.limits
  const components = createComponents({
    secrets,
    domain,
    receiver: server,
    storage: server.storage,
    limits: { stanzaBytes, depth, loginMs, unwrittenCharacters, idleMs, answerMs },
    flushList: server.flushList,
    newId: server.newId,
    logger,
  })
  const elsewhere = server.remote
  server.remote = {
    send(stanza, turn) {
      if (stanza.to && components.has(stanza.to.domain)) components.send(stanza, turn)
      else elsewhere.send(stanza, turn)
    },
  }
  list(components, server)
  return components
}

/** Clients find gateways and bots among the items of their host: those below its domain while they are connected (XEP-0030 §4). */
function list(components: Components, server: Server): void {
  for (const host of server.hosts.values())
    host.services.get(discovery).items(() =>
      components
        .list()
        .filter(({ domain, connected }) => connected && domain.endsWith(`.${host.domain}`))
        .map(({ domain }) => ({ jid: Jid.parse(domain) })),
    )
}
