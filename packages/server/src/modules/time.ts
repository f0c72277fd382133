/** Entity time (XEP-0202 2.0) of the host. */

import * as wire from '@tercet/stanza/time'
import { defineModule } from '../module.ts'

/** Tells the host's clock and its zone. */
export const time = defineModule({
  name: 'time',
  specs: { 'XEP-0202': '2.0' },
  features: [wire.NS],
  setup(host) {
    host.handle(wire.time, 'server', () => {
      const now = new Date()
      // JavaScript counts west as positive; `|| 0` so that it never is -0.
      return { offsetMinutes: -now.getTimezoneOffset() || 0, utc: now }
    })
  },
})
