/** Messages that waited for somebody to come home (XEP-0160 1.0.1): given out when a session takes messages. */

import type { Message } from '@tercet/stanza'
import { delay } from '@tercet/stanza/delay'
import { redeliver, unclaimed } from '../delivery.ts'
import { defineModule } from '../module.ts'
import { outbound, presenceChanged } from '../points.ts'

/** Delivers what an account is owed to the first session that takes messages, in order, once. */
export const offline = defineModule({
  name: 'offline',
  specs: { 'XEP-0160': '1.0.1', 'XEP-0203': '2.0' },
  features: ['msgoffline'],
  setup(host) {
    host.onKind('message', outbound, 'rewrite', event => {
      // XEP-0203 §5: nobody says when we have received something but we.
      if (event.stanza.has(delay)) event.stanza = withoutDelays(event.stanza, host.domain)
    })
    host.on(presenceChanged, 'run', ({ session, tookMessages }) => {
      if (tookMessages || !session.takesMessages) return
      const { account } = session
      // Later than what the presence itself causes, and in the account's queue: nothing overtakes what has waited.
      account.enter(async () => {
        const entries = await unclaimed(account)
        if (session.takesMessages) redeliver(account, entries, [session])
      })
    })
  },
})

function withoutDelays(message: Message, from: string): Message {
  const { content } = message
  return message.withContent(
    content.filter(
      (name, ns, index) => name !== delay.name || ns !== delay.ns || content.elementAt(index).attr('from') !== from,
    ),
  )
}
