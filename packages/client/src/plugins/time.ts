/** Entity time (XEP-0202 2.0): asks for somebody's clock, and tells ours. */

import type { Jid } from '@tercet/jid'
import { time as wire } from '@tercet/stanza/time'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'

/** What somebody's clock shows. */
export interface ClockTime {
  readonly utc: Date
  /** Minutes of the local time from UTC; east is positive. */
  readonly offsetMinutes: number
}

/** What the time plugin offers. */
export interface Time {
  /** The clock of `to`. @throws {StanzaError} it does not tell */
  ask(to: Jid | string, options?: Abortable): Promise<ClockTime>
}

/** Asks for clocks, and tells ours. */
export const time = definePlugin({
  name: 'time',
  specs: { 'XEP-0202': '2.0' },
  setup(client): Time {
    client.handle(wire, () => {
      const now = new Date()
      // Zero west of Greenwich is not to become `-0`.
      return { utc: now, offsetMinutes: 0 - now.getTimezoneOffset() }
    })
    return { ask: (to, options = {}) => client.request(wire, {}, { ...options, to }) }
  },
})
