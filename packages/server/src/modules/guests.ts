/** What guests may and may not do (XEP-0175 1.2 §2), on hosts that let people in without an account. */

import { isSubscriptionType, StanzaError } from '@tercet/stanza'
import * as register from '@tercet/stanza/register'
import * as roster from '@tercet/stanza/roster'
import { z } from 'zod'
import { forgetGuest, Guests, isGuest } from '../guests.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, inbound, outbound } from '../points.ts'

/** Lets guests in where the host is for them, and keeps them from what would outlast them. */
export const guests = defineModule({
  name: 'guests',
  specs: { 'XEP-0175': '1.2' },
  options: z.strictObject({
    max: z.int().positive().default(1000).describe('Guests at a time on one host'),
    per_address: z.int().positive().default(100).describe('Guests at a time from one address'),
    remote: z.boolean().default(false).describe('Whether guests may write to other domains'),
  }),
  setup(host, { max, per_address, remote }) {
    // Also where the host takes none any more: some may be left from before.
    host.on(accountRemoved, 'run', ({ account, turn }) => forgetGuest(host, account.jid.local, turn.unit))
    if (!host.login.anonymous) return
    host.guests = new Guests(host, { max, perAddress: per_address })
    host.on(outbound, 'guard', ({ session, stanza }) => {
      if (!isGuest(host, session.account.jid)) return
      if (!remote && stanza.to && !host.server.hosts.has(stanza.to.domain))
        throw new StanzaError('not-allowed', { text: 'Guests talk to this server only' })
      // Both would have to be undone for everybody concerned when the guest leaves.
      if (stanza.kind === 'presence' && isSubscriptionType(stanza.type))
        throw new StanzaError('not-allowed', { text: 'Guests have no contacts' })
      if (stanza.kind !== 'iq' || stanza.type !== 'set') return
      if (stanza.content.find('query', roster.NS) >= 0)
        throw new StanzaError('not-allowed', { text: 'Guests have no contacts' })
      if (stanza.content.find('query', register.NS) >= 0)
        throw new StanzaError('not-allowed', { text: 'Guests have no password' })
    })
    host.onKind('presence', inbound, 'guard', ({ account, stanza, turn }) => {
      if (!isSubscriptionType(stanza.type) || !isGuest(host, account.jid)) return
      // For the guest, who would have to refuse it all the same, and is gone soon (RFC 6121 §3.2).
      if (stanza.type === 'subscribe' && stanza.from)
        host.sendPresence('unsubscribed', account.jid, stanza.from.bare, turn)
      return 'drop'
    })
  },
})
