/** Availability (RFC 6121 §4): initial, later and directed presence, probes, and the end. */

import { isFull, Jid } from '@tercet/jid'
import type { Verdict } from '@tercet/plugin'
import {
  hasFrom,
  hasTo,
  presence as makePresence,
  StanzaError,
  writeStanza,
  type Iq,
  type Presence,
} from '@tercet/stanza'
import { CONTENT } from '@tercet/xml'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import {
  inbound,
  outbound,
  presenceChanged,
  sessionClosed,
  type InboundEvent,
  type OutboundEvent,
  type PresenceEvent,
} from '../points.ts'
import { refuseProbe } from '../probe.ts'
import type { Session } from '../session.ts'
import type { Turn } from '../turn.ts'
import { directed, Presences, presences } from './presences.ts'
import { rosters, type Rosters } from './roster.ts'
import { subscriptionType } from './subscription.ts'

const MAX_DIRECTED = 1000

/** Spreads presence and answers probes. */
export const presence = defineModule({
  name: 'presence',
  specs: { 'RFC 6121': '2011-03' },
  needs: [rosters],
  provides: presences,
  setup(host, store) {
    const audience = new Presences(host, store)
    host.onKind('presence', outbound, 'handle', event => send(store, event))
    host.onKind('presence', inbound, 'deliver', event => receive(host, store, event))
    host.onKind('iq', inbound, 'guard', event => guard(store, event))
    host.on(presenceChanged, 'run', event => spread(host, store, audience, event))
    host.on(sessionClosed, 'run', ({ session, turn }) => forgetDirected(host, session, goodbye(session), turn))
    return audience
  },
})

/** Whether a session of `account` has told `other`, or somebody at the same bare address, directly that it is there (§4.6). */
export function hasTold(account: Account, other: Jid): boolean {
  for (const session of account.sessions) {
    const list = session.get(directed)
    if (!list) continue
    if (list.has(other.text)) return true
    const bare = other.bare.text
    for (const told of list) if (told === bare || told.startsWith(`${bare}/`)) return true
  }
  return false
}

// What a session sends

function send(
  store: Rosters,
  { session, stanza, turn }: OutboundEvent & { stanza: Presence },
): 'handled' | undefined | Promise<'handled' | undefined> {
  if (subscriptionType(stanza)) return
  // §4.3: a client need not probe, but may.
  if (stanza.type === 'error' || stanza.type === 'probe') return stanza.to ? undefined : 'handled'
  check(stanza)
  if (stanza.to) return direct(store, session, stanza, stanza.to)
  const before = session.presence
  const tookMessages = session.takesMessages
  const after = stanza.type === undefined ? stanza : undefined
  session.presence = after
  session.priority = after ? priorityOf(after) : 0
  const pending = session.host.tell(presenceChanged, { session, turn, stanza, before, after, tookMessages })
  return pending ? pending.then(() => 'handled' as const) : 'handled'
}

/** §4.6.1: whoever is told directly hears of the end as well. */
async function direct(store: Rosters, session: Session, stanza: Presence, to: Jid): Promise<undefined> {
  const list = session.get(directed)
  if (stanza.type === 'unavailable') {
    list?.delete(to.text)
    return
  }
  if (session.presence && hasFrom((await store.get(session.account, to.bare)).state)) return
  if (list) {
    if (list.size >= MAX_DIRECTED && !list.has(to.text))
      throw new StanzaError('resource-constraint', { text: 'Too many directed presences' })
    list.add(to.text)
  } else session.set(directed, new Set([to.text]))
}

/** §4.4.2, §4.5.2, §4.2.2: to the subscribers and the own sessions; the first one also asks how the others are. */
async function spread(
  host: Host,
  store: Rosters,
  audience: Presences,
  { session, stanza, before, after, turn }: PresenceEvent,
): Promise<void> {
  const { account } = session
  if (!before && !after) {
    forgetDirected(host, session, stanza, turn)
    return
  }
  const initial = after !== undefined && before === undefined
  const entries = await store.list(account)
  for (const { jid, contact } of entries) {
    const hidden = audience.hides(account, jid)
    if (hidden !== false && (await hidden)) continue
    if (hasFrom(contact.state)) host.send(stanza.with({ to: jid }), turn)
    if (initial && hasTo(contact.state)) host.sendPresence('probe', account.jid, jid, turn)
  }
  host.send(stanza.with({ to: account.jid }), turn)
  // It is not among the available ones any more, and still hears its own words (§4.5.2).
  if (!after && session.attached) session.sendStanza(stanza.with({ to: session.jid }))
  if (initial)
    for (const other of account.sessions)
      if (other !== session && other.presence) session.sendStanza(other.presence.with({ to: session.jid }))
  if (!after) forgetDirected(host, session, stanza, turn)
}

