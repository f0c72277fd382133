/** All points of a client with their phases: where plugins and applications add behaviour. */

import { point } from '@tercet/plugin'
import type { Stanza } from '@tercet/stanza'
import type { State } from './state.ts'

/** A stanza on its way in or out. */
export interface StanzaEvent {
  /** Handlers may set a new value; those that follow see it. `from` of one that came in is never absent. */
  stanza: Stanza
}

/** The state has changed. */
export interface StateEvent {
  readonly state: State
  readonly before: State
}

/**
 * A stanza arrived that answers no request of ours. They run one after the other, a slow handler delays the next stanza; requests may
 * be made meanwhile. A request that no handler takes goes to {@link Client.handle}.
 */
export const incoming = point<StanzaEvent>()('incoming', ['guard', 'unwrap', 'decrypt', 'track', 'show'])

/** A stanza is about to be sent. Messages and presence pass one after the other. */
export const outgoing = point<StanzaEvent>()('outgoing', ['rewrite', 'encrypt', 'track'])

/** The state has changed. */
export const stateChanged = point<StateEvent>()('stateChanged', ['run'])
