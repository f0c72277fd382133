/** How invitations are made and redeemed within XMPP: commands (XEP-0401 0.6.0) and subscriptions with a token (XEP-0379 0.3.3). */

import type { Verdict } from '@tercet/plugin'
import { hasFrom, presence, StanzaError } from '@tercet/stanza'
import { makeForm, valueOf, type DataForm, type FormField } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/preauth'
import { z } from 'zod'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, inbound, type InboundEvent } from '../points.ts'
import { badPayload, commands, type Caller, type Outcome } from './commands.ts'
import { groups } from './groups.ts'
import { HourlyLimit } from './hourly-limit.ts'
import { Invites, invites, type InviteOptions } from './invites.ts'
import { localOf } from './new-credentials.ts'
import { rosters, type Rosters } from './roster.ts'
import { receiveSubscription, sendSubscription } from './subscription.ts'

/** Makes invitations for users and operators, and lets in who has one. */
export const invitations = defineModule({
  name: 'invites',
  specs: { 'XEP-0379': '0.3.3', 'XEP-0401': '0.6.0' },
  features: [wire.NS_INVITE],
  needs: [rosters, groups, commands],
  provides: invites,
  options: z.strictObject({
    users: z
      .enum(['nothing', 'contacts', 'accounts'])
      .default('contacts')
      .describe('What users may invite to: to be their contacts, and whether these may have accounts here'),
    days: z.number().positive().max(3650).default(7).describe('How long an invitation is good'),
    max_open: z.int().positive().default(50).describe('Open invitations of one account'),
    per_hour: z.int().positive().default(20).describe('Invitations that one account may make in an hour'),
  }),
  setup(host, store, shared, all, options) {
    const made = new Invites(host, { rosters: store, groups: shared, maxOpen: options.max_open })
    const limit = new HourlyLimit(host, options.per_hour)
    const lifetimeMs = options.days * 86_400_000
    const create = (invite: Omit<InviteOptions, 'lifetimeMs'>, caller: Caller): Promise<Outcome> =>
      outcome(made, { ...invite, lifetimeMs }, caller)
    all.add({
      node: wire.INVITE,
      name: 'Invite somebody',
      // Who is here for an hour invites nobody.
      allows: ({ session }) =>
        session !== undefined && options.users !== 'nothing' && !host.accounts.guests.has(session.jid.local),
      run(_, caller) {
        if (!limit.take(caller.from.local))
          throw new StanzaError('resource-constraint', { text: 'Too many invitations; try again later' })
        return create({ inviter: caller.from.local, account: options.users === 'accounts' }, caller)
      },
    })
    all.add({
      node: wire.CREATE_ACCOUNT,
      name: 'Invite somebody to have an account',
      allows: ({ session, isAdmin }) => session !== undefined && isAdmin,
      form: () => accountForm(shared.names),
      run(form, caller) {
        const wanted = form ? valueOf(form, 'username')?.trim() : undefined
        const username = wanted ? localOf(host, wanted) : undefined
        if (wanted && username === undefined) throw badPayload('This is not a username')
        const group = (form && valueOf(form, 'group')) ?? ''
        const befriend = ['1', 'true'].includes((form && valueOf(form, 'roster-subscription')) ?? '')
        return create(
          {
            account: true,
            username,
            group: group === '' ? undefined : group,
            inviter: befriend ? caller.from.local : undefined,
          },
          caller,
        )
      },
    })
    host.onKind('presence', inbound, 'rewrite', event => {
      const { stanza } = event
      if (stanza.type !== 'subscribe' || !stanza.has(wire.preauth)) return
      return redeem(host, store, made, event)
    })
    host.on(accountRemoved, 'run', ({ account, turn }) => made.forget(account.jid.local, turn))
    return made
  },
})

async function outcome(made: Invites, options: InviteOptions, { turn }: Caller): Promise<Outcome> {
  const { token, invite } = await made.create(options, turn)
  const page = made.page?.(token)
  return {
    form: makeForm('result', wire.FORM_TYPE, {
      uri: made.uri(token, invite),
      ...(page === undefined ? {} : { 'landing-url': page }),
      expire: new Date(invite.expiresAt).toISOString(),
    }),
  }
}

function accountForm(names: readonly string[]): DataForm {
  const plain = { required: false, values: [], options: [] }
  const fields: FormField[] = [
    { ...plain, var: 'username', type: 'text-single', label: 'Username; whoever comes chooses, if it is empty' },
    { ...plain, var: 'roster-subscription', type: 'boolean', label: 'Be contacts', values: ['0'] },
  ]
  const choices = names.map(value => ({ label: value, value }))
  if (names.length > 0) fields.push({ ...plain, var: 'group', type: 'list-single', label: 'Group', options: choices })
  return { type: 'form', title: 'An invitation', instructions: [], fields, items: [] }
}

/** XEP-0379 §3.5: whoever has the token is a contact at once, and is asked to be one in turn. */
async function redeem(host: Host, store: Rosters, made: Invites, event: InboundEvent): Promise<Verdict | undefined> {
  const { account, stanza, turn } = event
  const from = stanza.from?.bare
  if (stanza.kind !== 'presence' || !from) return undefined
  const before = await store.get(account, from)
  const token = tokenOf(stanza)
  if (hasFrom(before.state) || token === undefined || !(await made.admits(account, token, turn))) return undefined
  store.store(account, from, { ...before, approved: true }, turn)
  await receiveSubscription(host, store, account, stanza.minus(wire.preauth), 'subscribe', turn)
  const request = presence({ type: 'subscribe', from: account.jid, to: from })
  await sendSubscription(host, store, account, request, 'subscribe', turn)
  return 'handled'
}

function tokenOf(stanza: { get(codec: typeof wire.preauth): string | undefined }): string | undefined {
  try {
    return stanza.get(wire.preauth)
  } catch {
    // Without a token it is a request like any other.
    return undefined
  }
}
