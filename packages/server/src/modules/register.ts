/** In-band registration (XEP-0077 2.4): new accounts where that is open, new passwords, and the end of an account. */

import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/register'
import type { Registration } from '@tercet/stanza/register'
import { z } from 'zod'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import { removeWithTurn } from '../removal.ts'
import { invites } from './invites.ts'
import { deriveKeys, localOf } from './new-credentials.ts'
import { newAccounts } from './register-feature.ts'

/** Registers before authentication if it is open; afterwards only the account itself is changed. */
export const register = defineModule({
  name: 'register',
  specs: { 'XEP-0077': '2.4', 'XEP-0445': '0.2.0' },
  features: [wire.NS],
  needs: [invites],
  options: z.strictObject({
    open: z.boolean().default(false).describe('Whether everybody may make an account'),
    per_hour: z
      .int()
      .positive()
      .optional()
      .describe('Accounts that one address may make in an hour; no limit unless set'),
  }),
  setup(host, made, options) {
    host.receiverFeatures.push(newAccounts(host, made, options))
    // With and without an address: the sender's own account is meant (§3.2, §3.3).
    for (const target of ['self', 'server'] as const) {
      host.handle(wire.get, target, (_, context) => registered(ownAccount(host, context)))
      host.handle(wire.set, target, (request, context) => set(host, request, context))
    }
  },
})

/**
 * The sender's account here.
 *
 * @throws {StanzaError} `service-unavailable`: it is somebody of elsewhere, whom this host registers nothing for
 */
function ownAccount(host: Host, { session }: IqContext): Account {
  if (session?.host !== host) throw new StanzaError('service-unavailable')
  return session.account
}

/** §3.1: what is on file, without the password. */
function registered({ jid }: Account): Registration {
  return { registered: true, remove: false, username: jid.local, password: '' }
}

async function set(host: Host, request: Registration, context: IqContext): Promise<void> {
  const account = ownAccount(host, context)
  if (request.remove) {
    // §3.2: alone, so that nothing else is mistaken for it.
    if (context.iq.content.elementAt(0).elements().length > 1)
      throw new StanzaError('bad-request', { text: 'A removal says nothing else' })
    return inQueue(account, context, () => removeWithTurn(account, context.turn))
  }
  const { username, password } = request
  if (username === undefined || password === undefined)
    throw new StanzaError('bad-request', { text: 'Give your username and the new password' })
  if (localOf(host, username) !== account.jid.local)
    throw new StanzaError('forbidden', { text: 'You can change your own password only' })
  const keys = await deriveKeys(host, password)
  return inQueue(account, context, () => {
    host.accounts.write(context.turn.unit, account.jid.local, keys, { create: false })
  })
}

/** A request to the account itself is in its queue already. */
async function inQueue(
  account: Account,
  { account: addressed }: IqContext,
  run: () => void | Promise<void>,
): Promise<void> {
  const checked = async (): Promise<void> => {
    if (!(await account.host.accounts.exists(account.jid.local))) throw new StanzaError('registration-required')
    await run()
  }
  return addressed ? checked() : account.turn(checked)
}
