/** The blocking command (XEP-0191 1.3): what a blocked address sends does not arrive, and nothing is sent to it. */

import { Jid } from '@tercet/jid'
import type { Verdict } from '@tercet/plugin'
import { iq, StanzaError, writeStanza, type Stanza } from '@tercet/stanza'
import * as wire from '@tercet/stanza/blocking'
import type { BlockList } from '@tercet/stanza/blocking'
import type { Element } from '@tercet/xml'
import { z } from 'zod'
import type { Account } from '../account.ts'
import { defineModule } from '../module.ts'
import {
  accountRemoved,
  inbound,
  outbound,
  sessionArrived,
  sessionClosed,
  sessionMoved,
  sessionOpened,
} from '../points.ts'
import { sessionKey } from '../session-key.ts'
import type { Turn } from '../turn.ts'
import { Blocks, blocks } from './blocks.ts'
import { presences } from './presences.ts'
import { reports } from './reports.ts'

/** The session has asked for the list: it hears of changes (§3.3). */
const interested = sessionKey<boolean>('interested in the block list')

/** Blocks, politely: subscriptions stay, and the user seems to be offline (§3.3, §4). */
export const blocking = defineModule({
  name: 'blocking',
  specs: { 'XEP-0191': '1.3' },
  features: [wire.NS],
  needs: [presences, reports],
  provides: blocks,
  options: z.strictObject({
    max_items: z.int().positive().default(5000).describe('Addresses that one account may block'),
  }),
  setup(host, audience, reported, { max_items }) {
    const store = new Blocks(host)
    for (const come of [sessionOpened, sessionArrived])
      host.on(come, 'run', ({ session: { account } }) => {
        if (account.sessions.length === 1) return store.load(account)
      })
    for (const gone of [sessionClosed, sessionMoved])
      host.on(gone, 'run', ({ session: { account } }) => {
        if (account.sessions.length === 0) store.unload(account)
      })
    host.on(inbound, 'guard', ({ account, stanza }) => {
      if (!stanza.from) return
      const refused = store.refuses(account, stanza.from)
      if (refused instanceof Promise) return refused.then(refused => (refused ? turnAway(stanza) : undefined))
      if (refused) return turnAway(stanza)
    })
    host.on(outbound, 'guard', ({ session, stanza }) => {
      if (!stanza.to) return
      const refused = store.refuses(session.account, stanza.to)
      if (refused instanceof Promise) return refused.then(refused => (refused ? hold() : undefined))
      if (refused) hold()
    })
    audience.withhold((account, to) => store.refuses(account, to))
    host.on(accountRemoved, 'run', ({ account, turn }) => store.clear(account, turn))

    host.handle(wire.list, 'self', async (_, { account, session }) => {
      if (!account) throw new StanzaError('service-unavailable')
      session?.set(interested, true)
      return { items: (await store.list(account)).map(text => ({ jid: Jid.parse(text) })) }
    })
    host.handle(wire.block, 'self', async ({ items }, { account, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      if (items.length === 0) throw new StanzaError('bad-request', { text: 'Say whom to block' })
      const all = new Set(await store.list(account))
      const jids = unique(items)
      const added = jids.filter(jid => !all.has(jid))
      if (all.size + added.length > max_items)
        throw new StanzaError('resource-constraint', { type: 'cancel', text: 'Your block list is full' })
      // While nothing holds it back yet: those who saw the user see it leave.
      const leave = await audience.withdrawal(
        account,
        jids.map(text => Jid.parse(text)),
      )
      store.add(account, added, turn)
      for (const { jid, report } of items) if (report) await reported.file(account.jid, jid, report, turn)
      push(account, wire.block.request.write({ items: items.map(({ jid }) => ({ jid })) }), turn)
      afterCommit(turn, leave)
    })
    host.handle(wire.unblock, 'self', async ({ items }, { account, turn }) => {
      if (!account) throw new StanzaError('service-unavailable')
      const all = await store.list(account)
      const jids = items.length === 0 ? all : unique(items).filter(jid => all.includes(jid))
      store.remove(account, jids, turn)
      push(account, wire.unblock.request.write({ items: items.map(({ jid }) => ({ jid })) }), turn)
      afterCommit(
        turn,
        await audience.returning(
          account,
          jids.map(text => Jid.parse(text)),
        ),
      )
    })
    return store

    function afterCommit(turn: Turn, run: (turn: Turn) => void): void {
      turn.whenDecided(() => {
        if (turn.state === 'durable') void host.server.work(run)
      })
    }
  },
})

/** §3.3: no answer to a presence, one to what waits for it; a message of a room or a newsletter does not. */
function turnAway(stanza: Stanza): Verdict {
  const { kind, type } = stanza
  const answered = kind === 'message' ? type === 'chat' || type === 'normal' : type === 'get' || type === 'set'
  if (kind !== 'presence' && answered) throw new StanzaError('service-unavailable')
  return 'drop'
}

/** §3.3. */
function hold(): never {
  throw new StanzaError('not-acceptable', {
    type: 'cancel',
    text: 'You have blocked this address',
    application: wire.blocked.write({}),
  })
}

function unique(items: BlockList['items']): string[] {
  return [...new Set(items.map(({ jid }) => jid.text))]
}

/** Tells the sessions that have the list, once the change is on disk. */
function push(account: Account, payload: Element, turn: Turn): void {
  const id = `push-${account.host.server.newId()}`
  for (const session of account.sessions) {
    if (!session.get(interested)) continue
    session.send(writeStanza(iq({ type: 'set', id, to: session.jid, payload })), undefined, turn)
  }
}
