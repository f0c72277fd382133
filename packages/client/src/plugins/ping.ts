/** XMPP ping (XEP-0199 2.0.1): asks whether somebody is there, and answers. */

import type { Jid } from '@tercet/jid'
import { ping as wire } from '@tercet/stanza/ping'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'

/** What the ping plugin offers. */
export interface Ping {
  /** Resolves when `to` has answered, default our server. @throws {StanzaError} nobody is there, or it does not know pings */
  send(to?: Jid | string, options?: Abortable): Promise<void>
}

/** Pings, and answers pings. */
export const ping = definePlugin({
  name: 'ping',
  specs: { 'XEP-0199': '2.0.1' },
  setup(client): Ping {
    client.handle(wire, () => undefined)
    return {
      send: (to = client.account.domain, options = {}) => client.request(wire, {}, { ...options, to }),
    }
  },
})
