/** What components ask of the server that they extend. */

import type { Stanza, StanzaError } from '@tercet/stanza'
import type { Unit } from '@tercet/storage'
import type { Barrier } from '@tercet/stream'

/** The work during which a stanza is sent, such as a turn of the server. As a barrier it stands for what that work writes. */
export interface Work extends Barrier {
  readonly unit: Unit
  /** Whoever sent the stanza is told, or finds out, what is safe. */
  readonly promised: boolean
}

/** What becomes of a stanza that was handed over. */
export interface Receipt {
  /** It is settled, durable or refused. */
  readonly over: boolean
  /** Calls back when that is so; at once if it is. */
  whenOver(run: () => void): void
}

/** The stream that a stanza came on. A component learns what is safe from the answers to its pings. */
export interface Origin {
  readonly streamId: string
  readonly promised: true
  readonly gone: false
  readonly session: undefined
}

/** Takes what components send. A server of `@tercet/server` is one. */
export interface Receiver {
  /** A stanza that is from a domain of a component, for anybody. */
  receive(stanza: Stanza, origin: Origin): Receipt
  /** Tells the sender of `stanza` that it could not be delivered. */
  refuse(stanza: Stanza, error: StanzaError): Receipt
}
