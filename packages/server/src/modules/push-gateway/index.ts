/**
 * The app server of push notifications (XEP-0357 0.4.1 §4), for apps that listen over the web: browsers (RFC 8030) and phones (UnifiedPush).
 * The service is the host itself, as with uploads. Apps register with an ad-hoc command, as they do at other app servers.
 */

import { timingSafeEqual } from 'node:crypto'
import { DecodeError, StanzaError } from '@tercet/stanza'
import { valueOf, type DataForm } from '@tercet/stanza/data-form'
import { publish, type Item } from '@tercet/stanza/pubsub'
import * as wire from '@tercet/stanza/push'
import { z } from 'zod'
import type { Host } from '../../host.ts'
import type { IqContext } from '../../iq.ts'
import { defineModule } from '../../module.ts'
import { accountRemoved } from '../../points.ts'
import type { PushSender, WebPush } from '../../web-push.ts'
import { commands } from '../commands.ts'
import { discovery } from '../disco.ts'
import { everyHour } from '../every-hour.ts'
import { HourlyLimit } from '../hourly-limit.ts'
import { addCommands } from './commands.ts'
import { Deliveries, type Progress } from './deliveries.ts'
import { Registrations, type Registration } from './registrations.ts'

const DAY_MS = 86_400_000
/** A push service that is well says what it thinks within this. */
const ANSWER_MS = 3000
/** Of a sender and of words; with the rest they fit into one notification. */
const MAX_SENDER = 256
const MAX_WORDS = 400
const CONTACT = 'an address that begins with "mailto:" or "https:"'

const options = z.strictObject({
  contact: z
    .string()
    .regex(/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, { error: CONTACT })
    .optional()
    .describe('Whom push services tell if something is wrong; default: https:// and the name of the host'),
  open: z.boolean().default(false).describe('Whether accounts of other servers may register as well'),
  max_registrations: z.int().positive().default(20).describe('Apps of one account; the oldest go first'),
  max_total: z.int().positive().default(100_000).describe('Apps of all accounts'),
  per_hour: z.int().positive().default(60).describe('Registrations of one account in an hour'),
  keep_days: z.int().positive().default(90).describe('How long an app is kept that nothing was sent to'),
  ttl_hours: z.int().min(1).max(672).default(168).describe('How long push services keep a notification'),
  retry_minutes: z.int().positive().default(60).describe('How long a push service that fails is tried'),
  with_sender: z.boolean().default(false).describe('Whether apps are told who has written'),
  with_body: z.boolean().default(false).describe('Whether apps are told what was written'),
  private_addresses: z
    .boolean()
    .default(false)
    .describe('Whether endpoints may be in private networks, and without TLS there'),
})

/** Takes what servers publish, and tells it to apps. */
export const pushGateway = defineModule({
  name: 'push_gateway',
  specs: { 'XEP-0357': '0.4.1', 'RFC 8030': '2016-12', 'RFC 8291': '2017-11', 'RFC 8292': '2017-11' },
  options,
  needs: [discovery, commands],
  setup(host, disco, all, configured) {
    const { webPush } = host.server
    if (!webPush) return
    let opened: Promise<PushSender> | undefined
    // Opened when it is needed: a host on which nobody registers makes no key.
    const sender = (): Promise<PushSender> =>
      (opened ??= openSender(host, webPush, configured).catch((error: unknown) => {
        opened = undefined
        throw error
      }))
    const registrations = new Registrations(host, {
      account: configured.max_registrations,
      total: configured.max_total,
      expireMs: configured.keep_days * DAY_MS,
    })
    const deliveries = new Deliveries(host, {
      find: node => registrations.find(node),
      async send({ endpoint }, payload, signal) {
        const notification = {
          payload,
          ttlSeconds: configured.ttl_hours * 3600,
          urgency: 'high',
          topic: 'tercet',
        } as const
        return (await sender()).send(endpoint, notification, { signal })
      },
      over(registration, outcome) {
        const where = { owner: registration.owner, node: registration.node }
        if (outcome.kind === 'sent') return void registrations.used(registration).catch(host.bug)
        host.logger.info({ ...where, reason: outcome.reason }, 'An app was not notified')
        if (outcome.kind === 'gone') void registrations.forget(registration).catch(host.bug)
      },
      giveUpMs: configured.retry_minutes * 60_000,
    })
    host.scope.add(deliveries)
    void deliveries.restore()

    host.feature(wire.NS)
    disco.identity({ category: 'pubsub', type: 'push', name: 'Web Push' })
    addCommands(all, {
      host,
      sender,
      registrations,
      limit: new HourlyLimit(host, configured.per_hour),
      isOpen: configured.open,
    })
    host.handle(publish, 'server', async ({ publish: { node, items }, options }, context) => {
      const registration = await published(registrations, node ?? '', options?.form, context)
      const payload = payloadOf(registration, summaryOf(items), configured)
      const { first } = await deliveries.push(registration, payload).catch(unstored)
      // Another server counts on our acknowledgements: it does not wait for somebody's web server, and hears with the next one.
      if (!context.turn.promised) refuse(await inTime(host, first))
      return undefined
    })
    host.on(accountRemoved, 'run', async ({ account, turn }) => {
      deliveries.forget(account.jid, turn)
      await registrations.remove(account.jid, () => true, turn)
    })

    everyHour(host, () => registrations.sweep())
  },
})

