/** The inbox (XEP-0430 0.2.0): all conversations of an account, the latest first, and what is unread in them. */

import { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/inbox'
import { escapeAttr, write } from '@tercet/xml'
import { z } from 'zod'
import type { IqContext } from '../../iq.ts'
import { defineModule } from '../../module.ts'
import { accountRemoved } from '../../points.ts'
import { answerBeside } from '../beside.ts'
import { archives, resultText, type Archive } from '../mam/index.ts'
import { pep, type Pep } from '../pep/index.ts'
import { readUpTo, unreadIn, type Conversation } from './conversation.ts'
import { displayedBy } from './displayed.ts'
import { Inbox } from './inbox.ts'
import { pageOf } from './page.ts'

const options = z.strictObject({
  conversations: z
    .int()
    .min(1)
    .default(2000)
    .describe('Conversations of an account; those silent for longest go first'),
  max_page: z.int().min(1).max(1000).default(250).describe('Conversations on a page, at most'),
})

/** Tells clients at a glance what they would otherwise read the archive for. */
export const inbox = defineModule({
  name: 'inbox',
  specs: { 'XEP-0333': '1.0.0', 'XEP-0430': '0.2.0' },
  options,
  needs: [archives, pep],
  setup(host, archive, pep, { conversations, max_page: maxPage }) {
    const inbox = new Inbox(host, archive.log, conversations)
    host.feature(wire.NS, 'account')
    answerBeside(host, ({ type, content }) => type === 'get' && content.nsAt(0) === wire.NS)
    host.handle(wire.inbox, 'self', (query, context) => answer({ inbox, archive, pep, maxPage }, query, context))
    host.forbid(wire.inbox)
    host.on(accountRemoved, 'run', ({ account, turn }) => inbox.clear(account.jid.local, turn))
  },
})

interface Sources {
  readonly inbox: Inbox
  readonly archive: Archive
  readonly pep: Pep
  readonly maxPage: number
}

/** §3.1: the latest conversation comes first, so that a page of them is what somebody looks at. */
async function answer(
  { inbox, archive: { log }, pep, maxPage }: Sources,
  { unreadOnly, messages, set }: wire.InboxQuery,
  { account, session, iq }: IqContext,
): Promise<wire.InboxFin> {
  if (!account || !session) throw new StanzaError('forbidden')
  const { domain, local } = account.jid
  const read = await displayedBy(account, pep)
  const [oldest] = (await log.page(domain, local, { max: 1 })).entries
  const all: [peer: string, conversation: Conversation][] = []
  let unread = 0
  let allUnread = 0
  for (const [peer, stored] of await inbox.read(account)) {
    // Retention has taken all of it.
    if (!oldest || stored.id < oldest.id) continue
    const mark = read.get(peer)
    const conversation = mark === undefined ? stored : readUpTo(stored, mark)
    const count = unreadIn(conversation)
    if (count > 0) unread++
    allUnread += count
    all.push([peer, conversation])
  }
  const listed = new Map(
    (unreadOnly ? all.filter(([, conversation]) => unreadIn(conversation) > 0) : all).sort(([, a], [, b]) =>
      a.id < b.id ? 1 : -1,
    ),
  )
  const page = pageOf([...listed.keys()], set, maxPage)
  const root = `<message to='${escapeAttr(session.jid.text)}' from='${account.jid.text}'>`
  for (const peer of page.ids) {
    const conversation = listed.get(peer)!
    const { id, said } = conversation
    const entry = wire.entry.write({ jid: BareJid.parse(peer), unread: unreadIn(conversation), id })
    const last = messages && said !== undefined ? await log.get(domain, local, said) : undefined
    session.send(`${root}${write(entry)}${last ? resultText(last, iq.id) : ''}</message>`)
  }
  return { total: all.length, unread, allUnread, set: page.set }
}
