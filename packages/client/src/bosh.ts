/** Connecting by BOSH (XEP-0206 1.4), where WebSockets do not come through; the address is given or asked for (XEP-0156 1.4.0). */

import { BoshTransport } from './bosh-transport.ts'
import type { Connect } from './connect.ts'
import { discover } from './websocket.ts'

/** Options of {@link bosh}. */
export interface BoshConnectOptions {
  /** Where the server answers: `https://…`. Default: what the domain's host-meta says. */
  readonly url?: string
}

/** Connects by the platform's `fetch`. An address without encryption counts as plain text. */
export function bosh({ url }: BoshConnectOptions = {}): Connect {
  return async ({ domain, signal }) => {
    const address = url ?? (await discover(domain, signal, 'xbosh'))
    signal.throwIfAborted()
    return { transport: new BoshTransport(address), secure: new URL(address).protocol === 'https:' }
  }
}
