// XEP-0059 1.0: result sets in pages.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, content, text } from '../fields.ts'
import { between } from '../scalars.ts'

/** Namespace of result set management. */
export const NS = 'http://jabber.org/protocol/rsm'

const amount = between(0, Number.MAX_SAFE_INTEGER)

const firstFields = { index: attr('index', amount).optional, id: content() }

const fields = {
  max: text('max', amount).optional,
  after: text('after').optional,
  before: text('before').optional,
  index: text('index', amount).optional,
  first: child<Read<typeof firstFields>>(element(NS, 'first', firstFields)).optional,
  last: text('last').optional,
  count: text('count', amount).optional,
}

/** A page that is wanted (`max`, `after`, `before`, `index`), or one that was given (`first`, `last`, `count`). An empty `before`: the last page. */
export type ResultSet = Read<typeof fields>

/** `<set/>`. */
export const resultSet: Codec<ResultSet> = element(NS, 'set', fields)
