// XEP-0334 1.0.0: message processing hints.
import { element } from '../codec.ts'

/** Namespace of hints. */
export const NS = 'urn:xmpp:hints'

/** Not to be kept in an archive. */
export const noPermanentStore = element(NS, 'no-permanent-store')

/** Not to be kept at all, not even for somebody offline. */
export const noStore = element(NS, 'no-store')

/** Not to be copied to other resources. */
export const noCopy = element(NS, 'no-copy')

/** To be kept, though it looks as if it need not be. */
export const store = element(NS, 'store')
