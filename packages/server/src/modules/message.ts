/** Where a message goes within an account (RFC 6121 §8.5), and that it gets there. */

import { isFull } from '@tercet/jid'
import { StanzaError, type Message } from '@tercet/stanza'
import { NS as NS_SID } from '@tercet/stanza/stanza-id'
import type { Account } from '../account.ts'
import { deliver } from '../delivery.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import { inbound, outbound } from '../points.ts'
import type { Session } from '../session.ts'
import { withoutStanzaIds } from '../stanza-id.ts'
import { storable } from './storable.ts'

/** Chooses the sessions for a message and delivers it; what nobody takes is kept if it may be. */
export const message = defineModule({
  name: 'message',
  specs: { 'RFC 6121': '2011-03', 'XEP-0160': '1.0.1', 'XEP-0359': '0.7.0' },
  features: [NS_SID],
  setup(host) {
    host.feature(NS_SID, 'account')
    host.onKind('message', outbound, 'rewrite', event => {
      event.stanza = unforged(event.stanza, event.session.account)
    })
    host.onKind('message', inbound, 'rewrite', event => {
      event.stanza = unforged(event.stanza, event.account)
    })
    host.onKind('message', inbound, 'choose', event => {
      event.targets = targetsOf(event.account, event.stanza)
      if (event.targets.length === 0) return admit(event.account, event.stanza)
    })
    host.onKind('message', inbound, 'deliver', event => {
      const { stanza, targets } = event
      const kept = storable(stanza)
      // What nobody hears and nobody keeps is nothing to talk about.
      if (targets.length > 0 || kept) deliver(event, stanza, kept)
      return 'handled'
    })
  },
})

/** Nobody but us says which id a message has at an account of ours (XEP-0359 §4). */
function unforged(message: Message, account: Account): Message {
  const content = withoutStanzaIds(message.content, account.jid.text)
  return content === message.content ? message : message.withContent(content)
}

const NOBODY: readonly Session[] = []

/** RFC 6121 §8.5.2 and §8.5.3. To a bare address goes a message to all sessions that take messages, which carbons build on. */
function targetsOf(account: Account, message: Message): readonly Session[] {
  const { to, type } = message
  if (to && isFull(to)) {
    const session = account.host.session(to)
    // §8.5.3.1: a matching resource gets it whatever its priority.
    if (session) return [session]
    // §8.5.3.2.1: only chat goes on as if it had been sent to the bare address.
    if (type !== 'chat') return NOBODY
  } else if (type === 'groupchat' || type === 'error') {
    return NOBODY
  }
  const { sessions } = account
  if (sessions.length === 1) return sessions[0]!.takesMessages ? sessions : NOBODY
  return sessions.filter(session => session.takesMessages)
}

/** Refuses what nobody is there to take and nobody may keep, before anybody else hears of it. */
function admit(account: Account, message: Message): void | Promise<void> {
  const { to, type } = message
  // §8.5.2.1.1: never an answer to an error, and nothing to say about a headline that nobody hears.
  if (type === 'error' || type === 'headline') return
  if (type === 'groupchat' || (type === 'normal' && to !== undefined && isFull(to)))
    throw new StanzaError('service-unavailable')
  if (!storable(message)) return
  const { host } = account
  const count = host.server.storage.spool.count(account.jid.text)
  if (count instanceof Promise) return count.then(count => requireRoom(host, count))
  requireRoom(host, count)
}

function requireRoom(host: Host, count: number): void {
  if (count >= host.limits.offlineMessages)
    throw new StanzaError('service-unavailable', { text: 'The recipient has too many messages waiting' })
}
