/** The life of a session: bound, hibernating, resumed, over. Everything here runs in the account's queue or enters it. */

import type { BareJid, FullJid } from '@tercet/jid'
import { presence, StanzaError, StreamError } from '@tercet/stanza'
import type { Bound, NotResumed, Resumed, Stream } from '@tercet/stream'
import { allHandled, whenAllHandled } from './acknowledging.ts'
import { bounce, redeliver, secure, settle } from './delivery.ts'
import { HANDLED_TABLE, type HandledRow } from './handled.ts'
import type { Host } from './host.ts'
import type { Owed } from './owed.ts'
import { presenceChanged, sessionClosed, sessionHibernated, sessionOpened, sessionResumed } from './points.ts'
import { Session, type SessionLife } from './session.ts'
import { newToken } from './token.ts'
import type { Turn } from './turn.ts'

/** A stream that wants a session. */
export interface Binding {
  /** The resource to have; undefined: one of ours. */
  readonly wanted: FullJid | undefined
  readonly stream: Stream
  readonly lang: string
  /** Whether the new session takes the place of another one, which is closed with `<conflict/>`. */
  replaces?(session: Session): boolean
  /** The session is there, and nothing can have reached it; what is sent now comes first. */
  bound?(session: Session): void | Promise<void>
}

/**
 * Makes a session (RFC 6120 §7.6). A session that had the resource is closed with `<conflict/>` (§7.7.2.2, third alternative).
 *
 * @throws {StanzaError} `resource-constraint`: too many sessions
 */
export function bindSession(host: Host, jid: BareJid, binding: Binding): Promise<Bound> {
  const { wanted, stream, lang } = binding
  const account = host.account(jid)
  return account.turn(async () => {
    // It may have been removed since it logged in.
    if (!(await host.accounts.exists(jid.local)))
      throw new StreamError('not-authorized', { text: 'There is no such account' })
    const full = wanted ?? jid.withResource(newToken(12))
    const before = account.sessions.length
    for (const old of account.sessions) {
      if (old.jid.resource !== full.resource && binding.replaces?.(old) !== true) continue
      old.stream?.fail(new StreamError('conflict', { text: 'Another client has taken this resource' }))
      await over(old)
    }
    if (account.sessions.length === before && account.sessions.length >= host.limits.sessionsPerAccount) {
      throw new StanzaError('resource-constraint', { text: 'This account has too many sessions' })
    }
    host.logger.debug({ stream: stream.id, jid: full.text }, 'Resource bound')
    const session = new Session(account, full, stream, lang)
    account.sessions = [...account.sessions, session]
    host.server.wheel.add(session, host.server.wheel.now + host.limits.idleMs)
    await host.server.work(turn => host.tell(sessionOpened, { session, turn }))
    await binding.bound?.(session)
    return { jid: full, handler: session }
  })
}

/** A stream that wants a session which has lost its own. */
export interface Resumption {
  readonly previd: string
  /** How many stanzas of the session the client has handled. */
  readonly h: number
  readonly stream: Stream
  /** Tells the client that its session goes on; `text` is `<resumed/>`. Default: as it is. */
  readonly answer?: (session: Session, text: string) => void
}

/** Moves the session that `previd` names to `stream` (XEP-0198 §5). */
export async function resumeSession(host: Host, jid: BareJid, resumption: Resumption): Promise<Resumed | NotResumed> {
  const { previd } = resumption
  const session = host.server.resumable.get(previd)
  // Of another account: as if it did not exist.
  if (!session || session.account.jid.text !== jid.text || session.account.host !== host) {
    const row =
      previd.length > 256 ? undefined : await host.table<HandledRow>(HANDLED_TABLE).get(host.domain, jid.local, previd)
    return { h: row?.value.h }
  }
  for (;;) {
    const outcome = await session.account.entered(() => takeOver(session, resumption))
    if (outcome !== 'busy') return outcome
    await new Promise<void>(resolve => whenAllHandled(session, resolve))
  }
}

/**
 * Takes a session from its old stream, and gives it to the new one once all that it sent is handled: the peer sends again what `h` does not
 * count and both sides count on from there, so that a stanza still on its way to disk would be counted twice.
 */
