/**
 * Message archives (XEP-0313 1.1.3), with preferences (XEP-0441 0.2.0), full-text search (XEP-0431 0.2.0), and tombstones for what was
 * retracted (XEP-0424 0.4.2).
 */

import { service } from '@tercet/plugin'
import { StanzaError, type Iq } from '@tercet/stanza'
import { makeForm } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/mam'
import * as retraction from '@tercet/stanza/retraction'
import { z } from 'zod'
import { defineModule } from '../../module.ts'
import { accountRemoved, inbound, outbound } from '../../points.ts'
import type { Session } from '../../session.ts'
import { answerBeside } from '../beside.ts'
import { rosters } from '../roster.ts'
import { Archive } from './archive.ts'
import { boundTo } from './binding.ts'
import { FIELDS, readFilter } from './filter.ts'
import { Preferences } from './preferences.ts'
import { answerMetadata, answerQuery } from './results.ts'
import { keepWithin } from './retention.ts'

export type { Archive } from './archive.ts'
export { resultText } from './results.ts'

/** The archives of a host, for modules that read them. */
export const archives = service<Archive>('archives')

const options = z.strictObject({
  default: z
    .enum(['always', 'never', 'roster'])
    .default('always')
    .describe('Whose messages are kept for users who have not said so themselves'),
  page: z.int().min(1).max(1000).default(50).describe('Messages on a page when the client names no number'),
  max_page: z.int().min(1).max(1000).default(250).describe('Messages on a page, at most'),
  keep_days: z.int().min(1).optional().describe('Messages go after so many days; otherwise they stay'),
  keep_messages: z.int().min(1).optional().describe('Messages of an account, at most; the oldest go first'),
  keep_bytes: z.int().min(1).optional().describe('Bytes of the messages of an account, at most; the oldest go first'),
  keep_host_bytes: z
    .int()
    .min(1)
    .optional()
    .describe('Bytes of the messages of all accounts of a host, at most; the oldest go first, hour by hour'),
  retract_days: z
    .int()
    .min(0)
    .max(3650)
    .default(14)
    .describe('For so many days an author can take back a message; 0: what was kept stays as it is'),
})

/** Keeps messages for the accounts of a host, and gives them to their owners. */
export const mam = defineModule({
  name: 'mam',
  specs: { 'XEP-0313': '1.1.3', 'XEP-0334': '1.0.0', 'XEP-0424': '0.4.2', 'XEP-0431': '0.2.0', 'XEP-0441': '0.2.0' },
  options,
  needs: [rosters],
  provides: archives,
  setup(host, store, options) {
    const preferences = new Preferences(host, store, options.default)
    const archive = new Archive(host, preferences, options.retract_days)
    const limits = { page: Math.min(options.page, options.max_page), maxPage: options.max_page }
    for (const feature of [wire.NS, wire.NS_EXTENDED, wire.NS_GROUPCHAT_FIELD, wire.NS_FULLTEXT])
      host.feature(feature, 'account')
    host.feature(retraction.NS)
    host.feature(retraction.NS, 'account')
    if (options.retract_days > 0) host.feature(retraction.NS_TOMBSTONE, 'account')
    host.inlineFeature({ ns: wire.NS, listed: false, bound: (session, _, bind) => boundTo(archive, session, bind) })
    host.onKind('message', outbound, 'archive', event => archive.sent(event))
    host.onKind('message', inbound, 'archive', event => archive.received(event))
    answerBeside(host, reads)
    host.handle(wire.query, 'self', (query, { session }) =>
      answerQuery(archive, own(session), readFilter(query, limits), query),
    )
    host.handle(wire.filters, 'self', () => ({ form: filterForm() }))
    host.handle(wire.metadata, 'self', (_, { session }) => answerMetadata(archive, own(session).account))
    host.handle(wire.getPreferences, 'self', (_, { session }) => preferences.get(own(session).jid.local))
    host.handle(wire.setPreferences, 'self', (wanted, { session, turn }) =>
      preferences.set(own(session).jid.local, wanted, turn),
    )
    // §8.1: an archive is its account's alone.
    host.forbid(wire.query)
    host.forbid(wire.filters)
    host.forbid(wire.metadata)
    host.forbid(wire.getPreferences)
    host.forbid(wire.setPreferences)
    host.on(accountRemoved, 'run', ({ account, turn }) => {
      archive.log.clear(turn.unit, host.domain, account.jid.local)
      preferences.clear(account.jid.local, turn)
    })
    keepWithin(host, archive.log, {
      days: options.keep_days,
      messages: options.keep_messages,
      bytes: options.keep_bytes,
      hostBytes: options.keep_host_bytes,
    })
    return archive
  },
})

function reads({ type, content }: Iq): boolean {
  return (type === 'set' || type === 'get') && content.nsAt(0) === wire.NS && content.nameAt(0) !== 'prefs'
}

function own(session: Session | undefined): Session {
  if (!session) throw new StanzaError('forbidden')
  return session
}

/** §4.1.6: the fields that are known. */
function filterForm(): ReturnType<typeof makeForm> {
  const form = makeForm('form', wire.NS, {})
  const fields = Object.entries(FIELDS).map(([name, type]) => ({
    var: name,
    type,
    required: false,
    values: [],
    options: [],
  }))
  return { ...form, fields: [...form.fields, ...fields] }
}
