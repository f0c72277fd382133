// XEP-0092 1.1: software version.
import { element } from '../codec.ts'
import { text } from '../fields.ts'
import { iqGet } from '../query.ts'

/** Namespace of software versions. */
export const NS = 'jabber:iq:version'

/** Asks which software an entity runs. */
export const version = iqGet(
  element(NS, 'query'),
  element(NS, 'query', { name: text('name'), version: text('version'), os: text('os').optional }),
)
