#!/usr/bin/env node
/** The tercet program: what the server is made of, and the command line around it. */

import { serverTls } from '@tercet/net'
import { Scope } from '@tercet/plugin'
import { createServer } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import type { Transport } from '@tercet/stream'
import { openCertificates } from './certificates.ts'
import { openClientCertificates } from './client-certificates.ts'
import { runCommandLine } from './cli/program.ts'
import type { Serve } from './cli/start.ts'
import { openComponents } from './components/components.ts'
import { openControl } from './control.ts'
import { longestMessage, openFederation } from './federation/federation.ts'
import { hostMetaOf, mountHostMeta } from './host-meta.ts'
import { createWeb } from './http.ts'
import { firstInvite, linkInvites } from './invite/links.ts'
import { mountInvites } from './invite/routes.ts'
import { openListeners } from './listeners.ts'
import { bearerOf } from './oauth.ts'
import { Calm, thisProcess } from './memory.ts'
import { rangeTest } from './proxies.ts'
import { filesOf, openStorage } from './reach.ts'
import { stopServer } from './shut-down.ts'
import { webAddressOf } from './web-address.ts'
import { webPush } from './web-push/web-push.ts'
import { WEBSOCKET_SLACK } from './web-sockets.ts'

/** How often the end of a self-made certificate is looked at. */
const CERTIFICATE_CHECK_MS = 43_200_000

const serve: Serve = async (config, { logger, shutDown }) => {
  const scope = new Scope()
  try {
    const storage = scope.add(await openStorage(config, logger))
    const certificates = openCertificates(config, logger)
    scope.add(() => certificates.close())
    const clients = config.clientCertificates && openClientCertificates(config.clientCertificates)
    const tls = serverTls({
      contexts: certificates.contexts,
      defaultName: 'default',
      ...(clients ? { requestCert: true, ca: clients.ca } : {}),
    })
    certificates.onChange(() => tls.replace(certificates.contexts))

    const server = await createServer({
      storage,
      hosts: config.hosts.map(name => ({
        name,
        modules: standardModules,
        anonymous: config.anonymous.has(name),
        ...bearerOf(config, name),
      })),
      ...(clients ? { certificates: clients } : {}),
      tls,
      requireTls: config.requireTls,
      iterations: config.iterations,
      limits: config.limits,
      logger,
      moduleOptions: config.modules,
      files: filesOf(config),
      webPush: webPush(),
    })
    const toServers = {
      maxMessageBytes: longestMessage(config.federation),
      // Nobody listens before it is there.
      accept: (transport: Transport) => federation?.gateway.accept(transport),
    }
    // Good-byes still go out: to those who are here over HTTP, and from sessions to other servers.
    const web = createWeb({
      certificates,
      maxMessageBytes: server.limits.stanzaBytes + WEBSOCKET_SLACK,
      logger,
      accept: transport => server.accept(transport),
      ...(config.federation.policy.federation === 'off' ? {} : { servers: toServers }),
      respond: (request, visitor) => server.respond(request, visitor),
      trusts: rangeTest(config.proxies),
      origins: config.http.origins,
    })
    scope.add(() => web.close())
    const isLocal = (domain: string): boolean => server.hosts.has(domain) || config.components.has(domain)
    const federation = await openFederation(config.federation, server, isLocal, certificates, logger)
    const components = openComponents(config, server, logger)
    // What comes in waits for the next start.
    if (federation) scope.add(() => federation.gateway.close())
    if (components) scope.add(() => components.close())
    scope.add(() => stopServer(server, logger))
    scope.add(() => web.pause())
    if (federation) scope.add(() => federation.gateway.pause())
    if (components) scope.add(() => components.pause())
    server.wheel.add(
      { due: nowMs => (certificates.reload(), nowMs + CERTIFICATE_CHECK_MS) },
      server.wheel.now + CERTIFICATE_CHECK_MS,
    )

    server.wheel.add(
      new Calm(
        thisProcess(() => server.streams.size),
        logger,
      ),
      server.wheel.now,
    )

    for (const host of server.hosts.values()) mountHostMeta(host, hostMetaOf(config))
    mountInvites(server)
    await components?.start()
    const listening = await openListeners(config, { server, tls, federation, components, web, logger, scope })
    server.webAddress = webAddressOf(config, listening)
    linkInvites(server, { url: config.http.url, at: listening.find(({ option }) => option === 'http')?.at })
    await federation?.gateway.start()
    const control = await openControl(config.data, { server, federation, components, shutDown }, logger)
    scope.add(() => control.close())
    return {
      listening,
      firstInvite: () => firstInvite(server),
      reloadCertificates: () => certificates.reload(),
      close: () => scope[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

await runCommandLine(process.argv, serve)
