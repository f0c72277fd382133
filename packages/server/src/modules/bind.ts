/** Binding a second resource on a stream is refused (RFC 6120 §7.7.3). */

import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/bind'
import { defineModule } from '../module.ts'

/** Answers requests to bind that come after binding. */
export const bind = defineModule({
  name: 'bind',
  specs: { 'RFC 6120': '2011-03' },
  setup(host) {
    for (const target of ['self', 'server'] as const) {
      host.handle(wire.bind, target, () => {
        throw new StanzaError('not-allowed', { text: 'This stream has a resource already' })
      })
    }
  },
})
