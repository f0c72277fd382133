/** The XML element as an immutable value: expanded names, a flat attribute list, no parents. */

/** What an element contains: elements and character data, adjacent character data joined. */
export type Child = Element | string

const NONE: readonly never[] = []

/**
 * An element. `ns` is the expanded namespace, never a prefix. `attrs` is flat, `[name, value, name, value…]`, decoded and
 * without namespace declarations; an attribute in a namespace is named `xml:lang` or `{ns}local`.
 */
export class Element {
  readonly name: string
  readonly ns: string
  readonly attrs: readonly string[]
  readonly children: readonly Child[]

  constructor(name: string, ns: string, attrs: readonly string[] = NONE, children: readonly Child[] = NONE) {
    this.name = name
    this.ns = ns
    this.attrs = attrs
    this.children = children
  }

  /** The value of an attribute by its name: `to`, `xml:lang`, `{ns}local`. */
  attr(name: string): string | undefined {
    return valueOf(this.attrs, name)
  }

  /** The first child element of that name; `ns` defaults to this element's own namespace. */
  child(name: string, ns: string = this.ns): Element | undefined {
    for (const child of this.children) {
      if (typeof child !== 'string' && child.name === name && child.ns === ns) return child
    }
    return undefined
  }

  /** The child elements, character data left out. */
  elements(): Element[] {
    const elements: Element[] = []
    for (const child of this.children) if (typeof child !== 'string') elements.push(child)
    return elements
  }

  /** The character data directly inside, joined. */
  text(): string {
    let text = ''
    for (const child of this.children) if (typeof child === 'string') text += child
    return text
  }
}

/** The value of `name` in a flat attribute list. */
export function valueOf(attrs: readonly string[], name: string): string | undefined {
  for (let i = 0; i < attrs.length; i += 2) if (attrs[i] === name) return attrs[i + 1]
  return undefined
}
