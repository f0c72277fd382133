/** Session establishment of RFC 3921 §3 for old clients: binding has done it (draft-cridland-xmpp-session-01). */

import * as wire from '@tercet/stanza/session'
import { defineModule } from '../module.ts'

/** Answers the request with an empty result; binding advertises it as optional. */
export const session = defineModule({
  name: 'session',
  specs: { 'draft-cridland-xmpp-session': '01' },
  setup(host) {
    host.handle(wire.session, 'self', () => {})
    host.handle(wire.session, 'server', () => {})
  },
})
