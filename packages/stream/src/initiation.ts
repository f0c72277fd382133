/** What the steps of an initiator's negotiation share (RFC 6120 §4.3). */

import { StreamError, type Codec } from '@tercet/stanza'
import type { Content, Fragment } from '@tercet/xml'
import type { InitiatorOptions } from './initiator.ts'
import type { Pull } from './pull.ts'
import type { Stream } from './stream.ts'

/** Stanzas that may come before negotiation is over; a bound resource gets few as long as it is not available. */
const MAX_EARLY = 1000

/** A stream that is being negotiated. */
export interface Initiation {
  readonly stream: Stream
  readonly pull: Pull
  readonly options: InitiatorOptions
  /** What came while an answer was awaited; handed over with the stream. */
  readonly early: Fragment[]
}

/** Takes elements until one is the answer; others are kept for the session. */
export async function answer(initiation: Initiation, test: (element: Fragment) => boolean): Promise<Fragment> {
  for (;;) {
    const element = await initiation.pull.element()
    if (test(element)) return element
    initiation.early.push(element)
    if (initiation.early.length > MAX_EARLY) {
      throw new StreamError('policy-violation', { text: 'Answer the request before you send so much' })
    }
  }
}

/** A stream feature, if it is offered. @throws {DecodeError} it is malformed */
export function offered<T>(features: Content, codec: Codec<T>): T | undefined {
  const at = features.find(codec.name, codec.ns)
  return at < 0 ? undefined : codec.read(features.elementAt(at))
}
