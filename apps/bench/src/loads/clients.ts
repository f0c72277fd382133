/** Clients of a server, logged in. */

import { LoadClient } from '@tercet/testkit/load-client'
import { DOMAIN, PASSWORD } from '../ground.ts'
import type { BenchServer } from '../servers/server.ts'
import { inParallel } from './wait.ts'

/** How to log in. */
export interface ClientOptions {
  /** Default {@link DOMAIN}. */
  readonly domain?: string
  readonly tls?: boolean
  readonly mechanism?: string
}

/** A connection to `server` that has not logged in. */
export function client(server: BenchServer, local: string, options: ClientOptions = {}): LoadClient {
  return new LoadClient({
    host: '127.0.0.1',
    port: server.port,
    domain: DOMAIN,
    local,
    password: PASSWORD,
    resource: 'bench',
    ...options,
  })
}

/** Logs in, each under its own account, all available, and sure that the server knows it. */
export async function logIn(
  server: BenchServer,
  locals: readonly string[],
  options: ClientOptions = {},
): Promise<LoadClient[]> {
  const clients = locals.map(() => undefined as LoadClient | undefined)
  await inParallel([...locals.keys()], 8, async index => {
    const each = client(server, locals[index]!, options)
    await each.login()
    // The answer comes after the presence was handled.
    each.send(`<iq type='get' id='ready' to='${each.options.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await each.expect(/<iq[^>]* id=.ready./)
    clients[index] = each
  })
  // Filled above, or it has thrown.
  return clients as LoadClient[]
}
