/** How far a session's own stanzas are handled, and what its peer is told of it (XEP-0198 1.6.3 §4). */

import type { PendingStanza } from '@tercet/stream'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/** The work of the stanza itself is done; the count moves when everything it caused is safe. */
export function handled(session: Session, turn: Turn): void {
  const { received } = session
  // Not before: until now an acknowledgement must not speak for it.
  received?.count()
  session.handling = false
  if (received && turn.light) received.seal(received.received)
  else if (received) {
    const pending = received.wait()
    turn.pending = pending
    turn.whenOver(() => decided(session, pending))
  }
  turn.release()
  if (session.waiting) tellHandled(session)
}

/** The turn of one of its stanzas goes to disk: how far the count is then goes along. */
export function committing(session: Session, turn: Turn): void {
  if (!turn.pending || !session.received) return
  session.received.seal(turn.pending.seq)
  session.host.life.noteHandled(session, turn, session.received.sealed)
}

function decided(session: Session, pending: PendingStanza): void {
  pending.done = true
  session.received?.seal(pending.seq)
  if (session.received?.owed) acknowledge(session)
  if (session.waiting) tellHandled(session)
}

/** Tells the peer what is handled, and again later if some of it is not safe yet. */
export function acknowledge(session: Session): void {
  const { received } = session
  if (!received || !session.attached) return
  const h = received.handled
  if (received.owed && h === received.told) return
  received.owed = h !== received.received
  received.told = h
  // Past the outbox: an acknowledgement holds back nothing and waits for nothing.
  session.stream?.send(`<a xmlns='urn:xmpp:sm:3' h='${h}'/>`)
}

/** The peer asked for an acknowledgement. */
export function requested(session: Session): void {
  if (session.received) session.received.owed = false
  acknowledge(session)
}

/** Nothing that was read of the peer is still being handled, or on its way to disk. */
export function allHandled({ handling, received }: Session): boolean {
  return !handling && received?.handled === received?.received
}

/** Calls back, once, when {@link allHandled} holds again. Never wait for it inside the account's queue: a stanza may be waiting there. */
export function whenAllHandled(session: Session, run: () => void): void {
  if (allHandled(session)) run()
  else (session.waiting ??= []).push(run)
}

function tellHandled(session: Session): void {
  if (!session.waiting || !allHandled(session)) return
  const { waiting } = session
  session.waiting = undefined
  for (const run of waiting) run()
}
