/** The tree of text that the scan has accepted: nothing is checked here a second time. */
import { Element } from './element.ts'
import type { Child } from './element.ts'
import { detach, LARGE } from './detach.ts'

const LT = 0x3c
const GT = 0x3e
const SLASH = 0x2f
const SPACE = 0x20
const EQ = 0x3d
const HASH = 0x23
const SMALL_X = 0x78
const NONE: readonly string[] = []

/** Where {@link treeOf} and {@link textOf} stopped. */
let at = 0

/** The element that begins at `start` of scanned text, where `ns` is the default namespace. */
export function treeOf(text: string, start: number, ns: string): Element {
  at = start
  return element(text, ns)
}

/** Children of a scanned element; `text` is all that stands between its tags. */
export function childrenOf(text: string, ns: string): Child[] {
  at = 0
  return content(text, ns)
}

/** Reads the element whose `<` is at `at`; depth is bounded by the scan. */
function element(text: string, parentNs: string): Element {
  let i = at + 2
  let c = text.charCodeAt(i)
  while (c !== SPACE && c !== GT && c !== SLASH) c = text.charCodeAt(++i)
  const name = text.substring(at + 1, i)
  let ns = parentNs
  let attrs: string[] | undefined
  while (c === SPACE) {
    do c = text.charCodeAt(++i)
    while (c === SPACE)
    if (c === GT || c === SLASH) break
    const start = i
    do c = text.charCodeAt(++i)
    while (c !== EQ)
    const attribute = text.substring(start, i)
    const quote = text.charAt(i + 1)
    const end = text.indexOf(quote, i + 2)
    const value = valueAt(text, i + 2, end)
    i = end + 1
    c = text.charCodeAt(i)
    if (attribute === 'xmlns') ns = value
    // Most lists are short, and one that grows reserves room for sixteen more.
    else if (attrs === undefined) attrs = [attribute, decode(value)]
    else if (attrs.length === 2) attrs = [attrs[0]!, attrs[1]!, attribute, decode(value)]
    else attrs.push(attribute, decode(value))
  }
  if (c === SLASH) {
    at = i + 2
    return new Element(name, ns, attrs ?? NONE)
  }
  at = i + 1
  const children = content(text, ns)
  at += name.length + 3
  return new Element(name, ns, attrs ?? NONE, children)
}

function valueAt(text: string, start: number, end: number): string {
  const value = text.substring(start, end)
  return text.length > LARGE ? detach(value) : value
}

/** Reads up to the end tag at `at`, or to the end of the text. */
function content(text: string, ns: string): Child[] {
  let children: Child[] | undefined
  while (at < text.length) {
    let child: Child
    if (text.charCodeAt(at) !== LT) {
      const start = at
      at = text.indexOf('<', start)
      if (at < 0) at = text.length
      child = decode(text.substring(start, at))
    } else if (text.charCodeAt(at + 1) === SLASH) break
    else child = element(text, ns)
    if (children === undefined) children = [child]
    else children.push(child)
  }
  return children ?? []
}

/** Resolves the five entities and characters by number. */
export function decode(text: string): string {
  if (!text.includes('&')) return text
  let decoded = ''
  let from = 0
  for (let amp = text.indexOf('&'); amp >= 0; amp = text.indexOf('&', from)) {
    const semi = text.indexOf(';', amp)
    decoded += text.substring(from, amp) + character(text, amp + 1, semi)
    from = semi + 1
  }
  return decoded + text.substring(from)
}

function character(text: string, i: number, semi: number): string {
  switch (text.charCodeAt(i)) {
    case HASH:
      return text.charCodeAt(i + 1) === SMALL_X
        ? String.fromCodePoint(Number.parseInt(text.substring(i + 2, semi), 16))
        : String.fromCodePoint(Number.parseInt(text.substring(i + 1, semi), 10))
    case 0x6c:
      return '<'
    case 0x67:
      return '>'
    case 0x71:
      return '"'
    default:
      return text.charCodeAt(i + 1) === 0x6d ? '&' : "'"
  }
}
