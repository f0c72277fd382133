/** Tombstones (XEP-0424 0.4.2 §4): what its author takes back is gone from our archives; that it was there stays. */

import { fromFragment, message as makeMessage, writeStanza, type Message } from '@tercet/stanza'
import * as wire from '@tercet/stanza/retraction'
import type { Log } from '@tercet/storage'
import { escapeAttr, readStanza } from '@tercet/xml'
import type { Account } from '../../account.ts'

const DAY_MS = 86_400_000
/** Messages of the conversation that are looked at, and how many at a time. */
const MAX_LOOKED_AT = 1000
const PAGE = 250
/** Marks what a room has sent, where one bare address speaks for many people (XEP-0045 §7.5). */
const NS_ROOM = 'http://jabber.org/protocol/muc#user'

/** A message of the archive, and what comes in its place. */
export interface Burial {
  readonly id: string
  readonly body: string
}

/** True for a message that takes another one back. */
export function retracts({ content }: Message): boolean {
  return content.find(wire.retract.name, wire.NS) >= 0
}

/**
 * Looks for the message that `retraction` takes back: the newest of that id that the same author has written, in the archive of `account`.
 * Undefined: there is none, or it cannot be said that the author is the same.
 *
 * @param days how far back; an archive is not read to its end because a stranger asks for it
 */
export async function buried(
  log: Log,
  account: Account,
  peer: string,
  { retraction, days }: { readonly retraction: Message; readonly days: number },
): Promise<Burial | undefined> {
  const { content, id: newId } = retraction
  const id = content.elementAt(content.find(wire.retract.name, wire.NS)).attr('id')
  // §4: a tombstone names the retraction, so that one without an id has none.
  if (id === undefined || id === '' || newId === undefined || days === 0) return undefined
  const written = escapeAttr(id)
  const { domain } = account.host
  const { local } = account.jid
  const query = { peer, startMs: Date.now() - days * DAY_MS, last: true, max: PAGE }
  let before: string | undefined
  for (let seen = 0; seen < MAX_LOOKED_AT; seen += PAGE) {
    const { entries, complete } = await log.page(domain, local, before === undefined ? query : { ...query, before })
    for (const entry of entries.toReversed()) {
      // As it was written by us; most are read no further.
      if (!entry.body.includes(written)) continue
      const message = fromFragment(readStanza(entry.body))
      if (message.kind !== 'message' || message.id !== id || !sameAuthor(message, retraction)) continue
      return message.content.find(wire.retracted.name, wire.NS) < 0
        ? { id: entry.id, body: tombstone(message, newId) }
        : undefined
    }
    before = entries[0]?.id
    if (complete || before === undefined) return undefined
  }
  return undefined
}

/** §5: the same bare address; of people in a room the same full one. */
function sameAuthor(message: Message, retraction: Message): boolean {
  const { from } = message
  const author = retraction.from
  if (!from || !author) return false
  return ofRoom(message) || ofRoom(retraction) ? from.text === author.text : from.bare.text === author.bare.text
}

function ofRoom({ content }: Message): boolean {
  return content.find('x', NS_ROOM) >= 0
}

/** Nothing of what it said, not even attributes that nobody knows. */
function tombstone({ to, from, id, type, lang }: Message, by: string): string {
  const payloads = [wire.retracted.write({ id: by, stamp: new Date() })]
  return writeStanza(makeMessage({ to, from, id, type, lang, payloads }))
}
