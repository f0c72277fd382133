/** Stream management of bound sessions (XEP-0198 1.6.3 §§3-5): enabling, requests, acknowledgements. Resuming is in lifecycle.ts. */

import { StreamError } from '@tercet/stanza'
import { failed, NS_SM, readH, ReceivedCounter, SentQueue } from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { defineModule } from '../module.ts'
import type { Session } from '../session.ts'
import { newToken } from '../token.ts'

/** Handles the nonzas of stream management. */
export const sm = defineModule({
  name: 'sm',
  specs: { 'XEP-0198': '1.6.3' },
  setup(host) {
    host.handleNonza(NS_SM, handle)
  },
})

function handle(session: Session, element: Fragment): void {
  switch (element.name) {
    case 'r':
      return session.requested()
    case 'a':
      return confirm(session, element)
    case 'enable':
      return enable(session, element)
    case 'resume':
      return session.outbox.nonza(failed('unexpected-request'))
    default:
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
}

function confirm(session: Session, element: Fragment): void {
  const h = readH(element)
  if (h === undefined) throw new StreamError('bad-format', { text: 'h is not a number' })
  session.confirm(h)
}

function enable(session: Session, element: Fragment): void {
  // §6: a second one ends the stream.
  if (session.received) throw new StreamError('policy-violation', { text: 'Stream management is enabled already' })
  const { limits, server } = session.host
  const resume = element.attr('resume')
  if (resume === 'true' || resume === '1') {
    const max = Number(element.attr('max') ?? Infinity)
    session.smId = newToken()
    session.resumeMs = Math.min(limits.resumeMs, Number.isFinite(max) && max >= 0 ? max * 1000 : Infinity)
    server.resumable.set(session.smId, session)
  }
  // Both directions count from here; the answer itself is no stanza.
  session.received = new ReceivedCounter()
  const id =
    session.smId === undefined ? '' : ` id='${session.smId}' resume='true' max='${Math.floor(session.resumeMs / 1000)}'`
  session.outbox.nonza(`<enabled xmlns='${NS_SM}'${id}/>`)
  session.outbox.sent = new SentQueue()
}
