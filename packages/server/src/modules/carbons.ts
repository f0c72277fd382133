/** Message carbons (XEP-0280 1.0.1): copies of a conversation for the account's other resources. */

import { StanzaError, writeStanza, type Message } from '@tercet/stanza'
import * as wire from '@tercet/stanza/carbons'
import { NS as NS_FORWARD } from '@tercet/stanza/forward'
import type { Barrier } from '@tercet/stream'
import { CONTENT, escapeAttr } from '@tercet/xml'
import { barrierOf } from '../delivery.ts'
import { defineModule } from '../module.ts'
import { inbound, outbound, type InboundEvent, type OutboundEvent } from '../points.ts'
import { sessionKey, stringSet } from '../session-key.ts'
import type { Session } from '../session.ts'
import { withStanzaId } from '../stanza-id.ts'
import { copied, type Direction } from './copied.ts'

/** Copies messages to the resources that asked for it and do not get the original. */
export const carbons = defineModule({
  name: 'carbons',
  specs: { 'XEP-0280': '1.0.1' },
  features: [wire.NS, wire.NS_RULES],
  setup(host) {
    // §10.1: any number of times. Being the session's, the wish outlives its stream.
    host.handle(wire.enable, 'self', (_, { session }) => session?.set(wanted, true))
    host.handle(wire.disable, 'self', (_, { session }) => session?.set(wanted, false))
    // XEP-0386 §3.2: it cannot fail, so that there is nothing to say.
    host.inlineFeature({
      ns: wire.NS,
      bound(session, request) {
        if (request?.name === wire.enable.request.name) session.set(wanted, true)
        return undefined
      },
    })
    host.onKind('message', inbound, 'guard', refuseForged)
    host.onKind('message', outbound, 'copy', copySent)
    host.onKind('message', inbound, 'copy', copyReceived)
  },
})

const wanted = sessionKey<boolean>('carbons')

/** Ids of the messages whose `sent` copies were made: errors that answer them are copied, too (§6.1). */
const answerable = sessionKey<Set<string>>('carbons that errors may answer', stringSet)
const MAX_ANSWERABLE = 64

/** Copies are made by the account's own server for its own sessions and are never routed: one that comes this way is not true (§11). */
function refuseForged({ stanza, turn, account }: InboundEvent & { stanza: Message }): 'drop' | undefined {
  const { content } = stanza
  if (content.find(wire.received.name, wire.NS) < 0 && content.find(wire.sent.name, wire.NS) < 0) return
  // §10.3: a copy that came back with an error.
  if (stanza.type === 'error') return 'drop'
  account.host.logger.info(
    { stream: turn.origin?.streamId, from: stanza.from?.text, to: account.jid.text },
    'A forged carbon was refused',
  )
  throw new StanzaError('policy-violation', { text: 'Carbons come from the own server only' })
}

function copySent({ session, stanza, turn, id }: OutboundEvent & { stanza: Message }): void {
  const { account } = session
  if (account.sessions.length < 2) return
  // What an account sends to itself reaches it, and is copied then.
  if (!stanza.to || stanza.to.bare.text === account.jid.text || !copied(stanza, 'sent')) return
  if (!account.sessions.some(other => other !== session && wants(other))) return
  if (stanza.id !== undefined) remember(session, stanza.id)
  // In the account's queue: a copy comes neither before nor after its time.
  account.run(() => {
    const text = copyOf(stanza, 'sent', account.jid.text, id)
    const barrier = barrierOf(turn, id)
    for (const other of account.sessions) if (other !== session && wants(other)) send(other, stanza, text, barrier)
  })
}

function copyReceived({ account, stanza, targets, turn, id }: InboundEvent & { stanza: Message }): void {
  const { sessions } = account
  if (sessions.length === 0 || (sessions.length === 1 && targets.length === 1)) return
  if (!sessions.some(session => wants(session) && !targets.includes(session))) return
  if (stanza.type === 'error' ? !answers(stanza, targets) : !copied(stanza, 'received')) return
  const text = copyOf(stanza, 'received', account.jid.text, id)
  const barrier = barrierOf(turn, id)
  for (const session of sessions) {
    // What a resource has sent itself is no news to it.
    if (wants(session) && session !== turn.origin && !targets.includes(session)) send(session, stanza, text, barrier)
  }
}

function wants(session: Session): boolean {
  return session.get(wanted) === true
}

function remember(session: Session, id: string): void {
  const ids = session.get(answerable) ?? new Set()
  ids.add(id)
  if (ids.size > MAX_ANSWERABLE) ids.delete(ids.values().next().value!)
  session.set(answerable, ids)
}

function answers({ id }: Message, targets: readonly Session[]): boolean {
  return id !== undefined && targets.some(target => target.get(answerable)?.has(id))
}

/** All of a copy but its root, whose `to` differs from session to session (§7, §8). */
function copyOf(message: Message, direction: Direction, own: string, id: string | undefined): string {
  const text = writeStanza(message, CONTENT)
  const inner = id === undefined ? text : withStanzaId(text, own, id)
  return `<${direction} xmlns='${wire.NS}'><forwarded xmlns='${NS_FORWARD}'>${inner}</forwarded></${direction}></message>`
}

function send(session: Session, message: Message, copy: string, barrier: Barrier | undefined): void {
  const type = message.type === 'normal' ? '' : ` type='${message.type}'`
  const root = `<message to='${escapeAttr(session.jid.text)}' from='${session.account.jid.text}'${type}>`
  session.send(root + copy, undefined, barrier)
}
