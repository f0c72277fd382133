/** Stanza ids (XEP-0359 0.7.0): the one id that a message has at an account, in the archive, in the spool and on the wire. */

import { JidError, Jid } from '@tercet/jid'
import type { Content, Element } from '@tercet/xml'

const NS = 'urn:xmpp:sid:0'
const END = '</message>'

/** The wire text of a message, with the id that `by`, a bare address of ours, has given it. */
export function withStanzaId(text: string, by: string, id: string): string {
  return `${opened(text)}<stanza-id xmlns='${NS}' by='${by}' id='${id}'/>${END}`
}

/** The content without every stanza-id that claims to be by `by` (§4, rule 2). */
export function withoutStanzaIds(content: Content, by: string): Content {
  if (content.find('stanza-id', NS) < 0) return content
  return content.filter((name, ns, index) => name !== 'stanza-id' || ns !== NS || !isBy(content.elementAt(index), by))
}

/** A client compares addresses, not texts, and may be less exact than we are: of all that looks like the account none is left. */
function isBy(element: Element, by: string): boolean {
  const claimed = element.attr('by')
  if (claimed === undefined || claimed === by) return claimed === by
  try {
    return Jid.parse(claimed.trim()).bare.text === by
  } catch (error) {
    if (error instanceof JidError) return false
    throw error
  }
}

/** The text up to where a message ends, so that a child can follow. */
export function opened(text: string): string {
  return text.endsWith(END) ? text.slice(0, -END.length) : `${text.slice(0, -2)}>`
}