/** Opens the sender of a host, whose key is made once: apps listen to nobody else. */
async function openSender(
  host: Host,
  webPush: WebPush,
  { contact = `https://${host.domain}`, private_addresses }: z.output<typeof options>,
): Promise<PushSender> {
  const table = host.table<string>('push key')
  const row = await table.get(host.domain, '', 'vapid')
  const key = row?.value ?? (await webPush.newKey())
  if (!row) {
    const unit = host.server.storage.unit()
    table.put(unit, host.domain, '', 'vapid', key)
    await unit.commit()
  }
  return webPush.open({ key, contact, privateAddresses: private_addresses })
}

/** The registration that somebody may publish to. @throws {StanzaError} `item-not-found`, `forbidden` */
async function published(
  registrations: Registrations,
  node: string,
  form: DataForm | undefined,
  { from }: IqContext,
): Promise<Registration> {
  const registration = await registrations.find(node)
  if (!registration) throw new StanzaError('item-not-found', { text: 'No app is registered with this node' })
  const domain = registration.owner.slice(registration.owner.indexOf('@') + 1)
  // §4.2: what a client sends by itself comes from a full address.
  const isServer = from.resource === '' && (from.text === registration.owner || from.text === domain)
  if (!isServer || !isSame(registration.secret, form && valueOf(form, 'secret')))
    throw new StanzaError('forbidden', { text: 'This node is for the server of the account that registered it' })
  return registration
}

function isSame(secret: string, given = ''): boolean {
  const [a, b] = [Buffer.from(secret), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The form of a notification (§7). @throws {StanzaError} `bad-request`: it is malformed */
function summaryOf(items: readonly Item[]): DataForm | undefined {
  const [payload] = items[0]?.payloads ?? []
  if (payload?.ns !== wire.NS || payload.name !== wire.notification.name) return undefined
  try {
    return wire.notification.read(payload).summary
  } catch (cause) {
    if (cause instanceof DecodeError) throw new StanzaError('bad-request', { text: cause.message, cause })
    throw cause
  }
}

/** What the app gets: which of its registrations it is, and how many messages wait; who and what where both operators want it. */
function payloadOf(
  { node }: Registration,
  summary: DataForm | undefined,
  { with_sender, with_body }: { with_sender: boolean; with_body: boolean },
): Uint8Array {
  const count = Number(summary && valueOf(summary, 'message-count'))
  const sender = with_sender ? summary && valueOf(summary, 'last-message-sender') : undefined
  const body = with_body ? summary && valueOf(summary, 'last-message-body') : undefined
  return Buffer.from(
    JSON.stringify({
      node,
      ...(Number.isSafeInteger(count) && count >= 0 ? { count } : {}),
      ...(sender === undefined ? {} : { sender: sender.slice(0, MAX_SENDER) }),
      ...(body === undefined ? {} : { body: body.slice(0, MAX_WORDS) }),
    }),
  )
}

/** What is known after a while: who publishes waits no longer, and neither does the end of the server. */
function inTime({ server: { wheel } }: Host, progress: Promise<Progress>): Promise<Progress> {
  return new Promise((resolve, reject) => {
    const late = { due: () => (resolve({ kind: 'waiting' }), 0) }
    wheel.add(late, wheel.now + ANSWER_MS)
    progress.finally(() => wheel.remove(late)).then(resolve, reject)
  })
}

/** @throws {StanzaError} always */
function unstored(cause: unknown): never {
  throw new StanzaError('resource-constraint', { text: 'The notification could not be stored; try again later', cause })
}

/** @throws {StanzaError} the notification did not get through, and the server of the account should know */
function refuse(progress: Progress): void {
  switch (progress.kind) {
    case 'gone':
      throw new StanzaError('item-not-found', { text: `The app does not listen any more: ${progress.reason}` })
    case 'refused':
      // It may be our own fault, so the registration stays.
      throw new StanzaError('resource-constraint', { type: 'wait', text: progress.reason })
    case 'full':
      throw new StanzaError('resource-constraint', { type: 'wait', text: 'Too many notifications wait' })
    case 'sent':
    case 'waiting':
    case 'later':
  }
}
