/** A stanza that was taken for a component and has to get there, or its sender hears why not. */

import { fromFragment, type Stanza } from '@tercet/stanza'
import type { SpoolEntry } from '@tercet/storage'
import type { Barrier } from '@tercet/stream'
import { readStanza } from '@tercet/xml'

/** One such stanza. */
export class Entry implements SpoolEntry {
  /** Domain of the component. */
  readonly destination: string
  readonly id: string
  readonly at: number
  readonly text: string
  /** It does not leave before this is on disk. */
  readonly barrier: Barrier | undefined
  settled = false
  stored: boolean
  /** Confirmed, refused or dropped. */
  gone = false

  constructor(
    destination: string,
    { id, at, text }: { id: string; at: number; text: string },
    barrier: Barrier | undefined,
  ) {
    this.destination = destination
    this.id = id
    this.at = at
    this.text = text
    this.barrier = barrier
    this.stored = barrier === undefined
  }

  /** The stanza again. */
  stanza(): Stanza {
    return fromFragment(readStanza(this.text))
  }
}