/** §4.6.3: those who were told directly hear that it is over. */
function forgetDirected(host: Host, session: Session, stanza: Presence, turn: Turn): void {
  const list = session.get(directed)
  if (!list) return
  for (const text of list) host.send(stanza.with({ to: Jid.parse(text) }), turn)
  list.clear()
}

function goodbye(session: Session): Presence {
  return makePresence({ type: 'unavailable', from: session.jid })
}

// What reaches an account

function receive(
  host: Host,
  store: Rosters,
  { account, stanza, turn }: InboundEvent & { stanza: Presence },
): Verdict | undefined | Promise<Verdict> {
  if (subscriptionType(stanza)) return undefined
  const { to, from, type } = stanza
  if (!to || !from) return 'handled'
  if (type === 'probe') return answerProbe(host, store, account, stanza, turn).then(() => 'handled')
  // §4.6.3: who says good-bye does not wait for ours.
  if (type === 'unavailable') for (const session of account.sessions) session.get(directed)?.delete(from.text)
  if (isFull(to)) host.session(to)?.sendStanza(stanza)
  else if (type !== 'error') {
    const text = writeStanza(stanza)
    for (const session of account.sessions) if (session.presence) session.send(text)
  }
  return 'handled'
}

/** §4.3.2: what those see who may. */
async function answerProbe(host: Host, store: Rosters, account: Account, probe: Presence, turn: Turn): Promise<void> {
  const { to, from } = probe
  if (!to || !from) return
  const own = from.bare.text === account.jid.text
  if (!own && !hasFrom((await store.get(account, from.bare)).state)) {
    const told = account.sessions.some(session => session.get(directed)?.has(from.text))
    if (!told) refuseProbe(host, account.jid, from, turn)
    return
  }
  for (const session of account.sessions) {
    if (!session.presence || (isFull(to) && session.jid.text !== to.text)) continue
    host.send(session.presence.with({ to: from }), turn)
  }
}

/** RFC 6121 §8.5.3.1: a request from somebody who must not know that the resource is there does not reach it. */
function guard(store: Rosters, { account, stanza }: InboundEvent & { stanza: Iq }): void | Promise<void> {
  if (stanza.type !== 'get' && stanza.type !== 'set') return
  const { to, from } = stanza
  if (!to || !from || !isFull(to) || from.bare.text === account.jid.text) return
  const list = account.host.session(to)?.get(directed)
  if (list?.has(from.text) || list?.has(from.bare.text)) return
  const contact = store.get(account, from.bare)
  if (contact instanceof Promise) return contact.then(contact => demand(hasFrom(contact.state)))
  demand(hasFrom(contact.state))
}

function demand(allowed: boolean): void {
  if (!allowed) throw new StanzaError('service-unavailable')
}

// What a presence may say

// COMPAT(go-sendxmpp 0.5): an empty show stands for none.
const shows = new Set(['away', 'chat', 'dnd', 'xa', ''])

/** §4.7.2: at most one show and one priority, and no others than there are. */
function check({ content }: Presence): void {
  const seen = new Set<string>()
  for (let index = 0; index < content.size; index++) {
    const name = content.nameAt(index)
    if (content.nsAt(index) !== CONTENT || (name !== 'show' && name !== 'priority')) continue
    if (seen.has(name)) throw new StanzaError('bad-request', { text: `There is more than one ${name}` })
    seen.add(name)
    if (name === 'show' && !shows.has(content.elementAt(index).text()))
      throw new StanzaError('bad-request', { text: 'There is no such show' })
    if (name === 'priority') readPriority(content.elementAt(index).text())
  }
}

function priorityOf({ content }: Presence): number {
  const index = content.find('priority', CONTENT)
  return index < 0 ? 0 : readPriority(content.elementAt(index).text())
}

/** §4.7.2.3: an integer from -128 to 127. */
function readPriority(text: string): number {
  const priority = /^\s*[+-]?\d{1,3}\s*$/.test(text) ? Number(text) : NaN
  if (priority >= -128 && priority <= 127) return priority
  throw new StanzaError('bad-request', { text: 'A priority is an integer from -128 to 127' })
}
