/** Elements as XML literals, for tests and examples: xml`<message to='${jid}'><body>${text}</body></message>`. */
import { Element } from './element.ts'
import type { Child } from './element.ts'
import { escapeAttr } from './escape.ts'
import { CONTENT } from './ns.ts'
import { parse } from './parse.ts'
import { write } from './write.ts'

/** What may stand in a literal: text in character data or values, elements between tags, lists of both, nothing. */
export type TemplateValue = string | number | boolean | Element | undefined | readonly (Element | string)[]

/**
 * Reads an XML literal; the default namespace is `jabber:client`. Values are escaped; white space that contains a line break
 * between tags is layout and left out.
 *
 * @throws {XmlError} the literal is not one element of restricted XML · {TypeError} a value cannot be written
 */
export function xml(strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Element {
  let text = strings[0]!
  values.forEach((value, i) => (text += insert(value) + strings[i + 1]!))
  return withoutLayout(parse(text, { ns: CONTENT }))
}

function insert(value: TemplateValue): string {
  if (value === undefined) return ''
  if (value instanceof Element) return write(value, '')
  if (typeof value === 'object') return value.map(insert).join('')
  return escapeAttr(String(value))
}

function withoutLayout(element: Element): Element {
  const children: Child[] = []
  for (const child of element.children) {
    if (typeof child !== 'string') children.push(withoutLayout(child))
    else if (child.trim() !== '' || !child.includes('\n')) children.push(child)
  }
  return new Element(element.name, element.ns, element.attrs, children)
}
