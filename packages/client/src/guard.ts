/** Trust: what only our own account may say. All such checks of the client are here. */

import type { Jid } from '@tercet/jid'
import type { Stanza } from '@tercet/stanza'
import type { Client } from './client.ts'
import { incoming } from './points.ts'

interface Trusted {
  readonly kind: Stanza['kind']
  readonly name: string
  readonly ns: string
}

/**
 * Payloads that count only from our own account. From anybody else they are an attempt to write into our contact list, or to put
 * words into somebody's mouth.
 */
const ownAccountOnly: readonly Trusted[] = [
  // Pushes (RFC 6121 §2.1.6)
  { kind: 'iq', name: 'query', ns: 'jabber:iq:roster' },
  // Pushes (XEP-0191 §3.3)
  { kind: 'iq', name: 'block', ns: 'urn:xmpp:blocking' },
  { kind: 'iq', name: 'unblock', ns: 'urn:xmpp:blocking' },
  // Copies of what our other clients sent and received (XEP-0280 §11)
  { kind: 'message', name: 'sent', ns: 'urn:xmpp:carbons:2' },
  { kind: 'message', name: 'received', ns: 'urn:xmpp:carbons:2' },
]

/** Drops what pretends to come from our account: it is neither shown nor answered. */
export function guard(client: Client): Disposable {
  return client.on(incoming, 'guard', ({ stanza }) => {
    for (const { kind, name, ns } of ownAccountOnly) {
      if (stanza.kind === kind && stanza.content.find(name, ns) >= 0 && !isOwnAccount(client, stanza.from))
        return 'drop'
    }
    return undefined
  })
}

/** Whether a sender is our own account itself. No sender is that too (RFC 6120 §8.1.2.1). */
export function isOwnAccount(client: Client, from: Jid | undefined): boolean {
  return from === undefined || from.text === client.account.text
}
