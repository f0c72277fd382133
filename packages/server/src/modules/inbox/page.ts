/** A page of conversations (XEP-0059 1.0); their addresses are the ids. */

import { StanzaError } from '@tercet/stanza'
import type { ResultSet } from '@tercet/stanza/rsm'

/**
 * What of `ids` is on the page, in order, and how that is told.
 *
 * @throws {StanzaError} `item-not-found`: no such id · `feature-not-implemented`: paging by number
 */
export function pageOf(
  ids: readonly string[],
  wanted: ResultSet | undefined,
  maxPage: number,
): { readonly ids: readonly string[]; readonly set: ResultSet } {
  if (wanted?.index !== undefined)
    throw new StanzaError('feature-not-implemented', { text: 'Pages are found by address, not by number' })
  const max = Math.min(wanted?.max ?? maxPage, maxPage)
  const from = wanted?.after === undefined ? 0 : placeOf(ids, wanted.after) + 1
  const to = wanted?.before ? placeOf(ids, wanted.before) : ids.length
  const selected = ids.slice(from, Math.max(from, to))
  const page = wanted?.before === undefined ? selected.slice(0, max) : max === 0 ? [] : selected.slice(-max)
  const [first] = page
  const last = page.at(-1)
  const ends =
    first === undefined || last === undefined ? {} : { first: { index: ids.indexOf(first), id: first }, last }
  return { ids: page, set: { ...ends, count: ids.length } }
}

function placeOf(ids: readonly string[], id: string): number {
  const place = ids.indexOf(id)
  if (place < 0) throw new StanzaError('item-not-found', { text: 'There is no conversation with this address' })
  return place
}
