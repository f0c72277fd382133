/**
 * What a first-level element contains, in one of two forms: wire text with the ranges of its children, or trees. Each
 * becomes the other on demand, so what nobody reads is never parsed and what nobody changes is never written again.
 */
import type { Child, Element } from './element.ts'
import { CONTENT } from './ns.ts'
import { childrenOf, decode, treeOf } from './tree.ts'
import { write, writeChildren } from './write.ts'

const NONE: readonly never[] = []
const UNSCANNED = / xmlns:|<xml:/

/** Content that came from the scan: text in which the default namespace is `ns`, and an index of the child elements. */
export interface Scanned {
  readonly wire: string
  readonly ns: string
  /** Flat `[name, namespace…]`, one pair for each child element. */
  readonly names: readonly string[]
  /** Flat `[start, end…]` in UTF-16 units of `wire`, one pair for each child element. */
  readonly ranges: readonly number[]
}

/** Immutable content of a first-level element. Indexes count child elements, character data aside. */
export class Content {
  static readonly EMPTY: Content = new Content({ wire: '', ns: CONTENT, names: NONE, ranges: NONE }, NONE)

  private readonly scanned: Scanned | undefined
  private list: readonly Child[] | undefined
  private trees: (Element | undefined)[] | undefined
  private wire: string | undefined
  private elementList: readonly Element[] | undefined

  private constructor(scanned: Scanned | undefined, list: readonly Child[] | undefined) {
    this.scanned = scanned
    this.list = list
    this.trees = undefined
    this.wire = undefined
    this.elementList = undefined
  }

  /** Content made of values. */
  static of(children: readonly Child[]): Content {
    return children.length === 0 ? Content.EMPTY : new Content(undefined, children)
  }

  /** @internal Content that the scan has read. */
  static scanned(scanned: Scanned): Content {
    return new Content(scanned, undefined)
  }

  /** Number of child elements. */
  get size(): number {
    return this.scanned === undefined ? this.elements().length : this.scanned.names.length / 2
  }

  /** Name of a child; builds no tree. */
  nameAt(i: number): string {
    return this.scanned === undefined ? this.elements()[i]!.name : this.scanned.names[2 * i]!
  }

  /** Namespace of a child; builds no tree. */
  nsAt(i: number): string {
    return this.scanned === undefined ? this.elements()[i]!.ns : this.scanned.names[2 * i + 1]!
  }

  /** Index of the first child of that name and namespace, or -1; builds no tree. */
  find(name: string, ns: string): number {
    if (this.scanned === undefined) {
      return this.elements().findIndex(element => element.name === name && element.ns === ns)
    }
    const { names } = this.scanned
    for (let i = 0; i < names.length; i += 2) if (names[i] === name && names[i + 1] === ns) return i / 2
    return -1
  }

  /** The tree of one child; built once, the others are left as they are. */
  elementAt(i: number): Element {
    if (this.scanned === undefined || this.list !== undefined) return this.elements()[i]!
    this.trees ??= new Array<Element | undefined>(this.size).fill(undefined)
    return (this.trees[i] ??= treeOf(this.scanned.wire, this.scanned.ranges[2 * i]!, this.scanned.ns))
  }

  /** The trees of all child elements. */
  elements(): readonly Element[] {
    return (this.elementList ??= this.children().filter(child => typeof child !== 'string'))
  }

  /** Child elements and character data in order. */
  children(): readonly Child[] {
    return (this.list ??= childrenOf(this.scanned!.wire, this.scanned!.ns))
  }

  /**
   * Wire text, for a place where the default namespace is a content namespace. Written once and remembered; text that
   * the scan read is returned as it came.
   *
   * @throws {TypeError} values made by a caller hold what XML cannot (see {@link write})
   */
  get text(): string {
    if (this.scanned?.ns === CONTENT) return this.scanned.wire
    return (this.wire ??= writeChildren(this.children(), CONTENT))
  }

  /** Wire text of one child, as {@link Content.text}. */
  textAt(i: number): string {
    if (this.scanned?.ns !== CONTENT) return write(this.elements()[i]!)
    return this.scanned.wire.substring(this.scanned.ranges[2 * i]!, this.scanned.ranges[2 * i + 1])
  }

  /** The same content without one child; {@link Content.filter} takes out many at once. */
  without(i: number): Content {
    return this.filter((_name, _ns, k) => k !== i)
  }

  /** The same content with the child elements that are to be kept; character data stays. Builds no tree. */
  filter(keep: (name: string, ns: string, i: number) => boolean): Content {
    if (this.scanned === undefined) {
      let i = 0
      return Content.of(this.children().filter(child => typeof child === 'string' || keep(child.name, child.ns, i++)))
    }
    const { wire, ns, names, ranges } = this.scanned
    const keptNames: string[] = []
    const keptRanges: number[] = []
    let text = ''
    let from = 0
    let gone = 0
    for (let i = 0; i < names.length; i += 2) {
      const start = ranges[i]!
      const end = ranges[i + 1]!
      if (keep(names[i]!, names[i + 1]!, i / 2)) {
        keptNames.push(names[i]!, names[i + 1]!)
        keptRanges.push(start - gone, end - gone)
      } else {
        text += wire.substring(from, start)
        from = end
        gone += end - start
      }
    }
    if (gone === 0) return this
    return Content.scanned({ wire: text + wire.substring(from), ns, names: keptNames, ranges: keptRanges })
  }

  /** The same content with one more child at its end. */
  plus(child: Element): Content {
    if (this.scanned?.ns !== CONTENT) return Content.of([...this.children(), child])
    const { wire, ns, names, ranges } = this.scanned
    const written = write(child)
    // The tree reader knows no more than the scan lets pass.
    if (UNSCANNED.test(written)) return Content.of([...this.children(), child])
    const text = wire + written
    return Content.scanned({
      wire: text,
      ns,
      names: [...names, child.name, child.ns],
      ranges: [...ranges, wire.length, text.length],
    })
  }

  /** The character data directly inside, joined: the payload of `<auth/>`, for one. */
  directText(): string {
    if (this.scanned === undefined) {
      let text = ''
      for (const child of this.children()) if (typeof child === 'string') text += child
      return text
    }
    const { wire, ranges } = this.scanned
    let text = ''
    let from = 0
    for (let i = 0; i < ranges.length; i += 2) {
      text += wire.substring(from, ranges[i])
      from = ranges[i + 1]!
    }
    return decode(text + wire.substring(from))
  }
}
