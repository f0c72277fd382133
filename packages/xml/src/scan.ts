/**
 * The validating byte scan: a recogniser of a strict subset of XML in which almost every stanza is written.
 * What it accepts may be forwarded byte for byte; what it does not know it hands over to the sax reader and never repairs.
 * Known are: ASCII names without prefixes, attributes set apart by spaces, `xml:…` attributes, the five entities, characters by number, UTF-8.
 */
import {
  AMP,
  APOS,
  CLASS,
  EQ,
  GT,
  LT,
  QUOT,
  RBRACKET,
  SCAN_NAME,
  SCAN_START,
  SCAN_TEXT,
  SCAN_VALUE,
  SLASH,
} from './bytes.ts'
import { charsSaved, HAND_OVER, MORE, nonAscii, reference } from './scan-characters.ts'
import { isLegalDefault, sameBytes } from './scan-names.ts'
import type { Limits } from './limits.ts'

const MAX_CHILDREN = 1024
const MAX_ROOT_ATTRIBUTES = 32
const MAX_ATTRIBUTES = 32
const MAX_DEPTH = 128

/** Numbers per attribute in {@link Scan.attributes}. */
export const ATTRIBUTE_SIZE = 4
/** Numbers per child in {@link Scan.children}. */
export const CHILD_SIZE = 6

/**
 * What the last accepted scan found; one object is used again and again. Byte offsets are those of the array; offsets in
 * characters count UTF-16 units from the first byte of the element.
 */
export class Scan {
  /** Byte offset behind the root's name; the name starts one byte after the element. */
  nameEnd = 0
  /** Bytes of the root's `xmlns`, without quotes; equal when it has none. */
  nsStart = 0
  nsEnd = 0
  /** Byte offset and character offset of the content. */
  contentStart = 0
  contentStartChar = 0
  /** Byte offset and character offset behind the content. */
  contentEnd = 0
  contentEndChar = 0
  attributeCount = 0
  /** For each attribute of the root: name start in bytes, name end in bytes, value start and value end in characters. */
  readonly attributes = new Int32Array(MAX_ROOT_ATTRIBUTES * ATTRIBUTE_SIZE)
  childCount = 0
  /** For each child: start and end in characters, name end in bytes, start in bytes, namespace start and end in bytes. */
  readonly children = new Int32Array(MAX_CHILDREN * CHILD_SIZE)
  /** An attribute value of the root contains a reference. */
  references = false
}

const openStart = new Int32Array(MAX_DEPTH)
const openEnd = new Int32Array(MAX_DEPTH)
const names = new Int32Array(MAX_ATTRIBUTES * 2)

/**
 * Scans the element whose `<` is at `start`. Returns the offset behind it, {@link MORE} or {@link HAND_OVER}; UTF-8 of what
 * lies above ASCII is left for the caller to check (`found.contentEndChar` tells whether there is any).
 *
 * @param contentNs the stream's content namespace, allowed as `xmlns` of the root alone
 * @param inherits whether a root without `xmlns` is in it
 */
