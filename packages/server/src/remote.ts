/** The port to other domains, and what holds as long as nobody fills it. */

import { StanzaError, type Stanza } from '@tercet/stanza'
import type { Turn } from './turn.ts'

/** Takes stanzas for domains that are not served here; the gateway to other servers is one. */
export interface Remote {
  /**
   * Takes a stanza whose addresses are set, in order for each domain.
   *
   * @throws {StanzaError} it is not taken
   */
  send(stanza: Stanza, turn: Turn): void
}

/** Federation is off. */
export const nowhere: Remote = {
  send(stanza) {
    // Nobody waits for an answer to a presence broadcast (RFC 6120 §10.4.3).
    if (stanza.kind === 'presence') return
    throw new StanzaError('remote-server-not-found', { text: 'This server does not talk to other servers' })
  },
}
