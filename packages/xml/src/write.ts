/** The writer: an element as text. Every namespace is declared on the element itself, never by prefix (RFC 6120 §4.8.5). */
import type { Child, Element } from './element.ts'
import { escapeAttr, escapeText } from './escape.ts'
import { isLocalName } from './names.ts'
import { CONTENT, XML_NS, XMLNS_NS } from './ns.ts'

/**
 * The text of `element` for a place where `parentNs` is the default namespace; an element in it gets no `xmlns`.
 * The default fits between content elements of any stream; `''` declares the content namespace too, as a WebSocket wants.
 *
 * @throws {TypeError} a name that is none, or a character that XML 1.0 forbids: nothing can be injected through a value
 */
export function write(element: Element, parentNs: string = CONTENT): string {
  const { name, ns, attrs, children } = element
  if (!isLocalName(name)) throw new TypeError(`Not the name of an element: ${JSON.stringify(name)}`)
  if (ns === XML_NS || ns === XMLNS_NS) return writeReserved(element, parentNs)
  let text = '<' + name
  if (ns !== parentNs) text += " xmlns='" + escapeAttr(ns) + "'"
  text += writeAttrs(attrs)
  if (children.length === 0) return text + '/>'
  return text + '>' + writeChildren(children, ns) + '</' + name + '>'
}

/** Children for a place where `ns` is the default namespace. */
export function writeChildren(children: readonly Child[], ns: string): string {
  let text = ''
  for (const child of children) text += typeof child === 'string' ? escapeText(child) : write(child, ns)
  return text
}

/** An element in the namespace of `xml:`, which no declaration may name (Namespaces in XML 1.0 §3). */
function writeReserved({ name, ns, attrs, children }: Element, parentNs: string): string {
  if (ns === XMLNS_NS) throw new TypeError('No element is in the namespace of declarations')
  return `<xml:${name}${writeAttrs(attrs)}>${writeChildren(children, parentNs)}</xml:${name}>`
}

/**
 * Attributes as they stand in a start tag, each with a leading space.
 *
 * @throws {TypeError} as {@link write}
 */
export function writeAttrs(attrs: readonly string[]): string {
  let text = ''
  for (let i = 0; i < attrs.length; i += 2) {
    const name = attrs[i]!
    const value = escapeAttr(attrs[i + 1]!)
    if (isLocalName(name) && name !== 'xmlns') text += ' ' + name + "='" + value + "'"
    else text += qualified(name, value, i)
  }
  return text
}

/** An attribute in a namespace: `xml:…`, or a prefix made for this one attribute. */
function qualified(name: string, value: string, index: number): string {
  if (name.startsWith('xml:') && isLocalName(name.slice(4))) return ` ${name}='${value}'`
  const end = name.lastIndexOf('}')
  const local = name.slice(end + 1)
  if (!name.startsWith('{') || end < 2 || !isLocalName(local)) {
    throw new TypeError(`Not the name of an attribute: ${JSON.stringify(name)}`)
  }
  const prefix = `a${index / 2}`
  return ` xmlns:${prefix}='${escapeAttr(name.slice(1, end))}' ${prefix}:${local}='${value}'`
}
