/** One of what streams read is kept, so that V8 keeps the code for it: see docs/architecture.md. */

import { isStanza } from '@tercet/stanza'
import type { StreamEvent } from '@tercet/xml'

/** Another one is looked for so often. */
const KEEP_MS = 1000
const kept: { event: StreamEvent | undefined; atMs: number } = { event: undefined, atMs: -Infinity }

/** Keeps a stanza if the last one was long ago. No nonzas: those of SASL hold passwords. */
export function keepOne(event: StreamEvent, atMs: number): void {
  if (atMs - kept.atMs < KEEP_MS || event.kind !== 'element' || !isStanza(event.element)) return
  kept.event = event
  kept.atMs = atMs
}
