/** Answers to questions about an archive (XEP-0313 1.1.3 §4, §5). */

import { StanzaError } from '@tercet/stanza'
import type * as wire from '@tercet/stanza/mam'
import { NS } from '@tercet/stanza/mam'
import { StorageError, type LogEntry, type LogPage } from '@tercet/storage'
import { CONTENT, escapeAttr } from '@tercet/xml'
import type { Account } from '../../account.ts'
import type { Session } from '../../session.ts'
import type { Archive } from './archive.ts'
import type { Wanted } from './filter.ts'

/** What a query ends with. */
export type Fin = ReturnType<typeof wire.fin.read>

/**
 * Sends the messages that are wanted to the session, in order, and gives the end of the results.
 *
 * @throws {StanzaError} `item-not-found`: a message that is not in the archive
 */
export async function answerQuery(
  archive: Archive,
  session: Session,
  wanted: Wanted,
  { queryid, flipPage }: wire.ArchiveQuery,
): Promise<Fin> {
  const { account } = session
  const { entries, complete } = await pageOf(archive, account, wanted)
  for (const entry of flipPage ? entries.toReversed() : entries) session.send(resultOf(session, entry, queryid))
  const first = entries[0]
  const last = entries.at(-1)
  return {
    complete,
    stable: true,
    set: {
      ...(first && last ? { first: { id: first.id }, last: last.id } : {}),
      // XEP-0059 §2.7: a page of nothing asks how many there are.
      ...(wanted.page.max === 0 ? { count: await archive.log.count(account.host.domain, account.jid.local) } : {}),
    },
  }
}

/** The first and the last message (§5). */
export async function answerMetadata(
  archive: Archive,
  account: Account,
): Promise<Parameters<typeof wire.metadata.writeResult>[0]> {
  const { domain } = account.host
  const { local } = account.jid
  const ends = await archive.log.ends(domain, local)
  if (!ends) return {}
  const [first, last] = ends
  return {
    start: { id: first.id, timestamp: new Date(first.at) },
    end: { id: last.id, timestamp: new Date(last.at) },
  }
}

async function pageOf(archive: Archive, account: Account, { page, bounds, ids }: Wanted): Promise<LogPage> {
  const { log } = archive
  const { domain } = account.host
  const { local } = account.jid
  if (ids) {
    const entries = await Promise.all([...new Set(ids)].sort().map(id => log.get(domain, local, id)))
    return { entries: entries.map(entry => entry ?? missing()), complete: true }
  }
  // Those that the page itself is bounded by are looked for there.
  for (const id of bounds) if (id !== page.after && id !== page.before && !(await log.get(domain, local, id))) missing()
  try {
    return await log.page(domain, local, page)
  } catch (error) {
    if (error instanceof StorageError && error.condition === 'unknown-id') missing()
    throw error
  }
}

function missing(): never {
  throw new StanzaError('item-not-found', { text: 'No message has this id' })
}

/** A message of the archive, as it is sent to a session. */
function resultOf(session: Session, entry: LogEntry, queryid: string | undefined): string {
  const root = `<message to='${escapeAttr(session.jid.text)}' from='${session.account.jid.text}'>`
  return `${root}${resultText(entry, queryid)}</message>`
}

/** Wire text of `<result/>`. */
export function resultText({ id, at, body }: LogEntry, queryid: string | undefined): string {
  const query = queryid === undefined ? '' : ` queryid='${escapeAttr(queryid)}'`
  const stamp = new Date(at).toISOString()
  return (
    `<result xmlns='${NS}'${query} id='${id}'><forwarded xmlns='urn:xmpp:forward:0'>` +
    `<delay xmlns='urn:xmpp:delay' stamp='${stamp}'/>${framed(body)}</forwarded></result>`
  )
}

/** Stored as it is written between the tags of a stream; here it stands under another namespace. */
function framed(body: string): string {
  return `<message xmlns='${CONTENT}'${body.slice('<message'.length)}`
}
