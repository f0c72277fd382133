/** Subscriptions to presence (RFC 6121 §3, Appendix A). All of it runs in the queue of the account whose roster it changes. */

import type { BareJid } from '@tercet/jid'
import {
  hasFrom,
  StanzaError,
  stepInbound,
  stepOutbound,
  writeStanza,
  type Presence,
  type SubscriptionType,
} from '@tercet/stanza'
import type { Verdict } from '@tercet/plugin'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { contactAdmitted, inbound, outbound, presenceChanged } from '../points.ts'
import type { Turn } from '../turn.ts'
import { interested, rosters, looksLike, visible, type Contact, type Rosters } from './roster.ts'

const types = new Set<string | undefined>(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'])

/** The type, if the presence is about a subscription. */
export function subscriptionType({ type }: Presence): SubscriptionType | undefined {
  // The set holds the four of them.
  return types.has(type) ? (type as SubscriptionType) : undefined
}

/** Asks, grants, refuses and cancels. */
export const subscription = defineModule({
  name: 'subscription',
  specs: { 'RFC 6121': '2011-03' },
  needs: [rosters],
  setup(host, store) {
    host.streamFeature("<sub xmlns='urn:xmpp:features:pre-approval'/>")
    host.onKind('presence', outbound, 'handle', ({ session, stanza, turn }) => {
      const type = subscriptionType(stanza)
      if (type === undefined) return
      const { account } = session
      return account.turn(() => sendSubscription(host, store, account, stanza, type, turn)).then(handled)
    })
    host.onKind('presence', inbound, 'deliver', ({ account, stanza, turn }) => {
      const type = subscriptionType(stanza)
      if (type === undefined) return
      return receiveSubscription(host, store, account, stanza, type, turn).then(handled)
    })
    host.on(presenceChanged, 'run', async ({ session, before, after }) => {
      if (!after || before) return
      for (const { contact } of await store.list(session.account))
        if (contact.request !== undefined) session.send(contact.request)
    })
  },
})

const handled = (): Verdict => 'handled'

/** The user sends it: tables 2 to 5 (§A.2). */
export async function sendSubscription(
  host: Host,
  store: Rosters,
  account: Account,
  stanza: Presence,
  type: SubscriptionType,
  turn: Turn,
): Promise<void> {
  const to = stanza.to?.bare
  if (!to) throw new StanzaError('bad-request', { text: 'This presence needs an address' })
  if (to.text === account.jid.text) throw new StanzaError('bad-request', { text: 'Nobody subscribes to oneself' })
  const before = await store.get(account, to)
  // The operator has made this subscription: the client sees how it is, and the contact nothing.
  if (before.shared) {
    store.push(account, to, before, turn)
    return
  }
  const step = stepOutbound(type, before.state, before.approved)
  // §3.1.1: a subscription is between accounts.
  const presence = stanza.with({ from: account.jid, to })
  const answered = type === 'subscribed' || type === 'unsubscribed'
  const after: Contact = {
    ...before,
    state: step.state,
    approved: step.approved,
    request: answered ? undefined : before.request,
    // §3.1.2: whom the user asks is on the roster; a grant in advance shows there as well (§3.4).
    listed: before.listed || type === 'subscribe' || step.approved,
  }
  const loses = hasFrom(before.state) && !hasFrom(step.state)
  // §3.2.2: nothing is seen of the user any more, then it is said why.
  if (loses)
    for (const session of account.sessions)
      if (session.presence) host.sendPresence('unavailable', session.jid, to, turn)
  if (step.route) host.send(presence, turn)
  change(store, account, to, before, after, turn)
  // §3.1.5: the contact sees the user now, after it was told that it may.
  if (!hasFrom(before.state) && hasFrom(step.state)) await showTo(host, account, to, turn)
}

/** A contact sends it: tables 6 to 9 (§A.3). */
export async function receiveSubscription(
  host: Host,
  store: Rosters,
  account: Account,
  stanza: Presence,
  type: SubscriptionType,
  turn: Turn,
): Promise<void> {
  const from = stanza.from?.bare
  if (!from) return
  const before = await store.get(account, from)
  if (before.shared) {
    // On another server nobody may know of it yet.
    if (type === 'subscribe') host.sendPresence('subscribed', account.jid, from, turn)
    return
  }
  const step = stepInbound(type, before.state, before.approved)
  const presence = stanza.with({ from, to: account.jid })
  const text = writeStanza(presence)
  const pending = step.state !== before.state && type === 'subscribe' && step.deliver
  const after: Contact = {
    ...before,
    state: step.state,
    approved: step.approved,
    request: pending ? text : type === 'unsubscribe' || step.reply === 'subscribed' ? undefined : before.request,
  }
  if (step.deliver) {
    for (const session of account.sessions) {
      // §3.1.3: a request to whoever is available; what it leads to, to whoever has the roster (§3.1.6).
      if (type === 'subscribe' ? session.presence : session.get(interested)) session.send(text, undefined, turn)
    }
  }
  const loses = hasFrom(before.state) && !hasFrom(step.state)
  if (loses)
    for (const session of account.sessions)
      if (session.presence) host.sendPresence('unavailable', session.jid, from, turn)
  change(store, account, from, before, after, turn)
  if (step.reply === 'subscribed') {
    host.sendPresence('subscribed', account.jid, from, turn)
    if (!hasFrom(before.state)) await showTo(host, account, from, turn)
  }
}

/** Stores what changed; a push only if the roster shows it (§A.1: that somebody asks is not shown). */
function change(store: Rosters, account: Account, jid: BareJid, before: Contact, after: Contact, turn: Turn): void {
  if (visible(before) !== visible(after) || (visible(after) && !looksLike(before, after))) {
    store.save(account, jid, { ...after, listed: true }, turn)
  } else if (before.state !== after.state || before.request !== after.request || before.approved !== after.approved) {
    store.store(account, jid, after, turn)
  }
}

/** The current presence of every available session, to a contact that may see it (§3.1.5). */
function showTo(host: Host, account: Account, contact: BareJid, turn: Turn): void | Promise<void> {
  for (const session of account.sessions) if (session.presence) host.send(session.presence.with({ to: contact }), turn)
  return host.tell(contactAdmitted, { account, contact, turn })
}
