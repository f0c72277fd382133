/** Hands messages to sessions and keeps what this server answers for until it is confirmed ("acknowledged means durable"). */

import { errorReply, fromFragment, StanzaError, writeStanza, type Message } from '@tercet/stanza'
import type { Barrier } from '@tercet/stream'
import { readStanza } from '@tercet/xml'
import type { Account } from './account.ts'
import type { Waiting } from './backlog.ts'
import type { Host } from './host.ts'
import { Owed } from './owed.ts'
import type { InboundEvent } from './points.ts'
import type { Session } from './session.ts'
import { opened, withStanzaId } from './stanza-id.ts'
import type { Turn } from './turn.ts'

/**
 * Gives a message to its targets. When the sender will be told that it is safe, or nobody is there to take it, it is owed: it goes to disk with
 * the turn unless a target confirms it first. Only a storable message can be owed. What has an id at the account shows it.
 *
 * @returns false when there was no target and nothing was stored
 */
export function deliver(event: InboundEvent, message: Message, storable: boolean): boolean {
  const { account, targets, turn } = event
  const promised = turn.promised
  const barrier = barrierOf(turn, event.id)
  const own = account.jid.text
  const written = writeStanza(message)
  if (!storable || !(promised || targets.length === 0 || targets.some(target => target.managed))) {
    if (targets.length === 0) return false
    const text = event.id === undefined ? written : withStanzaId(written, own, event.id)
    for (const target of targets) target.send(text, undefined, barrier)
    return true
  }
  const { server, limits } = account.host
  if (server.storage.backlog > limits.storageBacklog) {
    throw new StanzaError('resource-constraint', { text: 'The server is busy; try again later' })
  }
  const id = (event.id ??= server.newId())
  const owed = new Owed(account, id, Date.now(), withStanzaId(written, own, id))
  ;(account.owed ??= new Map()).set(id, owed)
  for (const target of targets) target.send(owed.text, owed, barrier)
  const live = targets.some(target => target.attached)
  if (promised || !live) keep(owed, message, { turn, live })
  return true
}

/**
 * What an archived message waits for on its way to a session: that its place in the archive and the count of its sender are on disk together.
 * If it were seen before, and a crash took both, its sender would send it again, and it would come twice with two ids. Who was promised
 * nothing sends nothing again.
 */
export function barrierOf(turn: Turn, id: string | undefined): Barrier | undefined {
  return id !== undefined && turn.promised ? turn.decision : undefined
}

/**
 * Puts an owed stanza on disk with the turn. If that fails its sender is told, and nobody owes it any more; but when a session with a stream
 * holds it (`live`), its confirmation is as good: people who are there can talk when the disk is full.
 */
function keep(owed: Owed, message: Message, { turn, live }: { turn: Turn; live: boolean }): void {
  const { server } = owed.account.host
  server.storage.spool.put(turn.unit, owed, live)
  turn.whenDecided(() => {
    if (turn.state === 'durable') return release([owed])
    if (owed.settled) return
    const refuse = (): void => {
      settle([owed])
      const error = new StanzaError('resource-constraint', { text: 'The message could not be stored; try again later' })
      void server.work(turn => server.router.refuse(message, error, turn))
    }
    if (!live || !attended(owed)) return refuse()
    turn.linger()
    owed.unsaved = { over: () => turn.lingered(), refuse }
  })
}

/** Somebody with a stream may still confirm it. */
function attended({ account, holders }: Owed): boolean {
  return holders > 0 && account.sessions.some(session => session.attached)
}

/** It is safe, or was refused: its sender need not wait any more. */
function saved(owed: Owed): void {
  const { unsaved } = owed
  owed.unsaved = undefined
  unsaved?.over()
}

/** Somebody has taken these, or they were refused: nobody owes them any more. */
export function settle(entries: readonly Owed[]): void {
  const first = entries[0]
  if (!first) return
  for (const owed of entries) owed.account.owed?.delete(owed.id)
  first.account.host.server.storage.spool.settle(entries)
  for (const owed of entries) saved(owed)
}

/** Makes sure that stanzas which only memory knows survive: their session has lost its stream. */
export function secure(account: Account, entries: readonly Owed[]): void {
  const { server } = account.host
  void server.work(turn => {
    for (const owed of entries) if (!owed.stored && !owed.settled) server.storage.spool.put(turn.unit, owed)
    turn.whenDecided(() => {
      if (turn.state === 'durable') {
        entries.forEach(saved)
        release(entries)
        return
      }
      for (const owed of entries) if (!owed.settled && !attended(owed)) owed.unsaved?.refuse()
    })
  })
}

/** What is on disk and in nobody's hands has no place in memory. */
export function release(entries: readonly Owed[]): void {
  for (const owed of entries) {
    if (owed.holders > 0) continue
    owed.account.owed?.delete(owed.id)
    owed.account.host.retire(owed.account)
  }
}

/**
 * Gives stanzas that no session holds to `targets`, in order, with the time of their first attempt (XEP-0203). Runs in the account's queue.
 */
export function redeliver(account: Account, entries: readonly Owed[], targets: readonly Session[]): void {
  const { host } = account
  const waiting: Waiting[] = []
  for (const owed of entries) {
    if (owed.settled || owed.holders > 0) continue
    ;(account.owed ??= new Map()).set(owed.id, owed)
    waiting.push({ text: withDelay(owed, host), owed })
  }
  for (const target of targets) target.catchUp(waiting)
}

/** Everything an account is owed: what is on disk, and what is in memory only. In order. Without what a session holds. */
export async function unclaimed(account: Account): Promise<Owed[]> {
  const { server } = account.host
  const entries = new Map<string, Owed>()
  for (const { id, at, text } of await server.storage.spool.load(account.jid.text)) {
    const owed = new Owed(account, id, at, text)
    owed.stored = true
    entries.set(id, owed)
  }
  for (const [id, owed] of account.owed ?? []) entries.set(id, owed)
  return [...entries.values()]
    .filter(owed => !owed.settled && owed.holders === 0)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What becomes of a stanza that a session never confirmed and nobody owes: a request is answered with an error (XEP-0198 §4). */
export function bounce(host: Host, text: string, turn: Turn): void {
  const stanza = fromFragment(readStanza(text))
  if (stanza.kind !== 'iq' || !stanza.to || !stanza.from) return
  const reply = errorReply(stanza, new StanzaError('service-unavailable'))
  if (reply) host.send(reply, turn)
}

function withDelay(owed: Owed, host: Host): string {
  const stamp = new Date(owed.at).toISOString()
  return `${opened(owed.text)}<delay xmlns='urn:xmpp:delay' from='${host.domain}' stamp='${stamp}'/></message>`
}
