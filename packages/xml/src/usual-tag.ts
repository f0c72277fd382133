/** The start tag of a stream as nearly everybody writes it: read without sax, which costs a tenth of a login. */
import { valueOf } from './element.ts'
import { isContentNs, STREAMS } from './ns.ts'
import type { StartTag } from './sax-reader.ts'

// White space of XML, which is less than that of JavaScript.
const BEGIN = /^[ \t\r\n]*<stream:stream(?=[ \t\r\n])/
const ATTRIBUTE =
  /[ \t\r\n]+(xmlns|xmlns:stream|to|from|id|version|xml:lang)=(?:'([^'&<\p{Cc}\p{Cs}\ufffe\uffff]*)'|"([^"&<\p{Cc}\p{Cs}\ufffe\uffff]*)")/uy
const END = /[ \t\r\n]*>$/y

/**
 * Reads a tag that the cutter has found whole, so that its letters are legal and its quotes in pairs.
 *
 * @returns undefined: there is something else in it, right or wrong, and sax says which
 */
export function usualTag(text: string): StartTag | undefined {
  const begin = BEGIN.exec(text)
  if (!begin) return undefined
  const attrs: string[] = []
  const scope: string[] = []
  let at = begin[0].length
  for (;;) {
    ATTRIBUTE.lastIndex = at
    const found = ATTRIBUTE.exec(text)
    if (!found) break
    at = ATTRIBUTE.lastIndex
    // One of the groups has matched, and the first always.
    const name = found[1]!
    const value = found[2] ?? found[3]!
    const list = name.startsWith('xmlns') ? scope : attrs
    const key = list === scope ? name.slice(6) : name
    for (let index = 0; index < list.length; index += 2) if (list[index] === key) return undefined
    list.push(key, value)
  }
  END.lastIndex = at
  if (!END.test(text) || valueOf(scope, 'stream') !== STREAMS || !isContentNs(valueOf(scope, '') ?? ''))
    return undefined
  return { prefix: 'stream', name: 'stream', ns: STREAMS, attrs, scope }
}
