/** A stanza on its way to another domain: from the moment it is taken until the other server confirms it, or its sender hears why not. */

import { fromFragment, type Stanza } from '@tercet/stanza'
import type { SpoolEntry } from '@tercet/storage'
import type { Barrier } from '@tercet/stream'
import { readStanza } from '@tercet/xml'
import type { Work } from './ports.ts'

/** One stanza in the queue of a remote domain, on disk when it has to be. */
export class Entry implements SpoolEntry {
  /** The remote domain. */
  readonly destination: string
  /** Domain of its sender. */
  readonly from: string
  /** Empty for what is kept in memory alone. */
  readonly id: string
  readonly at: number
  readonly text: string
  /** When it was queued in this process, in milliseconds of the wheel. */
  readonly queuedMs: number
  /** It does not leave before this is on disk. */
  readonly barrier: Barrier | undefined
  settled = false
  stored = false
  /** It has a row, or gets one unless it is confirmed first: the sooner it is, the less is written. */
  spooled = false
  /** A stream has it that did not confirm it yet. */
  sent = false
  /** It is neither waiting nor under way any more: confirmed, refused or dropped. */
  gone = false
  /** It could not be stored while a stream had it: the work that still waits for it. */
  unsaved: Work | undefined
  /** Set: it was confirmed there, and its row has outlived that; a crash would send it again. */
  outliving: { forgotten(entry: Entry): void } | undefined

  constructor(
    destination: string,
    from: string,
    queuedMs: number,
    text: string,
    spooled: { readonly id: string; readonly at: number } | undefined,
    barrier: Barrier | undefined,
  ) {
    this.destination = destination
    this.from = from
    this.id = spooled?.id ?? ''
    this.at = spooled?.at ?? 0
    this.text = text
    this.queuedMs = queuedMs
    this.barrier = barrier
    this.unsaved = undefined
    this.outliving = undefined
  }

  /** Our promise: it survives this process. Other stanzas are for whoever is there (RFC 6120 §8.2). */
  get owed(): boolean {
    return this.id !== ''
  }

  forgotten(): void {
    this.outliving?.forgotten(this)
    this.outliving = undefined
  }

  /** A request, whose sender does not wait for long. */
  get request(): boolean {
    return this.text.startsWith('<iq ')
  }

  /** The stanza again. */
  stanza(): Stanza {
    return fromFragment(readStanza(this.text))
  }
}
