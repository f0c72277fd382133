// A stanza as wire text: a start tag around the content's own text.
import { escapeAttr, writeAttrs } from '@tercet/xml'
import type { Stanza } from './stanza.ts'

/**
 * The stanza as wire text. `xmlns` is declared on it where no stream header does so: in a WebSocket frame (RFC 7395 §3.3.3);
 * it must need no escaping.
 */
export function writeStanza(stanza: Stanza, xmlns?: string): string {
  const kind = stanza.kind
  let out = '<' + kind
  if (xmlns !== undefined) out += " xmlns='" + xmlns + "'"
  if (stanza.to !== undefined) out += " to='" + escapeAttr(stanza.to.text) + "'"
  if (stanza.from !== undefined) out += " from='" + escapeAttr(stanza.from.text) + "'"
  // The error to an iq that had no id has none either (RFC 6120 §8.3.1).
  if (stanza.id !== undefined && (stanza.id !== '' || stanza.type !== 'error'))
    out += " id='" + escapeAttr(stanza.id) + "'"
  // Types are words of ours. `normal` is the default (RFC 6121 §5.2.2).
  if (stanza.type !== undefined && stanza.type !== 'normal') out += " type='" + stanza.type + "'"
  if (stanza.lang !== undefined) out += " xml:lang='" + escapeAttr(stanza.lang) + "'"
  if (stanza.extra.length > 0) out += writeAttrs(stanza.extra)
  const text = stanza.content.text
  return text === '' ? out + '/>' : out + '>' + text + '</' + kind + '>'
}
