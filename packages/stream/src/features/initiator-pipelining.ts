/** What a server offered last time, so that the next stream need not wait to hear it (XEP-0509 0.2.0 §2), initiating side. */

import { configVersion } from '@tercet/stanza/config-version'
import type { Content } from '@tercet/xml'
import { offered, type Initiation } from '../initiation.ts'
import { beginEarly, type Begun } from './initiator-sasl2.ts'

/** Keeps what the server offers to those who are not authenticated, if the offer has a name (§2.1). */
export function remember({ stream, options: { memory, secure } }: Initiation, features: Content): void {
  // What was said before TLS may be anybody's words.
  if (!memory || (stream.transport.tls === undefined && secure !== true)) return
  const version = offered(features, configVersion)
  memory.offer = version && { version, features }
}

/** Authenticates by what is remembered, right behind the header. What came of it tells the answer; till then nothing is remembered. */
export async function pipeline(initiation: Initiation): Promise<Begun | undefined> {
  const { memory } = initiation.options
  const known = memory?.offer
  if (!memory || !known) return undefined
  memory.offer = undefined
  return beginEarly(initiation, known)
}
