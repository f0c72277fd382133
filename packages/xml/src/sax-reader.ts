/**
 * The hardened sax path: one complete first-level element, or a stream header, that the cutter has passed.
 * sax 1.6 alone accepts much that RFC 6120 §11 refuses; the cutter has refused the letters, this file refuses the rest.
 */
import sax from 'sax'
import type { Context } from './context.ts'
import { Element } from './element.ts'
import type { Child } from './element.ts'
import { XmlError } from './error.ts'
import { escapeAttr } from './escape.ts'
import type { Limits } from './limits.ts'
import { isLocalName } from './names.ts'
import { CONTENT, isContentNs, XML_NS, XMLNS_NS } from './ns.ts'

/** A start tag with its names expanded. */
export interface StartTag {
  readonly prefix: string
  readonly name: string
  readonly ns: string
  readonly attrs: readonly string[]
  /** Namespaces that the tag declares, flat `[prefix, namespace…]`. */
  readonly scope: readonly string[]
}

/**
 * The tree of an element that the cutter has found whole.
 *
 * @throws {XmlError}
 */
export function readTree(text: string, context: Context, limits: Required<Limits>): Element {
  const builder = new Builder(context, limits)
  run(context.bindings, text, builder)
  return builder.root ?? fail('an element that does not end')
}

/**
 * The start tag of a stream, cut out by the cutter.
 *
 * @throws {XmlError}
 */
export function readStartTag(text: string, limits: Required<Limits>): StartTag {
  const builder = new Builder({ tag: '', contentNs: '', bindings: [] }, limits)
  run([], text, builder)
  return builder.first ?? fail('a start tag that does not end')
}

/** sax reads one element inside a root that declares what the stream header declared. */
function wrapper(bindings: readonly string[]): string {
  let text = '<stream'
  for (let i = 0; i < bindings.length; i += 2) {
    text += (bindings[i] === '' ? ' xmlns' : ' xmlns:' + bindings[i]!) + "='" + escapeAttr(bindings[i + 1]!) + "'"
  }
  return text + '>'
}

// position: false is faster and turns sax's own buffer limit off; the cutter has counted the bytes.
const OPTIONS = { xmlns: true, strictEntities: true, position: false }

function run(bindings: readonly string[], text: string, builder: Builder): void {
  if (/[\ufffe\uffff]/.test(text)) fail('a forbidden character')
  const parser = sax.parser(true, OPTIONS)
  parser.onattribute = attribute => builder.attribute(attribute.name, attribute.value)
  parser.onopentag = tag => builder.open(tag.name)
  parser.onclosetag = () => builder.close()
  parser.ontext = text => builder.text(text)
  parser.oncdata = text => builder.text(text)
  parser.ondoctype =
    parser.oncomment =
    parser.onprocessinginstruction =
    parser.onsgmldeclaration =
      () => {
        throw new XmlError('restricted-xml', 'Not allowed in XMPP: a comment, declaration or processing instruction')
      }
  parser.onerror = error => {
    throw new XmlError('not-well-formed', 'Not well-formed', { cause: error })
  }
  try {
    parser.write(wrapper(bindings) + normalise(text))
  } catch (error) {
    // Whatever sax trips over is the peer's doing and ends the peer's stream, never more.
    if (error instanceof XmlError) throw error
    throw new XmlError('not-well-formed', 'Not well-formed', { cause: error })
  }
}

/** Line ends become LF (XML 1.0 §2.11), white space in attribute values becomes a space (§3.3.3); sax does neither. */
function normalise(text: string): string {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  return /[\t\n]/.test(lines) ? lines.replace(TAG_OR_CDATA, spaceValues) : lines
}

