/** Looks after sessions as time goes by: ends a hibernation, asks a silent peer, gives up on a dead one. */

import { StreamError } from '@tercet/stanza'
import type { Session } from './session.ts'

/** When to look again, as {@link Timed.due} says it. */
export function lookAfter(session: Session, nowMs: number): number {
  const { host, outgoing, stream } = session
  if (session.phase === 'over') return 0
  if (session.phase === 'hibernating') {
    const end = session.lostMs + session.resumeMs
    if (nowMs < end) return end
    void host.life.end(session).catch(host.bug)
    return 0
  }
  if (!stream) return 0
  const { idleMs, answerMs } = host.limits
  const asked = outgoing.askedMs
  if (asked > stream.heardMs && nowMs - asked >= answerMs) {
    stream.fail(new StreamError('connection-timeout', { text: 'No answer' }))
    return nowMs + session.resumeMs
  }
  if (nowMs - stream.heardMs >= idleMs && asked <= stream.heardMs) outgoing.ask()
  return Math.min(
    stream.heardMs + idleMs,
    outgoing.askedMs > stream.heardMs ? outgoing.askedMs + answerMs : Infinity,
    nowMs + idleMs,
  )
}
