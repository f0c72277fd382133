/** Push notifications (XEP-0357 0.4.1): whoever sleeps is woken for what waits, by the push service of its app. */

import { BareJid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError, type Message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import * as wire from '@tercet/stanza/push'
import { CONTENT } from '@tercet/xml'
import { z } from 'zod'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import {
  accountRemoved,
  inbound,
  sessionArrived,
  sessionClosed,
  sessionHibernated,
  sessionMoved,
  sessionOpened,
} from '../points.ts'
import type { Session } from '../session.ts'
import { sessionKey, stringSet } from '../session-key.ts'
import type { Turn } from '../turn.ts'
import { PushNodes, type Failure, type PushNode } from './push-nodes.ts'
import { PushPublisher, type Answer, type Summary } from './push-publisher.ts'
import { storable } from './storable.ts'

/** Nodes that the session's client has enabled: as long as it listens, they are told nothing. */
const own = sessionKey<Set<string>>('push nodes', stringSet)
/** The last stanza that the session's nodes were told of, as an id of its time. */
const told = sessionKey<string>('told by push')
/** When its nodes were told since it had lost its stream, as an id of that time. */
const lost = sessionKey<string>('told by push of a lost stream')

/** Errors in a row that may pass by themselves, before a node is disabled all the same (§7.1). */
const MAX_PASSING = 10
const MAX_BODY = 400
/** Nodes of a host whose fate is remembered; beyond that the one that was told least lately is forgotten. */
const MAX_FATES = 10_000

/** How a node fares since the server started. */
export interface PushState {
  readonly jid: string
  readonly node: string
  /** Milliseconds since 1970, as all times here. */
  readonly enabledAt: number
  /** When it was last told something. */
  readonly pushedAt?: number
  /** What its service said to that. */
  readonly answer?: string
  readonly answeredAt?: number
}

interface Fate {
  pushedAt: number
  answer: string
  answeredAt: number
  passing: number
}

/** Push on one host, for diagnostics. */
export interface Push {
  /** The nodes of an account, and what was disabled. @param local prepared text */
  show(local: string): Promise<{ nodes: readonly PushState[]; failures: readonly Failure[] }>
  /** Tells all nodes of an account something, whoever listens; resolves with what their services say, within a minute. */
  test(account: Account): Promise<readonly { jid: string; node: string; answer: string }[]>
}

/** Push on a host. */
export const pushes = service<Push>('push')

/** Publishes when a message is kept for later, or goes to a session that does not listen. */
export const push = defineModule({
  name: 'push',
  specs: { 'XEP-0357': '0.4.1' },
  features: [wire.NS],
  provides: pushes,
  options: z.strictObject({
    max_nodes: z.int().positive().default(20).describe('Nodes of one account; the oldest go first'),
    with_sender: z.boolean().default(false).describe('Whether push services are told who has written'),
    with_body: z.boolean().default(false).describe('Whether push services are told what was written'),
  }),
  setup(host, options) {
    const nodes = new PushNodes(host, options.max_nodes)
    const publisher = new PushPublisher(host, async (jid, key) =>
      (await nodes.of(host.account(jid))).some(node => node.key === key),
    )
    /** By account and node. */
    const fates = new Map<string, Fate>()
    host.feature(wire.NS, 'account')
    host.handle(wire.enable, 'self', async ({ jid, node = '', options: form }, { account, session, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      if (jid.bare.text === account.jid.text) throw new StanzaError('bad-request', { text: 'This is no push service' })
      if (node.length > 1024) throw new StanzaError('not-acceptable', { text: 'The name of the node is too long' })
      const key = await nodes.enable(account, jid, node, form, turn)
      session?.set(own, new Set([...(session.get(own) ?? []), key]))
    })
    host.handle(wire.disable, 'self', async ({ jid, node }, { account, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      await nodes.disable(account, jid, node, turn)
    })
    for (const come of [sessionOpened, sessionArrived])
      host.on(come, 'run', ({ session: { account } }) => {
        if (account.sessions.length === 1) return nodes.load(account)
      })
    for (const gone of [sessionClosed, sessionMoved])
      host.on(gone, 'run', ({ session: { account } }) => {
        if (account.sessions.length === 0) nodes.unload(account)
      })
    host.on(accountRemoved, 'run', ({ account, turn }) => nodes.clear(account, turn))
    host.onKind('iq', inbound, 'guard', ({ account, stanza }) => {
      if (stanza.type !== 'result' && stanza.type !== 'error') return
      if (publisher.answered(account.jid, stanza)) return 'handled'
    })
    host.onKind('message', inbound, 'copy', ({ account, stanza, targets, turn }) => {
      // Of most accounts there are none, which is quicker to see than what the message says.
      if (nodes.none(account) || !wakes(stanza, targets)) return
      const all = nodes.of(account)
      if (all instanceof Promise) return all.then(all => later(account, all, stanza, turn))
      later(account, all, stanza, turn)
    })
    host.on(sessionHibernated, 'run', async ({ session }) => {
      // What it was sent and has not confirmed it may never have seen.
      const mine = session.get(own)
      if (!mine || !unseen(session)) return
      const now = host.server.newId()
      session.set(told, now)
      session.set(lost, now)
      for (const node of await nodes.of(session.account))
        if (mine.has(node.key)) tell(session.account, node, { count: 1 })
    })
    return { show, test }

    /**
     * When the message is safe: nobody is woken for what may not be there. Who listens is seen now: by then a phone may have confirmed the
     * message and gone, and one that goes without having confirmed it is told as it goes.
     */
    function later(account: Account, all: readonly PushNode[], message: Message, turn: Turn): void {
      const asleep = all.filter(({ key }) => !account.sessions.some(session => listens(session, key)))
      if (asleep.length === 0) return
      const at = host.server.newId()
      turn.whenDecided(() => {
        if (turn.state === 'failed') return
        const untold = asleep.filter(({ key }) => !account.sessions.some(session => toldSince(session, key, at)))
        for (const session of account.sessions)
          if (untold.some(({ key }) => session.get(own)?.has(key))) session.set(told, host.server.newId())
        if (untold.length === 0) return
        void summaryOf(host, account, message, options).then(summary => {
          for (const node of untold) tell(account, node, summary)
        }, host.bug)
      })
    }

    function tell(account: Account, node: PushNode, summary: Summary, heard?: (answer: Answer) => void): void {
      const place = `${account.jid.text} ${node.key}`
      const fate = fates.get(place) ?? { pushedAt: 0, answer: '', answeredAt: 0, passing: 0 }
      fates.delete(place)
      fates.set(place, fate)
      const oldest = fates.keys().next().value
      if (oldest !== undefined && fates.size > MAX_FATES) fates.delete(oldest)
      fate.pushedAt = Date.now()
      publisher.publish(account.jid, node, summary, answer => {
        note(account, node, fate, answer)
        heard?.(answer)
      })
    }

    function note(account: Account, node: PushNode, fate: Fate, answer: Answer): void {
      fate.answeredAt = Date.now()
      fate.answer = textOf(answer)
      if (answer.kind === 'taken') fate.passing = 0
      if (answer.kind !== 'refused') return
      const where = { account: account.jid.text, service: node.jid.text, node: node.node, reason: fate.answer }
      if (passes(answer.error) && ++fate.passing < MAX_PASSING) {
        host.logger.info(where, 'A push service refuses for now')
        return
      }
      host.logger.warn(where, 'A push service wants no more: its node is disabled')
      host.account(account.jid).enter(() => {
        const turn = host.server.turn()
        return nodes.fail(host.account(account.jid), node, fate.answer, turn).finally(() => turn.release())
      })
    }

    async function show(local: string): ReturnType<Push['show']> {
      const account = [...host.active].find(({ jid }) => jid.local === local)
      const all = account ? await nodes.of(account) : await nodes.read(local)
      const states = all.map(node => {
        const { jid, node: name, enabledAt, key } = node
        const fate = fates.get(`${BareJid.of(local, host.domain).text} ${key}`)
        return {
          ...{ jid: jid.text, node: name, enabledAt },
          ...(fate?.pushedAt ? { pushedAt: fate.pushedAt } : {}),
          ...(fate?.answeredAt ? { answer: fate.answer, answeredAt: fate.answeredAt } : {}),
        }
      })
      return { nodes: states, failures: await nodes.failures(local) }
    }

    async function test(account: Account): ReturnType<Push['test']> {
      return Promise.all(
        (await nodes.of(account)).map(
          node =>
            new Promise<{ jid: string; node: string; answer: string }>(resolve => {
              const { jid, node: name } = node
              tell(account, node, { count: 0 }, answer =>
                resolve({ jid: jid.text, node: name, answer: textOf(answer) }),
              )
            }),
        ),
      )
    }
  },
})

/** Worth waking somebody: words, also those that we cannot read, or a call; not that something was read or is being written. */
function wakes(message: Message, targets: readonly Session[]): boolean {
  if (message.type === 'error' || message.type === 'headline') return false
  // Of a room only what goes to a session that has entered it.
  if (message.type === 'groupchat' && targets.length === 0) return false
  const { content } = message
  for (let index = 0; index < content.size; index++) {
    const name = content.nameAt(index)
    const ns = content.nsAt(index)
    if (name === 'body' && ns === CONTENT) return message.type === 'groupchat' || storable(message)
    if (name === 'encrypted' || ns === 'urn:xmpp:jingle-message:0') return true
  }
  return false
}

/** The session's client hears by itself what it would be told: it has a stream, and somebody looks at it (XEP-0352). */
function listens(session: Session, key: string): boolean {
  return session.attached && !session.outgoing.holding && session.get(own)?.has(key) === true
}

/** The node was told after `at`, as its session lost its stream. */
function toldSince(session: Session, key: string, at: string): boolean {
  return session.get(own)?.has(key) === true && (session.get(lost) ?? '') > at
}

/** Something that can be owed was sent after what its nodes were told of. */
function unseen(session: Session): boolean {
  const last = session.get(told) ?? ''
  for (const { owed } of session.outgoing.unsettled()) if (owed && !owed.settled && owed.id > last) return true
  return false
}

async function summaryOf(
  host: Host,
  account: Account,
  message: Message,
  { with_sender, with_body }: { with_sender: boolean; with_body: boolean },
): Promise<Summary> {
  const waiting = await host.server.storage.spool.count(account.jid.text)
  const sender = with_sender ? message.from?.text : undefined
  const text = with_body ? textIn(message) : undefined
  return {
    count: Math.max(1, waiting),
    ...(sender === undefined ? {} : { sender }),
    ...(text === undefined ? {} : { body: text.slice(0, MAX_BODY) }),
  }
}

function textIn(message: Message): string | undefined {
  try {
    return message.get(body)
  } catch {
    return undefined
  }
}

/** It may be otherwise next time, or was never the service that spoke. */
function passes({ type, condition }: StanzaError): boolean {
  return type === 'wait' || condition.startsWith('remote-server-')
}

function textOf(answer: Answer): string {
  if (answer.kind !== 'refused') return answer.kind === 'taken' ? 'ok' : 'no answer'
  const { condition, text } = answer.error
  return text === undefined ? condition : `${condition}: ${text}`
}
