/** Where a message goes within an account (RFC 6121 §8.5), and that it gets there. */

import { isFull } from '@tercet/jid'
import { StanzaError, type Message } from '@tercet/stanza'
import type { Account } from '../account.ts'
import { deliver } from '../delivery.ts'
import { defineModule } from '../module.ts'
import { inbound, type InboundEvent } from '../points.ts'
import type { Session } from '../session.ts'
import { storable } from './storable.ts'

/** Chooses the sessions for a message and delivers it; what nobody takes is kept if it may be. */
export const message = defineModule({
  name: 'message',
  specs: { 'RFC 6121': '2011-03', 'XEP-0160': '1.0.1' },
  setup(host) {
    host.on(inbound, 'choose', event => {
      if (event.stanza.kind === 'message') event.targets = targetsOf(event.account, event.stanza)
    })
    host.on(inbound, 'deliver', event => {
      const { stanza } = event
      if (stanza.kind !== 'message') return
      return deliverMessage(event, stanza)
    })
  },
})

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

function deliverMessage({ account, targets, turn }: InboundEvent, message: Message): void | Promise<void> | 'handled' {
  const { to, type } = message
  const named = to !== undefined && isFull(to)
  if (targets.length > 0) {
    deliver(account, message, targets, storable(message), turn)
    return 'handled'
  }
  // §8.5.2.1.1: never an answer to an error, and nothing to say about a headline that nobody hears.
  if (type === 'error' || type === 'headline') return 'handled'
  if (type === 'groupchat' || (named && type === 'normal')) throw new StanzaError('service-unavailable')
  if (!storable(message)) return 'handled'
  const { host } = account
  const count = host.server.storage.spool.count(account.jid.text)
  if (count instanceof Promise) return count.then(count => store(count))
  store(count)
  return 'handled'

  function store(count: number): void {
    if (count >= host.limits.offlineMessages)
      throw new StanzaError('service-unavailable', { text: 'The recipient has too many messages waiting' })
    deliver(account, message, targets, true, turn)
  }
}
