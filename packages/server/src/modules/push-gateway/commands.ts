/** How apps register (XEP-0050 1.3.0): the commands that app servers have, here with what a web push subscription is made of. */

import { StanzaError } from '@tercet/stanza'
import { makeForm, valueOf, type DataForm } from '@tercet/stanza/data-form'
import type { Host } from '../../host.ts'
import type { PushEndpoint, PushSender } from '../../web-push.ts'
import { badPayload, type Caller, type Commands, type Outcome } from '../commands.ts'
import type { HourlyLimit } from '../hourly-limit.ts'
import type { Registration, Registrations } from './registrations.ts'

/** What the commands need. */
export interface Registering {
  readonly host: Host
  readonly sender: () => Promise<PushSender>
  readonly registrations: Registrations
  readonly limit: HourlyLimit
  /** Whether accounts of other servers may register. */
  readonly isOpen: boolean
}

const MAX_DEVICE = 128

/** Adds them. */
export function addCommands(commands: Commands, registering: Registering): void {
  const { sender, registrations, isOpen } = registering
  const allows = ({ from, session }: Caller): boolean => session !== undefined || (isOpen && from.local !== '')
  commands.add({
    node: 'register-push-web',
    name: 'Register for push notifications',
    allows,
    form: async () => {
      const { publicKey } = await sender()
      const form = makeForm('form', undefined, {
        'vapid-key': publicKey,
        endpoint: '',
        p256dh: '',
        auth: '',
        'device-id': '',
      })
      const title = 'Notifications over the web'
      return { ...form, title, instructions: ['A subscription for the key vapid-key; names as in the Push API'] }
    },
    run: (form, caller) => register(registering, form, caller),
  })
  commands.add({
    node: 'unregister-push',
    name: 'End push notifications',
    allows,
    form: () => ({
      ...makeForm('form', undefined, { node: '', 'device-id': '' }),
      instructions: ['One app, by either; all without both'],
    }),
    async run(form, { from, turn }) {
      const node = given(form, 'node')
      const device = given(form, 'device-id')
      const fits = (one: Registration): boolean =>
        (node === undefined || one.node === node) && (device === undefined || one.device === device)
      const gone = await registrations.remove(from.bare, fits, turn)
      if (gone === 0 && (node ?? device) !== undefined)
        throw new StanzaError('item-not-found', { text: 'No such app is registered' })
      return { notes: [{ type: 'info', text: `${gone} removed` }] }
    },
  })
  commands.add({
    node: 'list-push-registrations',
    name: 'Show push notifications',
    allows,
    async run(_, { from }) {
      const items = (await registrations.of(from.bare)).map(({ node, device, usedAt }) => ({
        fields: makeForm('result', undefined, { node, 'device-id': device, used: new Date(usedAt).toISOString() })
          .fields,
      }))
      const reported = makeForm('result', undefined, { node: [], 'device-id': [], used: [] })
      return { form: { ...makeForm('result', undefined, {}), reported, items } }
    },
  })
}

async function register(
  { host, sender, registrations, limit }: Registering,
  form: DataForm | undefined,
  { from, turn }: Caller,
): Promise<Outcome> {
  const endpoint: PushEndpoint = {
    url: required(form, 'endpoint'),
    p256dh: base64url(required(form, 'p256dh')),
    auth: base64url(required(form, 'auth')),
  }
  const device = given(form, 'device-id') ?? ''
  if (device.length > MAX_DEVICE) throw badPayload('device-id is too long')
  const refusal = (await sender()).refusal(endpoint)
  if (refusal !== undefined) throw badPayload(refusal)
  if (!limit.take(from.bare.text))
    throw new StanzaError('policy-violation', { type: 'wait', text: 'Too many registrations, try again in an hour' })
  const made = await registrations.register(from.bare, device, endpoint, turn)
  if (!made) throw new StanzaError('resource-constraint', { type: 'wait', text: 'No more apps can be registered' })
  const { node, secret } = made
  return { form: makeForm('result', undefined, { jid: host.domain, node, secret }) }
}

/** A value that is not empty. */
function given(form: DataForm | undefined, name: string): string | undefined {
  const value = form && valueOf(form, name)
  return value === '' ? undefined : value
}

function required(form: DataForm | undefined, name: string): string {
  const value = given(form, name)
  if (value === undefined) throw badPayload(`${name} is missing`)
  return value
}

/** Some write keys in the other alphabet. */
function base64url(text: string): string {
  return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