const TAG_OR_CDATA = /<!\[CDATA\[[^]*?\]\]>|<(?:[^<>'"]|'[^']*'|"[^"]*")*>/g
const VALUES = /'[^']*'|"[^"]*"/g

function spaceValues(tag: string): string {
  return tag.startsWith('<!') ? tag : tag.replace(VALUES, spaces)
}

function spaces(value: string): string {
  return value.replace(/[\t\n]/g, ' ')
}

interface Open {
  readonly name: string
  readonly ns: string
  readonly attrs: readonly string[]
  readonly children: Child[]
  /** All ancestors and the element itself are in the content namespace. */
  readonly content: boolean
  readonly scopeBefore: number
}

/** Builds the tree from sax's events; expands names itself, since sax mistakes prefixes such as `constructor`. */
class Builder {
  root: Element | undefined
  first: StartTag | undefined
  private readonly scope: string[]
  private readonly context: Context
  private readonly limits: Required<Limits>
  private readonly opened: Open[] = []
  private raw: string[] = []
  private pending = ''
  private wrapped = false

  constructor(context: Context, limits: Required<Limits>) {
    this.context = context
    this.limits = limits
    this.scope = ['xml', XML_NS, '', '', ...context.bindings]
  }

  attribute(name: string, value: string): void {
    if (this.wrapped) this.raw.push(name, value)
  }

  open(name: string): void {
    if (!this.wrapped) {
      this.wrapped = true
      return
    }
    this.flush()
    const scopeBefore = this.scope.length
    this.bind()
    const [prefix, local] = split(name)
    const ns = this.resolve(prefix)
    const parent = this.opened.at(-1)
    if (parent === undefined) this.checkRoot(ns)
    const content = isContentNs(ns) && (parent === undefined ? ns === this.context.contentNs : parent.content)
    const attrs = this.expand()
    if (this.opened.length === 0) this.first = { prefix, name: local, ns, attrs, scope: this.scope.slice(4) }
    this.raw = []
    this.opened.push({ name: local, ns: content ? CONTENT : ns, attrs, children: [], content, scopeBefore })
  }

  /** A first-level element is in a namespace, and in no content namespace but the stream's (RFC 6120 §4.8.3). */
  private checkRoot(ns: string): void {
    const { contentNs } = this.context
    if (contentNs === '' || ns === contentNs || (ns !== '' && !isContentNs(ns))) return
    throw new XmlError('invalid-namespace', 'A first-level element in a namespace that is not the stream’s')
  }

  close(): void {
    this.flush()
    const { name, ns, attrs, children, scopeBefore } = this.opened.pop() ?? fail('an end tag too many')
    this.scope.length = scopeBefore
    const element = new Element(name, ns, attrs, children)
    const parent = this.opened.at(-1)
    if (parent) parent.children.push(element)
    else this.root = element
  }

  text(text: string): void {
    if (this.opened.length > 0) this.pending += text
  }

  private flush(): void {
    if (this.pending === '') return
    this.opened.at(-1)?.children.push(this.pending)
    this.pending = ''
  }

  /** Namespace declarations come first: they hold for the names of their own tag. */
  private bind(): void {
    const { raw, scope } = this
    const seen = new Set<string>()
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!
      const uri = raw[i + 1]!
      if (seen.has(name)) fail('a repeated attribute')
      seen.add(name)
      if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
      const prefix = name.slice(6)
      if (name !== 'xmlns' && (!isLocalName(prefix) || uri === '')) fail('a namespace declaration')
      if ((prefix === 'xml') !== (uri === XML_NS) || prefix === 'xmlns' || uri === XMLNS_NS) {
        fail('a reserved prefix or namespace declared')
      }
      scope.push(prefix, uri)
    }
    if (scope.length > this.limits.maxNamespaces * 2) {
      throw new XmlError('policy-violation', 'Over the limit maxNamespaces')
    }
  }

  private expand(): string[] {
    const { raw } = this
    const attrs: string[] = []
    const seen = new Set<string>()
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue
      const [prefix, local] = split(name)
      const expanded = prefix === '' ? local : prefix === 'xml' ? name : `{${this.resolve(prefix)}}${local}`
      if (seen.has(expanded)) fail('a repeated attribute')
      seen.add(expanded)
      attrs.push(expanded, raw[i + 1]!)
    }
    return attrs
  }

  private resolve(prefix: string): string {
    const { scope } = this
    for (let i = scope.length - 2; i >= 0; i -= 2) if (scope[i] === prefix) return scope[i + 1]!
    return fail('a prefix that is not declared')
  }
}

/** Prefix and local part of a qualified name (Namespaces in XML 1.0 §4). */
function split(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(':')
  const prefix = colon < 0 ? '' : name.slice(0, colon)
  const local = name.slice(colon + 1)
  if (!isLocalName(local) || (colon >= 0 && (!isLocalName(prefix) || prefix === 'xmlns'))) fail('a name')
  return [prefix, local]
}

function fail(what: string): never {
  throw new XmlError('not-well-formed', `Not well-formed: ${what}`)
}
