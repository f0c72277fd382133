/** What a client asks of its archive (XEP-0313 1.1.3 §4.1, XEP-0059 1.0, XEP-0431 0.2.0), as a query of a log. */

import { isFull, Jid } from '@tercet/jid'
import { dateTime, StanzaError } from '@tercet/stanza'
import { FULLTEXT_FIELD, NS, type ArchiveQuery } from '@tercet/stanza/mam'
import type { FormField } from '@tercet/stanza/data-form'
import type { LogQuery } from '@tercet/storage'

/** The fields of a filter, and how a form shows them (§4.1.6). */
export const FIELDS = {
  start: 'text-single',
  end: 'text-single',
  with: 'jid-single',
  'before-id': 'text-single',
  'after-id': 'text-single',
  ids: 'list-multi',
  'include-groupchat': 'boolean',
  [FULLTEXT_FIELD]: 'text-single',
} as const satisfies Record<string, NonNullable<FormField['type']>>

/** A page, or some entries by their ids. */
export interface Wanted {
  readonly page: LogQuery
  /** Further bounds: ids that have to be in the archive. */
  readonly bounds: readonly string[]
  readonly ids: readonly string[] | undefined
}

/** Bounds of one query. */
export interface FilterLimits {
  /** Messages on a page when the client names no number. */
  readonly page: number
  /** Messages on a page, at most. */
  readonly maxPage: number
}

const MAX_ID = 128
const MAX_SEARCH = 500

/**
 * Reads a query.
 *
 * @throws {StanzaError} `feature-not-implemented`: a field that is not known, or paging by index · `bad-request`: a form of another type,
 *   a value that is none, a text of unreasonable length
 */
export function readFilter({ form, set, node }: ArchiveQuery, limits: FilterLimits): Wanted {
  if (node !== undefined) throw new StanzaError('item-not-found', { text: 'This archive has no nodes' })
  if (set?.index !== undefined)
    throw new StanzaError('feature-not-implemented', { text: 'Pages are found by id, not by number' })
  const values = new Map<string, readonly string[]>()
  for (const { var: name, values: all } of form?.fields ?? []) {
    if (name === undefined) continue
    if (name !== 'FORM_TYPE' && !Object.hasOwn(FIELDS, name))
      throw new StanzaError('feature-not-implemented', { text: `The field ${name.slice(0, 100)} is not known` })
    values.set(name, all)
  }
  if (form && (form.type !== 'submit' || values.get('FORM_TYPE')?.[0] !== NS))
    throw new StanzaError('bad-request', { text: `The form is no filter of ${NS}` })
  const one = (name: keyof typeof FIELDS): string | undefined => values.get(name)?.[0]
  const after = [set?.after, one('after-id')].filter(isId)
  const before = [set?.before, one('before-id')].filter(isId)
  const ids = values.get('ids')?.filter(isId)
  if (ids && ids.length > limits.maxPage)
    throw new StanzaError('policy-violation', { text: `There may be ${limits.maxPage} ids, at most` })
  const max = set?.max === undefined ? limits.page : Math.min(set.max, limits.maxPage)
  return {
    page: {
      max,
      last: set?.before !== undefined,
      ...defined('after', greatest(after)),
      ...defined('before', least(before)),
      ...defined('startMs', timeOf(one('start'))),
      ...defined('endMs', timeOf(one('end'))),
      ...defined('search', searchOf(one(FULLTEXT_FIELD))),
      ...withOf(one('with')),
    },
    bounds: [...after, ...before],
    ids: ids && ids.length > 0 ? ids : undefined,
  }
}

/** An empty one is no bound: `<before/>` alone asks for the last page (XEP-0059 §2.5). */
function isId(id: string | undefined): id is string {
  if (id === undefined || id === '') return false
  if (id.length > MAX_ID) throw new StanzaError('item-not-found', { text: 'No message has this id' })
  return true
}

/** Ids are in the order of their texts. */
function greatest(ids: readonly string[]): string | undefined {
  return ids.reduce<string | undefined>((most, id) => (most === undefined || id > most ? id : most), undefined)
}

function least(ids: readonly string[]): string | undefined {
  return ids.reduce<string | undefined>((most, id) => (most === undefined || id < most ? id : most), undefined)
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const time = dateTime.read(text)
  if (time === undefined) throw new StanzaError('bad-request', { text: 'The time is none (XEP-0082)' })
  return time.getTime()
}

function searchOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (text.length > MAX_SEARCH) throw new StanzaError('bad-request', { text: 'The search is too long' })
  return text
}

/** §4.1.1: a bare address stands for all of its resources. */
function withOf(text: string | undefined): { peer?: string; resource?: string } {
  if (text === undefined || text === '') return {}
  try {
    const jid = Jid.parse(text)
    return isFull(jid) ? { peer: jid.bare.text, resource: jid.resource } : { peer: jid.text }
  } catch (cause) {
    throw new StanzaError('jid-malformed', { text: 'The address is none', cause })
  }
}

function defined<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  // True because the only key is K.
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>
}
