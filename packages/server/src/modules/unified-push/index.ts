/**
 * A push server for UnifiedPush whose distributor is an XMPP client, such as Conversations: other apps of a phone get their pushes over the link
 * that the client has anyway. It takes web push requests (RFC 8030 §5) and keeps none for later.
 */

import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/unified-push'
import { z } from 'zod'
import type { Host } from '../../host.ts'
import { defineModule } from '../../module.ts'
import { accountRemoved, outbound } from '../../points.ts'
import { everyHour } from '../every-hour.ts'
import { HourlyLimit } from '../hourly-limit.ts'
import { Endpoints } from './endpoints.ts'
import { Relay, type Relayed } from './relay.ts'

const PATH = '/push/:token'
const DAY_MS = 86_400_000
/** RFC 8030 §7.2: so much has to be taken. */
const MAX_BYTES = 4096
/** Names are 32 bytes in base64. */
const NAME = /^[A-Za-z0-9+/]{43}=$/

const STATUS: Readonly<Record<Relayed, number>> = { taken: 201, kept: 201, gone: 404, away: 503, busy: 503 }

/** Gives endpoints to clients of accounts here, and them what comes there. */
export const unifiedPush = defineModule({
  name: 'unified_push',
  specs: { 'RFC 8030': '2016-12' },
  features: [wire.NS],
  options: z.strictObject({
    max_endpoints: z.int().positive().default(100).describe('Endpoints of one account'),
    keep_days: z.int().positive().default(14).describe('How long an endpoint lasts that its client does not renew'),
    per_hour: z.int().positive().default(600).describe('Pushes to one endpoint in an hour'),
  }),
  setup(host, { max_endpoints, keep_days, per_hour }) {
    const endpoints = new Endpoints(host, { max: max_endpoints, lifeMs: keep_days * DAY_MS })
    const relay = new Relay(host)
    const limit = new HourlyLimit(host, per_hour)

    host.handle(wire.register, 'server', async ({ application, instance }, { session, turn }) => {
      if (session?.host !== host) throw new StanzaError('forbidden', { text: 'Only accounts here have endpoints' })
      if (!NAME.test(application) || !NAME.test(instance))
        throw new StanzaError('bad-request', { text: 'Names are 32 bytes in base64' })
      const base = baseOf(host)
      const register = () => endpoints.register(session, { application, instance }, turn)
      const { token, expires } = await session.account.entered(register)
      return { endpoint: `${base}/push/${token}`, expiration: new Date(expires) }
    })

    host.onKind('iq', outbound, 'handle', ({ session, stanza }) => {
      if (stanza.type !== 'result' && stanza.type !== 'error') return
      if (stanza.to?.text === host.domain && relay.answered(session, stanza)) return 'handled'
    })

    host.route(
      'POST',
      PATH,
      async (request, { params }) => {
        const endpoint = await endpoints.find(params['token'] ?? '')
        if (!endpoint) return undefined
        if (!limit.take(endpoint.token)) return answer(429, { 'retry-after': '3600' })
        const data = await readBody(request)
        if (!data) return answer(413)
        if (data.length === 0) return answer(400)
        const relayed = await relay.push(endpoint, data)
        if (relayed === 'gone') await endpoints.remove(endpoint)
        // RFC 8030 §5.2: nothing is kept for later.
        return answer(STATUS[relayed], STATUS[relayed] === 201 ? { ttl: '0' } : {})
      },
      { cors: true },
    )
    // How others find out that this is a push server.
    host.route(
      'GET',
      PATH,
      async (_, { params }) =>
        (await endpoints.find(params['token'] ?? '')) && Response.json({ unifiedpush: { version: 1 } }),
      { cors: true },
    )

    host.on(accountRemoved, 'run', ({ account, turn }) => endpoints.clear(account.jid, turn))

    everyHour(host, () => endpoints.sweep())
  },
})

function answer(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers })
}

/** Undefined: it is too long. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BYTES) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** @throws {StanzaError} `service-unavailable`: nobody listens for HTTP */
function baseOf(host: Host): string {
  const base = host.server.webAddress(host.domain)
  if (base === undefined) throw new StanzaError('service-unavailable', { text: 'This server takes no pushes now' })
  return base
}
