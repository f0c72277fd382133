/** A session as one plain value, so that it can go on in another server (house rule: whoever resumes elsewhere asks the owner for it). */

import { FullJid } from '@tercet/jid'
import { fromFragment, StreamError, writeStanza, type Presence } from '@tercet/stanza'
import { ReceivedCounter, SentQueue } from '@tercet/stream'
import { readStanza } from '@tercet/xml'
import { allHandled, whenAllHandled } from './acknowledging.ts'
import type { Account } from './account.ts'
import { release } from './delivery.ts'
import type { Host } from './host.ts'
import { Owed } from './owed.ts'
import { sessionArrived, sessionMoved } from './points.ts'
import { Session } from './session.ts'

/** All that a session under stream management is, as JSON can carry it. */
export interface SessionState {
  readonly version: 1
  readonly jid: string
  readonly lang: string
  readonly smId: string
  readonly resumeMs: number
  /** For how long it can be resumed from now on. */
  readonly leftMs: number
  /** Wire text of the last presence; left out: it is not available. */
  readonly presence?: string
  readonly priority: number
  /** Stanzas of the peer that are handled. */
  readonly received: number
  /** Stanzas that the peer has confirmed. */
  readonly acked: number
  /** Those that follow. */
  readonly sent: readonly SentState[]
  /** What waits before them, and how much of it came later; see Backlog. */
  readonly backlog: readonly SentState[]
  readonly later: number
  /** What modules remember, by the names of their keys. */
  readonly values: Readonly<Record<string, unknown>>
}

/** A stanza for the peer. */
export interface SentState {
  /** As it was sent. */
  readonly text: string
  /** It is owed; `text`, if it is another, is what was owed in the first place. */
  readonly owed?: { readonly id: string; readonly at: number; readonly text?: string }
}

/**
 * Takes a session out of this server; a stream that it still has is told `<conflict/>`. Waits until all that its peer sent is handled and all
 * that it is owed is on disk. Nobody hears that it is gone, since it is not.
 *
 * @returns undefined when it cannot be resumed, or is over
 * @throws {StorageError} what it is owed could not be stored; it stays here
 */
export async function freezeSession(session: Session): Promise<SessionState | undefined> {
  for (;;) {
    const outcome = await session.account.entered(() => freeze(session))
    if (outcome !== 'busy') return outcome
    await new Promise<void>(resolve => whenAllHandled(session, resolve))
    // What it was told may wait for the disk; nothing may overtake that.
    const { waitsFor } = session.outbox
    if (waitsFor) await new Promise<void>(resolve => waitsFor.whenDecided(resolve))
  }
}

async function freeze(session: Session): Promise<SessionState | undefined | 'busy'> {
  if (session.phase === 'over' || session.smId === undefined || !session.received) return undefined
  const { stream } = session
  if (stream) {
    session.hibernate()
    stream.fail(new StreamError('conflict', { text: 'The session was resumed on another stream' }))
  }
  if (!allHandled(session) || session.outbox.held) return 'busy'
  session.outgoing.letGo()
  const state = stateOf(session, session.smId, session.received)
  const held = [...session.outgoing.unsettled()].flatMap(({ owed }) => owed ?? [])
  await store(session.account, held)
  await leave(session, held)
  return state
}

function stateOf(session: Session, smId: string, received: ReceivedCounter): SessionState {
  const { outbox, outgoing, host } = session
  return {
    version: 1,
    jid: session.jid.text,
    lang: session.lang,
    smId,
    resumeMs: session.resumeMs,
    leftMs: Math.max(0, session.lostMs + session.resumeMs - host.server.wheel.now),
    ...(session.presence && { presence: writeStanza(session.presence) }),
    priority: session.priority,
    received: received.received,
    acked: outbox.sent?.acked ?? 0,
    sent: [...outbox.unsettled()].map(({ text, tag }) => sentState(text, tag)),
    backlog: [...(outgoing.backlog ?? [])].map(({ text, owed }) => sentState(text, owed)),
    later: outgoing.backlog?.later ?? 0,
    values: session.writeValues(),
  }
}

function sentState(text: string, owed: Owed | undefined): SentState {
  if (!owed || owed.settled) return { text }
  return { text, owed: { id: owed.id, at: owed.at, ...(owed.text === text ? {} : { text: owed.text }) } }
}

async function store(account: Account, owed: readonly Owed[]): Promise<void> {
  const { storage } = account.host.server
  const unit = storage.unit()
  for (const entry of owed) if (!entry.stored && !entry.settled) storage.spool.put(unit, entry)
  if (unit.dirty) await unit.commit()
}

/** Like the end of a session, without its consequences. */
async function leave(session: Session, held: readonly Owed[]): Promise<void> {
  const { account, host, smId } = session
  session.phase = 'over'
  host.server.wheel.remove(session)
  if (smId !== undefined) host.server.resumable.delete(smId)
  account.sessions = account.sessions.filter(other => other !== session)
  for (const owed of held) owed.holders--
  release(held)
  await host.server.work(turn => host.tell(sessionMoved, { session, turn }))
}

/**
 * Goes on with a session of another server over the same storage: it waits here to be resumed.
 *
 * @throws {TypeError} the value is of another version
 */
export function thawSession(host: Host, state: SessionState): Promise<Session> {
  // A node of another version of this software.
  if ((state.version as number) !== 1) throw new TypeError(`A session of version ${String(state.version)}`)
  const jid = FullJid.parse(state.jid)
  const account = host.account(jid.bare)
  return account.entered(async () => {
    const session = new Session(account, jid, undefined, state.lang)
    session.smId = state.smId
    session.resumeMs = state.resumeMs
    session.received = new ReceivedCounter(state.received)
    session.outbox.sent = new SentQueue(state.acked)
    // Its own words, as writeStanza has written them.
    if (state.presence !== undefined) session.presence = fromFragment(readStanza(state.presence)) as Presence
    session.priority = state.priority
    session.readValues(state.values)
    for (const { text, owed } of state.sent) session.outbox.sent.push(text, owed && owedAgain(account, text, owed))
    if (state.backlog.length > 0)
      session.outgoing.goOn(
        state.backlog.flatMap(({ text, owed }) => (owed ? [{ text, owed: owedAgain(account, text, owed) }] : [])),
        state.later,
      )
    session.hibernate(state.resumeMs - state.leftMs)
    account.sessions = [...account.sessions, session]
    host.server.resumable.set(state.smId, session)
    await host.server.work(turn => host.tell(sessionArrived, { session, turn }))
    return session
  })
}

/** The entry on disk, which another session of the account may hold as well. */
function owedAgain(
  account: Account,
  text: string,
  { id, at, text: first = text }: NonNullable<SentState['owed']>,
): Owed {
  const all = (account.owed ??= new Map<string, Owed>())
  const known = all.get(id)
  const owed = known ?? new Owed(account, id, at, first)
  if (!known) {
    owed.stored = true
    all.set(id, owed)
  }
  owed.holders++
  return owed
}
