/** Stream management of bound sessions (XEP-0198 1.6.3 §§3-5): enabling, requests, acknowledgements. Resuming is in lifecycle.ts. */

import { StreamError } from '@tercet/stanza'
import { failed, NS_SM, readH, ReceivedCounter, SentQueue } from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { requested } from '../acknowledging.ts'
import { isGuest } from '../guests.ts'
import { defineModule } from '../module.ts'
import type { Session } from '../session.ts'
import { newToken } from '../token.ts'

/** Handles the nonzas of stream management. */
export const sm = defineModule({
  name: 'sm',
  specs: { 'XEP-0198': '1.6.3' },
  setup(host) {
    host.handleNonza(NS_SM, handle)
    // §9.1
    host.inlineFeature({
      ns: NS_SM,
      bound(session, request) {
        if (request?.name !== 'enable') return
        session.outbox.sent = new SentQueue()
        return enable(session, wish(request))
      },
    })
  },
})

interface Wish {
  readonly resume: boolean
  /** Seconds. */
  readonly max: number | undefined
}

/** What `<enable/>` asks for (§3). */
function wish(element: Pick<Fragment, 'attr'>): Wish {
  const resume = element.attr('resume')
  const max = Number(element.attr('max') ?? NaN)
  return { resume: resume === 'true' || resume === '1', max: max >= 0 && max < Infinity ? max : undefined }
}

function handle(session: Session, element: Fragment): void {
  switch (element.name) {
    case 'r':
      return requested(session)
    case 'a':
      return confirm(session, element)
    case 'enable':
      // §6: a second one ends the stream.
      if (session.received) throw new StreamError('policy-violation', { text: 'Stream management is enabled already' })
      session.outbox.nonza(enable(session, wish(element)))
      // Both directions count from here; the answer itself is no stanza.
      session.outbox.sent = new SentQueue()
      return
    case 'resume':
      return session.outbox.nonza(failed('unexpected-request'))
    default:
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
}

function confirm(session: Session, element: Fragment): void {
  const h = readH(element)
  if (h === undefined) throw new StreamError('bad-format', { text: 'h is not a number' })
  session.outgoing.confirm(h)
}

function enable(session: Session, { resume, max }: Wish): string {
  const { limits, server } = session.host
  // A guest cannot prove to be the same one.
  if (resume && !isGuest(session.host, session.account.jid)) {
    session.smId = newToken()
    session.resumeMs = Math.min(limits.resumeMs, max === undefined ? Infinity : max * 1000)
    server.resumable.set(session.smId, session)
  }
  session.received = new ReceivedCounter()
  const id =
    session.smId === undefined ? '' : ` id='${session.smId}' resume='true' max='${Math.floor(session.resumeMs / 1000)}'`
  return `<enabled xmlns='${NS_SM}'${id}/>`
}
