/** Pings (XEP-0199 2.0.1), answered for the host and its accounts. */

import * as wire from '@tercet/stanza/ping'
import { defineModule } from '../module.ts'
import { authorizedAccount } from './authorized.ts'
import { rosters } from './roster.ts'

/** Says that somebody is there: the host to everybody, an account to those who may know. */
export const ping = defineModule({
  name: 'ping',
  specs: { 'XEP-0199': '2.0.1' },
  features: [wire.NS],
  needs: [rosters],
  setup(host, store) {
    host.feature(wire.NS, 'account')
    host.handle(wire.ping, 'server', () => {})
    host.handle(wire.ping, 'self', () => {})
    // §4.2: the server answers for the account; a stranger does not learn that it exists.
    host.handle(wire.ping, 'account', async (_, context) => {
      await authorizedAccount(store, context)
    })
  },
})
