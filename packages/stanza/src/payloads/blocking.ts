// XEP-0191 1.3: the blocking command, with the reports of XEP-0377 0.4.1.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child } from '../fields.ts'
import { iqGet, iqSet } from '../query.ts'
import { jid } from '../scalars.ts'
import { report } from './reporting.ts'

/** Namespace of blocking. */
export const NS = 'urn:xmpp:blocking'

/** Namespace of the condition that says so. */
export const NS_ERRORS = 'urn:xmpp:blocking:errors'

const itemFields = {
  jid: attr('jid', jid),
  // XEP-0377 §5: whatever the report is like, the address is blocked.
  report: child(report).lenient,
}

/** An address that is blocked: a resource, all of an account, or a domain with all that is on it (§5). */
export type BlockedItem = Read<typeof itemFields>

const item: Codec<BlockedItem> = element(NS, 'item', itemFields)
const listFields = { items: child(item).many }

/** Addresses to block, to unblock (none: all of them), or that are blocked. */
export type BlockList = Read<typeof listFields>

/** Asks for all blocked addresses (§3.2). */
export const list = iqGet(element(NS, 'blocklist'), element(NS, 'blocklist', listFields))

/** Blocks addresses; as a push: they were blocked (§3.3). */
export const block = iqSet<BlockList>(element(NS, 'block', listFields))

/** Unblocks addresses; as a push: they were unblocked (§3.4, §3.5). */
export const unblock = iqSet<BlockList>(element(NS, 'unblock', listFields))

/** The condition of an error: its recipient has blocked whom it writes to (§3.3). */
export const blocked = element(NS_ERRORS, 'blocked')
