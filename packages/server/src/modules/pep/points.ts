/** What other modules may hear from this one. */

import { point } from '@tercet/plugin'
import type { AccountEvent } from '../../points.ts'
import type { NodeChange, PubsubNode } from '../pubsub/index.ts'

/** Something has happened to a node of an account. */
export interface NodeEvent extends AccountEvent {
  /** As it is now. */
  readonly node: PubsubNode
  readonly change: NodeChange
}

/** A client has changed a node; what handlers write goes to disk with it. Told in the account's queue, not for what modules do quietly. */
export const nodeChanged = point<NodeEvent>()('nodeChanged', ['run'])
