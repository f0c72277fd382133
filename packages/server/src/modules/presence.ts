/** Availability of sessions (RFC 6121 §4). */

import { StanzaError, type Presence } from '@tercet/stanza'
import { CONTENT } from '@tercet/xml'
import { defineModule } from '../module.ts'
import { outbound, presenceChanged } from '../points.ts'
import type { Session } from '../session.ts'
import type { Turn } from '../turn.ts'

/** Keeps what each session says about its availability. */
export const presence = defineModule({
  name: 'presence',
  specs: { 'RFC 6121': '2011-03' },
  setup(host) {
    host.on(outbound, 'handle', ({ session, stanza, turn }) => {
      if (stanza.kind !== 'presence' || stanza.to) return
      if (stanza.type === undefined || stanza.type === 'unavailable') {
        announce(session, stanza, turn)
        return 'handled'
      }
      throw new StanzaError('bad-request', { text: 'This presence needs an address' })
    })
  },
})

function announce(session: Session, stanza: Presence, turn: Turn): void {
  const before = session.presence
  const tookMessages = session.takesMessages
  const after = stanza.type === undefined ? stanza : undefined
  session.presence = after
  session.priority = after ? priorityOf(after) : 0
  void session.host.tell(presenceChanged, { session, turn, before, after, tookMessages })
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127. */
function priorityOf({ content }: Presence): number {
  const index = content.find('priority', CONTENT)
  if (index < 0) return 0
  const text = content.elementAt(index).text().trim()
  const priority = Number(text)
  if (!/^[+-]?\d{1,3}$/.test(text) || priority < -128 || priority > 127) {
    throw new StanzaError('bad-request', { text: 'A priority is an integer from -128 to 127' })
  }
  return priority
}
