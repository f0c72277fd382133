/** From the bytes of one complete element to a {@link Fragment}, by either reader. */
import { ascii, utf8, validUtf8 } from '#platform'
import { Content } from './content.ts'
import type { Context } from './context.ts'
import { detach, LARGE } from './detach.ts'
import { XmlError } from './error.ts'
import { Fragment } from './fragment.ts'
import type { Limits } from './limits.ts'
import { CONTENT } from './ns.ts'
import { readTree } from './sax-reader.ts'
import { ATTRIBUTE_SIZE, CHILD_SIZE, scan, Scan } from './scan.ts'
import { HAND_OVER } from './scan-characters.ts'
import { known } from './scan-names.ts'
import { decode } from './tree.ts'

const NONE: readonly string[] = []
const found = new Scan()

/** Where the last {@link tryScan} that gave a fragment stopped; otherwise MORE or HAND_OVER. */
export let scanEnd = 0

/** The element at `start` if the scan knows all of it and it ends before `end`; {@link scanEnd} tells the rest. */
export function tryScan(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: Context,
  limits: Required<Limits>,
): Fragment | undefined {
  // A WebSocket message declares its content namespace itself, so nothing is in scope there.
  const inherits = context.bindings.length > 0
  scanEnd = scan(bytes, start, Math.min(end, start + limits.maxBytes), context.contentNs, inherits, limits, found)
  if (scanEnd < 0) return undefined
  const plain = found.contentEndChar === found.contentEnd - start
  if (!plain && !validUtf8(bytes, start, scanEnd)) {
    scanEnd = HAND_OVER
    return undefined
  }
  const name = nameOf(bytes, start + 1, found.nameEnd)
  const ns = found.nsEnd === 0 ? CONTENT : nameOf(bytes, found.nsStart, found.nsEnd)
  return new Fragment(name, ns, rootAttributes(bytes, start), contentOf(bytes, ns, plain), true)
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  return known(bytes, start, end) ?? ascii(bytes, start, end)
}

function rootAttributes(bytes: Uint8Array, start: number): readonly string[] {
  const { attributeCount, attributes, contentStart, contentStartChar, references } = found
  if (attributeCount === 0) return NONE
  const plain = contentStartChar === contentStart - start
  const head = plain ? ascii(bytes, start, contentStart) : utf8(bytes, start, contentStart)
  // Exactly as long as needed: a list that grows reserves room for sixteen more.
  const attrs = new Array<string>(2 * attributeCount)
  for (let k = 0, i = 0; k < attrs.length; k += 2, i += ATTRIBUTE_SIZE) {
    let value = head.substring(attributes[i + 2]!, attributes[i + 3])
    if (references) value = decode(value)
    if (head.length > LARGE) value = detach(value)
    attrs[k] = nameOf(bytes, attributes[i]!, attributes[i + 1]!)
    attrs[k + 1] = value
  }
  return attrs
}

function contentOf(bytes: Uint8Array, ns: string, plain: boolean): Content {
  const { contentStart, contentStartChar, contentEnd, childCount, children } = found
  if (contentStart === contentEnd) return Content.EMPTY
  const wire = plain ? ascii(bytes, contentStart, contentEnd) : utf8(bytes, contentStart, contentEnd)
  const names = new Array<string>(2 * childCount)
  const ranges = new Array<number>(2 * childCount)
  for (let k = 0, i = 0; k < names.length; k += 2, i += CHILD_SIZE) {
    const nsEnd = children[i + 5]!
    names[k] = nameOf(bytes, children[i + 3]!, children[i + 2]!)
    names[k + 1] = nsEnd === 0 ? ns : nameOf(bytes, children[i + 4]!, nsEnd)
    ranges[k] = children[i]! - contentStartChar
    ranges[k + 1] = children[i + 1]! - contentStartChar
  }
  return Content.scanned({ wire, ns, names, ranges })
}

/**
 * The element of bytes that the cutter has found whole, read with sax.
 *
 * @throws {XmlError}
 */
export function readWithSax(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: Context,
  limits: Required<Limits>,
): Fragment {
  const { name, ns, attrs, children } = readTree(decodeUtf8(bytes, start, end), context, limits)
  return new Fragment(name, ns, attrs, Content.of(children))
}

/**
 * Text of bytes that may not be UTF-8.
 *
 * @throws {XmlError} they are not (RFC 6120 §11.6)
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (!validUtf8(bytes, start, end)) throw new XmlError('not-well-formed', 'Not well-formed: not UTF-8')
  return utf8(bytes, start, end)
}
