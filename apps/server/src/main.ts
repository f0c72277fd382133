#!/usr/bin/env node
/** The tercet program: what the server is made of, and the command line around it. */

import { serverTls } from '@tercet/net'
import { Scope } from '@tercet/plugin'
import { createServer } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { openCertificates } from './certificates.ts'
import { runCommandLine } from './cli/program.ts'
import type { Serve } from './cli/start.ts'
import { openControl } from './control.ts'
import { Invitation } from './first-account/invitation.ts'
import { createWeb } from './http.ts'
import { openListeners } from './listeners.ts'
import { openStorage } from './reach.ts'
import { stopServer } from './shut-down.ts'

/** Room above the limit on stanzas, so that the stream answers a long one and not the WebSocket. */
const WEBSOCKET_SLACK = 65_536

/** How often the end of a self-made certificate is looked at. */
const CERTIFICATE_CHECK_MS = 43_200_000

const serve: Serve = async (config, { logger, shutDown }) => {
  const scope = new Scope()
  try {
    const storage = scope.add(await openStorage(config, logger))
    const certificates = openCertificates(config, logger)
    scope.add(() => certificates.close())
    const tls = serverTls({ contexts: { default: certificates.current }, defaultName: 'default' })
    certificates.onChange(pair => tls.replace({ default: pair }))

    const server = await createServer({
      storage,
      hosts: config.hosts.map(name => ({ name, modules: standardModules })),
      tls,
      requireTls: config.requireTls,
      iterations: config.iterations,
      limits: config.limits,
      logger,
      moduleOptions: config.modules,
    })
    scope.add(() => stopServer(server, logger))
    server.wheel.add(
      { due: nowMs => (certificates.reload(), nowMs + CERTIFICATE_CHECK_MS) },
      server.wheel.now + CERTIFICATE_CHECK_MS,
    )

    const invitation = new Invitation(server)
    const web = createWeb({
      certificates,
      invitation,
      maxMessageBytes: server.limits.stanzaBytes + WEBSOCKET_SLACK,
      logger,
      accept: transport => server.accept(transport),
    })
    scope.add(() => web.close())
    const listening = await openListeners(config, { server, tls, web, logger, scope })
    const control = await openControl(config.data, { server, shutDown }, logger)
    scope.add(() => control.close())
    return {
      listening,
      invitation,
      reloadCertificates: () => certificates.reload(),
      close: () => scope[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

await runCommandLine(process.argv, serve)
