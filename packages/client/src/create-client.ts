/** The client of browsers, and of everything that has their WebSocket. */

import type { Client, ClientOptions } from './client.ts'
import { create } from './core.ts'
import type { Apis, NoPlugins, Plugins } from './plugin.ts'
import { websocket } from './websocket.ts'

/**
 * Makes a client and logs it in, by WebSocket unless `connect` says otherwise. It is kept up from then on; see {@link ClientOptions}.
 *
 * @throws {SaslError} wrong password · {StreamError} the server or the policy objects · {ClientError} `unavailable`: no connection
 *   · {JidError} · the signal's reason
 */
export function createClient<P extends Plugins = NoPlugins>(options: ClientOptions<P>): Promise<Client & Apis<P>> {
  return create(options, options.connect ?? websocket())
}