export function scan(
  b: Uint8Array,
  start: number,
  end: number,
  contentNs: string,
  inherits: boolean,
  limits: Required<Limits>,
  found: Scan,
): number {
  const maxDepth = Math.min(limits.maxDepth, MAX_DEPTH)
  const maxAttributes = Math.min(limits.maxAttributes, MAX_ATTRIBUTES)
  const maxName = limits.maxNameBytes
  const attributes = found.attributes
  const children = found.children
  let rootAttributes = 0
  let childCount = 0
  let references = false
  let depth = 0
  /** Depth of the outermost element outside of the content namespace; elements deeper than that are foreign. */
  let foreign = MAX_DEPTH
  /** Bytes so far minus characters so far. */
  let shrink = start
  let i = start
  found.nsStart = found.nsEnd = 0

  // Beyond the end a 0 is read, which stops every loop: reading outside of the array would make the engine give up on it.
  while (true) {
    // b[i] is the < of a tag.
    if (++i >= end) return MORE
    let c = b[i]!
    if (c === SLASH) {
      if (depth === 0) return HAND_OVER
      const name = ++i
      depth--
      const length = openEnd[depth]! - openStart[depth]!
      if (i + length >= end) return MORE
      for (let k = openStart[depth]!; k < openEnd[depth]!; k++, i++) if (b[i] !== b[k]) return HAND_OVER
      if (b[i] !== GT) return HAND_OVER
      i++
      if (depth <= foreign) foreign = MAX_DEPTH
      if (depth === 0) {
        found.contentEnd = name - 2
        found.contentEndChar = name - 2 - shrink
        break
      }
      if (depth === 1) children[(childCount - 1) * CHILD_SIZE + 1] = i - shrink
    } else {
      const name = i
      if ((CLASS[c]! & SCAN_START) === 0) return HAND_OVER
      if (depth === maxDepth) return HAND_OVER
      do c = ++i < end ? b[i]! : 0
      while ((CLASS[c]! & SCAN_NAME) !== 0)
      if (i >= end) return MORE
      if (i - name > maxName) return HAND_OVER
      const nameEnd = i
      const startChar = name - 1 - shrink
      let nsStart = 0
      let nsEnd = 0
      let count = 0
      while (c === 0x20) {
        do c = ++i < end ? b[i]! : 0
        while (c === 0x20)
        if (i >= end) return MORE
        if (c === GT || c === SLASH) break
        const attribute = i
        if ((CLASS[c]! & SCAN_START) === 0) return HAND_OVER
        do c = ++i < end ? b[i]! : 0
        while ((CLASS[c]! & SCAN_NAME) !== 0)
        if (c === 0x3a) {
          // xml: is the one prefix that needs no declaration.
          if (i - attribute !== 3 || b[attribute] !== 0x78 || b[attribute + 1] !== 0x6d || b[attribute + 2] !== 0x6c) {
            return i < end ? HAND_OVER : MORE
          }
          c = ++i < end ? b[i]! : 0
          if ((CLASS[c]! & SCAN_START) === 0) return i < end ? HAND_OVER : MORE
          do c = ++i < end ? b[i]! : 0
          while ((CLASS[c]! & SCAN_NAME) !== 0)
        }
        if (i + 1 >= end) return MORE
        const attributeEnd = i
        if (c !== EQ || attributeEnd - attribute > maxName) return HAND_OVER
        const quote = b[++i]!
        if (quote !== APOS && quote !== QUOT) return HAND_OVER
        const value = ++i
        const valueChar = i - shrink
        let special = false
        while (true) {
          while ((CLASS[(c = i < end ? b[i]! : 0)]! & SCAN_VALUE) !== 0) i++
          if (i >= end) return MORE
          if (c === quote) break
          if (c === APOS || c === QUOT) i++
          else if (c === AMP) {
            const next = reference(b, i, end)
            if (next < 0) return next
            i = next
            special = true
          } else if (c >= 0x80) {
            const next = nonAscii(b, i, end)
            if (next < 0) return next
            shrink += charsSaved(c)
            i = next
            special = true
          } else return HAND_OVER
        }
        const valueEnd = i
        if (++i >= end) return MORE
        c = b[i]!
        if (c !== 0x20 && c !== GT && c !== SLASH) return HAND_OVER
        // A repeated name is refused by the sax reader.
        const length = attributeEnd - attribute
        for (let k = 0; k < count; k++) {
          if (names[2 * k + 1] === length && sameRange(b, names[2 * k]!, attribute, length)) return HAND_OVER
        }
        if (count === maxAttributes) return HAND_OVER
        names[2 * count] = attribute
        names[2 * count + 1] = length
        count++
        if (length === 5 && isXmlns(b, attribute)) {
          // Compared exactly: an escaped or padded namespace must not read differently here and elsewhere.
          if (special || valueEnd === value) return HAND_OVER
          for (let k = value; k < valueEnd; k++) if (b[k] === 0x20) return HAND_OVER
          nsStart = value
          nsEnd = valueEnd
        } else if (depth === 0) {
          const at = rootAttributes++ * ATTRIBUTE_SIZE
          attributes[at] = attribute
          attributes[at + 1] = attributeEnd
          attributes[at + 2] = valueChar
          attributes[at + 3] = valueEnd - shrink
          if (special) references = true
        }
      }
      // The namespace decides who reads the element; the content namespaces are the writer's to declare.
      if (depth === 0) {
        found.nameEnd = nameEnd
        if (nsEnd === 0) {
          if (!inherits) return HAND_OVER
        } else {
          const own = sameBytes(b, nsStart, nsEnd, contentNs)
          if (!own) {
            if (!isLegalDefault(b, nsStart, nsEnd, false)) return HAND_OVER
            found.nsStart = nsStart
            found.nsEnd = nsEnd
            foreign = 0
          }
        }
      } else {
        if (nsEnd !== 0) {
          if (!isLegalDefault(b, nsStart, nsEnd, depth > foreign)) return HAND_OVER
          if (foreign === MAX_DEPTH) foreign = depth
        }
        if (depth === 1) {
          if (childCount === MAX_CHILDREN) return HAND_OVER
          const at = childCount++ * CHILD_SIZE
          children[at] = startChar
          children[at + 2] = nameEnd
          children[at + 3] = name
          children[at + 4] = nsStart
          children[at + 5] = nsEnd
        }
      }
      if (c === SLASH) {
        if (i + 1 >= end) return MORE
        if (b[i + 1] !== GT) return HAND_OVER
        i += 2
        if (foreign === depth) foreign = MAX_DEPTH
        if (depth === 0) {
          found.contentStart = found.contentEnd = i
          found.contentStartChar = found.contentEndChar = i - shrink
          break
        }
        if (depth === 1) children[(childCount - 1) * CHILD_SIZE + 1] = i - shrink
      } else if (c === GT) {
        i++
        openStart[depth] = name
        openEnd[depth] = nameEnd
        if (depth++ === 0) {
          found.contentStart = i
          found.contentStartChar = i - shrink
        }
      } else return i < end ? HAND_OVER : MORE
    }

    // Character data up to the next tag.
    while (true) {
      while ((CLASS[(c = i < end ? b[i]! : 0)]! & SCAN_TEXT) !== 0) i++
      if (i >= end) return MORE
      if (c === LT) break
      if (c === RBRACKET) {
        if (i + 1 >= end) return MORE
        if (b[i + 1] === RBRACKET) return HAND_OVER
        i++
      } else if (c === AMP) {
        const next = reference(b, i, end)
        if (next < 0) return next
        i = next
      } else if (c >= 0x80) {
        const next = nonAscii(b, i, end)
        if (next < 0) return next
        shrink += charsSaved(c)
        i = next
      } else return HAND_OVER
    }
  }
  found.attributeCount = rootAttributes
  found.childCount = childCount
  found.references = references
  return i
}

function isXmlns(b: Uint8Array, i: number): boolean {
  return b[i] === 0x78 && b[i + 1] === 0x6d && b[i + 2] === 0x6c && b[i + 3] === 0x6e && b[i + 4] === 0x73
}

function sameRange(b: Uint8Array, i: number, j: number, length: number): boolean {
  for (let k = 0; k < length; k++) if (b[i + k] !== b[j + k]) return false
  return true
}
