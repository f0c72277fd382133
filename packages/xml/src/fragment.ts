/** A first-level element as a reader gives it: a decoded start tag, and content that is read on demand. */
import type { Content } from './content.ts'
import { Element, valueOf } from './element.ts'

/** A first-level element of a stream. */
export class Fragment {
  readonly name: string
  /** Expanded namespace; the stream's content namespace is `jabber:client` here. */
  readonly ns: string
  /** Flat `[name, value…]`, decoded, without namespace declarations; named as in {@link Element}. */
  readonly attrs: readonly string[]
  readonly content: Content
  /** True when the scan read it: the text of its content is the peer's own. */
  readonly verbatim: boolean

  constructor(name: string, ns: string, attrs: readonly string[], content: Content, verbatim = false) {
    this.name = name
    this.ns = ns
    this.attrs = attrs
    this.content = content
    this.verbatim = verbatim
  }

  /** The value of an attribute by its name. */
  attr(name: string): string | undefined {
    return valueOf(this.attrs, name)
  }

  /** The whole as a tree. */
  toElement(): Element {
    return new Element(this.name, this.ns, this.attrs, this.content.children())
  }
}
