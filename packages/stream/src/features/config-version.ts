/** Names what a stream is offered, so that a client may authenticate before it has read the offer (XEP-0509 0.2.0), receiving side. */

import { NS } from '@tercet/stanza/config-version'
import type { Element } from '@tercet/xml'

/** Application condition of a failure: the client relied on another offer. */
export const MISMATCH = `<config-version-mismatch xmlns='${NS}'/>`

/** Wire text of the feature. @param offer all that a client's choice depends on */
export function configVersion(offer: string): string {
  return `<config-version xmlns='${NS}' scheme='opaque' value='${versionOf(offer)}'/>`
}

/** Whether a request relies on no version, or on that of the offer, which is asked for then. */
export function isCurrent(request: Element, offer: () => string): boolean {
  const known = request.child('config-version', NS)?.attr('value')
  return known === undefined || known === versionOf(offer())
}

/** The same text has the same version everywhere (FNV-1a, twice); nobody gains by another text that has it too. */
function versionOf(text: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36)
}
