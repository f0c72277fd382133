/** Displayed states (XEP-0490 1.0.1): a marker in a message is published for the own clients, and nobody else sees it. */

import { StanzaError, type Message } from '@tercet/stanza'
import * as wire from '@tercet/stanza/mds'
import { defineModule } from '../module.ts'
import { outbound } from '../points.ts'
import type { Session } from '../session.ts'
import type { Turn } from '../turn.ts'
import { pep, type Pep } from './pep/index.ts'
import { publish } from './pubsub/index.ts'

/** Takes what was displayed out of messages, before anybody keeps or copies them, and publishes it. */
export const mds = defineModule({
  name: 'mds',
  specs: { 'XEP-0490': '1.0.1' },
  needs: [pep],
  setup(host, pep) {
    host.feature(wire.NS_ASSIST, 'account')
    host.onKind('message', outbound, 'rewrite', event => {
      const { stanza, session, turn } = event
      const index = stanza.content.find('displayed', wire.NS)
      if (index < 0) return
      event.stanza = stanza.minus(wire.displayed)
      const { account } = session
      return account.turn(() => keep(pep, session, stanza, index, turn))
    })
  },
})

/** The item's id is the address as it stands in the message (§3.4.2). */
async function keep(pep: Pep, session: Session, message: Message, index: number, turn: Turn): Promise<undefined> {
  const { account, host, streamId } = session
  const { to } = message
  if (!to) return
  const items = [{ id: to.text, payloads: [message.content.elementAt(index)] }]
  try {
    // The node is made with the configuration that it needs: no option has to say so.
    await publish(pep.of(account), { node: wire.NS, items, options: {} }, account.jid, turn)
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error
    // The message goes on: the client can publish by itself, and will with the next one.
    host.logger.debug({ stream: streamId, reason: error.message }, 'A displayed state was not published')
  }
  return undefined
}
