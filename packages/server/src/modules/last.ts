/** Last activity (XEP-0012 2.0): since when the host runs, and since when an account is away. */

import { StanzaError } from '@tercet/stanza'
import * as im from '@tercet/stanza/im'
import * as wire from '@tercet/stanza/last'
import type { Account } from '../account.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, presenceChanged, sessionClosed } from '../points.ts'
import { sessionKey } from '../session-key.ts'
import { authorizedAccount } from './authorized.ts'
import { rosters } from './roster.ts'

interface LastRow {
  /** When the last session ended, milliseconds since 1970. */
  readonly at: number
  /** What was said then. */
  readonly status?: string
}

const KEY = 'last'

/** The status of the session's last unavailable presence. */
const farewell = sessionKey<string | undefined>('status of the last unavailable presence')

/** Answers for the host, and for accounts to those who see their presence. What a resource did last, its client knows. */
export const last = defineModule({
  name: 'last',
  specs: { 'XEP-0012': '2.0' },
  features: [wire.NS],
  needs: [rosters],
  setup(host, store) {
    const table = host.table<LastRow>('last activity')
    const startedMs = performance.now()
    host.feature(wire.NS, 'account')
    host.handle(wire.last, 'server', () => ({ seconds: Math.floor((performance.now() - startedMs) / 1000) }))
    for (const target of ['self', 'account'] as const) {
      host.handle(wire.last, target, async (_, context) => answer(await authorizedAccount(store, context)))
    }
    host.on(presenceChanged, 'run', ({ session, stanza, before, after }) => {
      // The server's own good-bye follows that of the session and says nothing.
      if (before && !after) session.set(farewell, stanza.get(im.status))
      else if (after) session.set(farewell, undefined)
    })
    host.on(sessionClosed, 'run', ({ session }) => {
      const { account } = session
      if (account.sessions.length > 0) return
      const status = session.get(farewell)
      const row = { at: Date.now(), ...(status === undefined ? {} : { status }) }
      // In a unit of its own, since nobody waits for it: it goes to disk with what comes next, or when the store is closed.
      const unit = host.server.storage.unit()
      table.put(unit, host.domain, account.jid.local, KEY, row, { lazy: true })
      unit.commit().catch(host.bug)
    })
    host.on(accountRemoved, 'run', ({ account, turn }) => {
      table.clear(turn.unit, host.domain, account.jid.local)
    })

    async function answer(account: Account): Promise<{ seconds: number; status?: string }> {
      // §3: whoever is connected was active just now.
      if (account.sessions.length > 0) return { seconds: 0 }
      const row = await table.get(host.domain, account.jid.local, KEY)
      if (!row) throw new StanzaError('item-not-found', { text: 'This account has never been online' })
      const { at, status } = row.value
      // A clock that was set back is not a reason for a negative number.
      const seconds = Math.max(0, Math.floor((Date.now() - at) / 1000))
      return { seconds, ...(status === undefined ? {} : { status }) }
    }
  },
})
