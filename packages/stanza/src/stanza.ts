// A stanza: message, presence or iq (RFC 6120 §8), and what holds for all three.
import { CONTENT } from '@tercet/xml'
import type { Named } from './codec.ts'
import type { Iq } from './iq.ts'
import type { Message } from './message.ts'
import type { Presence } from './presence.ts'

/** A stanza; `kind` tells which. */
export type Stanza = Message | Presence | Iq

/** No further root attributes: one array for all stanzas. */
export const NO_EXTRA: readonly string[] = []

/** Whether a first-level element is a stanza: one of three names in the content namespace (RFC 6120 §4.8.4). */
export function isStanza(element: Named): boolean {
  return element.ns === CONTENT && (element.name === 'message' || element.name === 'presence' || element.name === 'iq')
}
