// XEP-0012 2.0: last activity.
import { element } from '../codec.ts'
import { attr, content } from '../fields.ts'
import { iqGet } from '../query.ts'
import { between } from '../scalars.ts'

/** Namespace of last activity. */
export const NS = 'jabber:iq:last'

/** Seconds since an account was last online, with its last status; of a resource, since it was last used; of a server, since it started. */
export const last = iqGet(
  element(NS, 'query'),
  element(NS, 'query', {
    seconds: attr('seconds', between(0, Number.MAX_SAFE_INTEGER)),
    status: content().optional,
  }),
)