async function takeOver(
  session: Session,
  { previd, h, stream, answer }: Resumption,
): Promise<Resumed | NotResumed | 'busy'> {
  const { received, host } = session
  if (session.phase === 'over' || !received) return { h: received?.handled }
  session.outgoing.confirm(h)
  const old = session.stream
  if (old) {
    session.outbox.stream = undefined
    old.fail(new StreamError('conflict', { text: 'The session was resumed on another stream' }))
  }
  if (!allHandled(session)) return 'busy'
  received.told = received.received
  received.owed = false
  const text = `<resumed xmlns='urn:xmpp:sm:3' previd='${previd}' h='${received.received}'/>`
  if (answer) answer(session, text)
  else stream.send(text)
  session.attach(stream)
  await host.server.work(turn => host.tell(sessionResumed, { session, turn }))
  return { handler: session }
}

/** The peer has closed its stream in order: the session is over, and what it was sent has arrived (RFC 6120 §4.4). */
function leave(session: Session): Promise<void> {
  return session.account.entered(() => {
    // Under stream management the count knows better what has arrived.
    if (!session.managed) settle([...session.outgoing.unsettled()].flatMap(({ owed }) => owed ?? []))
    return over(session)
  })
}

/** The session's stream is gone without a word: it waits to be resumed, or is over. */
function lostStream(session: Session, stream: Stream | undefined): void {
  session.account.enter(() => {
    // A stream that was left behind by a resumption, or that ended with its session.
    if (session.phase !== 'attached' || session.stream !== stream) return
    if (session.smId === undefined || session.resumeMs === 0) return over(session)
    session.hibernate()
    secure(session.account, owedBy(session))
    const { host } = session
    return host.server.work(turn => host.tell(sessionHibernated, { session, turn }))
  })
}

/** Ends a session for good: its time to be resumed is over, it was kicked, or the server stops. */
function end(session: Session): Promise<void> {
  return session.account.entered(() => over(session))
}

function over(session: Session): void | Promise<void> {
  if (session.phase === 'over') return
  const { account } = session
  const { host } = account
  session.phase = 'over'
  host.server.wheel.remove(session)
  account.sessions = account.sessions.filter(other => other !== session)
  if (session.smId !== undefined) host.server.resumable.delete(session.smId)
  return host.server.work(async turn => {
    const before = session.presence
    if (before) {
      const tookMessages = session.takesMessages
      session.presence = undefined
      const stanza = presence({ type: 'unavailable', from: session.jid })
      await host.tell(presenceChanged, { session, turn, stanza, before, after: undefined, tookMessages })
    }
    await host.tell(sessionClosed, { session, turn })
    handBack(session, turn)
  })
}

/** What the session never confirmed goes to the account's other sessions, or back to the spool, or is refused (XEP-0198 §4). */
function handBack(session: Session, turn: Turn): void {
  const { account } = session
  const back: Owed[] = []
  for (const { text, owed } of session.outgoing.unsettled()) {
    if (!owed) bounce(account.host, text, turn)
    else if (!owed.settled && --owed.holders === 0) back.push(owed)
  }
  if (back.length === 0) return
  secure(account, back)
  redeliver(
    account,
    back,
    account.sessions.filter(other => other.takesMessages),
  )
}

function owedBy(session: Session): Owed[] {
  const entries: Owed[] = []
  for (const { owed } of session.outgoing.unsettled()) if (owed && !owed.settled) entries.push(owed)
  return entries
}

/** Writes down, with the turn's commit, how far the session's stanzas are handled then. */
function noteHandled(session: Session, turn: Turn, h: number): void {
  const { smId, account } = session
  if (smId === undefined) return
  const row: HandledRow = { h, at: Date.now() }
  const table = account.host.table<HandledRow>(HANDLED_TABLE)
  table.put(turn.unit, account.host.domain, account.jid.local, smId, row, { along: true })
}

/** Sessions that are about to end, since they took no more. */
const overflowing = new WeakSet<Session>()

/** The session cannot take more: under stream management it could be resumed, but never in full. `owed` is what it did not take. */
function overflow(session: Session, error: unknown, owed: Owed | undefined): void {
  const { account, host } = session
  if (owed && --owed.holders === 0 && !owed.settled) secure(account, [owed])
  if (overflowing.has(session)) return
  overflowing.add(session)
  host.logger.warn({ stream: session.streamId, jid: session.jid.text }, 'A session has too many unconfirmed stanzas')
  if (session.smId !== undefined) host.server.resumable.delete(session.smId)
  session.smId = undefined
  const reason = error instanceof StreamError ? error : new StreamError('resource-constraint', { cause: error })
  // After the stanza that was too much: its account's queue is busy with it.
  queueMicrotask(() => {
    session.stream?.fail(reason)
    void end(session).catch(host.bug)
  })
}

/** The functions above, as sessions know them. */
export const life: SessionLife = { leave, lostStream, overflow, end, noteHandled }
