/** External services (XEP-0215 1.0.0): STUN servers and TURN relays for calls, with credentials that a relay checks without asking us. */

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/extdisco'
import type { ExternalService } from '@tercet/stanza/extdisco'
import { z } from 'zod'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'

const service = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).optional(),
  type: z.enum(['stun', 'stuns', 'turn', 'turns']),
  transport: z.enum(['udp', 'tcp']).optional(),
})

/** A service as an operator writes it. */
type Configured = z.output<typeof service>

/** Tells accounts of this host, and nobody else: a relay costs its operator traffic. */
export const turn = defineModule({
  name: 'turn',
  specs: { 'XEP-0215': '1.0.0' },
  options: z.strictObject({
    services: z.array(service).default([]).describe('STUN and TURN servers'),
    secret: z.string().min(1).optional().describe("The relays' shared secret, coturn's static-auth-secret"),
    lifetime_seconds: z.int().min(60).max(604_800).default(86_400).describe('How long credentials hold'),
  }),
  setup(host, { services, secret, lifetime_seconds: lifetimeSeconds }) {
    if (services.length === 0) return
    host.feature(wire.NS)
    const key = secret === undefined ? undefined : createSecretKey(secret, 'utf8')

    host.handle(wire.services, 'server', ({ type }, context) => {
      const user = ownUser(context)
      const wanted = services.filter(service => type === undefined || service.type === type)
      return { ...(type === undefined ? {} : { type }), services: all(wanted, user) }
    })

    host.handle(wire.credentials, 'server', ({ service: asked }, context) => {
      const user = ownUser(context)
      const wanted = services.filter(
        ({ host, type, port }) =>
          host === asked.host && type === asked.type && (asked.port === undefined || asked.port === port),
      )
      if (wanted.length === 0) throw new StanzaError('item-not-found', { text: 'There is no such service' })
      return { services: all(wanted, user) }
    })

    function ownUser({ session }: IqContext): string {
      if (session?.host !== host) throw new StanzaError('forbidden', { text: 'These services are for accounts here' })
      return session.account.jid.local
    }

    function all(wanted: readonly Configured[], user: string): ExternalService[] {
      const expires = new Date((Math.floor(Date.now() / 1000) + lifetimeSeconds) * 1000)
      const credentials = key && credentialsFor(key, user, expires)
      return wanted.map(service => ({
        ...service,
        // STUN alone tells an address, for which nobody logs in.
        ...(service.type.startsWith('turn') && credentials ? { ...credentials, expires, restricted: true } : {}),
      }))
    }
  },
})

/** The end of their time and the user make the name; its HMAC by the shared secret is the password (draft-uberti-behave-turn-rest §2.2). */
function credentialsFor(key: KeyObject, user: string, expires: Date): { username: string; password: string } {
  const username = `${expires.getTime() / 1000}:${user}`
  return { username, password: createHmac('sha1', key).update(username).digest('base64') }
}
