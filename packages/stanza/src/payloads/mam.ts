// XEP-0313 1.1.3: message archive management; XEP-0441 0.2.0: its preferences; XEP-0431 0.2.0: full-text search.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, flag, text } from '../fields.ts'
import { iqGet, iqSet } from '../query.ts'
import { bool, dateTime, jid, oneOf } from '../scalars.ts'
import { dataForm } from './data-form.ts'
import { forwarded } from './forward.ts'
import { resultSet } from './rsm.ts'

/** Namespace of archives, and FORM_TYPE of their filters. */
export const NS = 'urn:xmpp:mam:2'

/** Feature: `before-id`, `after-id`, `ids`, flipped pages and metadata (§7). */
export const NS_EXTENDED = 'urn:xmpp:mam:2#extended'

/** Feature: the field `include-groupchat` is understood (§7). */
export const NS_GROUPCHAT_FIELD = 'urn:xmpp:mam:2#groupchat-field'

/** Feature: full-text search. */
export const NS_FULLTEXT = 'urn:xmpp:fulltext:0'

/** The field of a filter that holds the words to search for (XEP-0431). */
export const FULLTEXT_FIELD = '{urn:xmpp:fulltext:0}fulltext'

const queryFields = {
  queryid: attr('queryid').optional,
  node: attr('node').optional,
  form: child(dataForm).optional,
  set: child(resultSet).optional,
  flipPage: flag('flip-page'),
}

/** Which messages of an archive are wanted (§4). */
export type ArchiveQuery = Read<typeof queryFields>

const queryElement: Codec<ArchiveQuery> = element(NS, 'query', queryFields)

/** The end of the results. */
export const fin = element(NS, 'fin', {
  complete: attr('complete', bool).or(false),
  stable: attr('stable', bool).or(true),
  set: child(resultSet),
})

/** Asks for messages; they come in messages of their own, before the answer (§4). */
export const query = iqSet(queryElement, fin)

/** Asks for the fields that a filter may have (§4.1.6). */
export const filters = iqGet(queryElement, element(NS, 'query', { form: child(dataForm) }))

/** A message of an archive. */
export const result = element(NS, 'result', {
  queryid: attr('queryid').optional,
  id: attr('id'),
  forwarded: child(forwarded),
})

const end = { id: attr('id'), timestamp: attr('timestamp', dateTime) }

const metadataElement = element(NS, 'metadata', {
  start: child(element(NS, 'start', end)).optional,
  end: child(element(NS, 'end', end)).optional,
})

/** Asks for the first and the last message of an archive; both are missing in an empty one (§5). */
export const metadata = iqGet(element(NS, 'metadata'), metadataElement)

/** A list of addresses in the preferences. */
const list = (name: string) => child(element(NS, name, { jids: text('jid', jid).many }))

const prefsFields = {
  default: attr('default', oneOf('always', 'never', 'roster')),
  always: list('always').optional,
  never: list('never').optional,
}

/** Whose messages are archived (XEP-0441 §2). */
export type ArchivePreferences = Read<typeof prefsFields>

const prefsElement: Codec<ArchivePreferences> = element(NS, 'prefs', prefsFields)

/** Asks for the preferences. */
export const getPreferences = iqGet(element(NS, 'prefs'), prefsElement)

/** Sets them, as a whole; the answer is what holds. */
export const setPreferences = iqSet(prefsElement, prefsElement)
