/** The third opinion: saxes, which is strict about XML 1.0 and namespaces. */
import { SaxesParser } from 'saxes'
import type { SaxesTagNS } from 'saxes'
import { Element } from '../src/index.ts'
import type { Child } from '../src/index.ts'

/** What saxes made of a document. */
export interface Opinion {
  /** The root, its namespaces as written; undefined when the text is refused. */
  readonly root: Element | undefined
  /** Uses what RFC 6120 §11.1 restricts. */
  readonly restricted: boolean
}

/** Reads a whole document. */
export function ask(text: string): Opinion {
  const parser = new SaxesParser({ xmlns: true, position: false })
  const open: { tag: SaxesTagNS; children: Child[] }[] = []
  let root: Element | undefined
  let restricted = false
  const characters = (more: string): void => {
    const children = open.at(-1)?.children
    if (children === undefined || more === '') return
    const last = children.at(-1)
    if (typeof last === 'string') children[children.length - 1] = last + more
    else children.push(more)
  }
  parser.on('opentag', tag => open.push({ tag, children: [] }))
  parser.on('text', characters)
  parser.on('cdata', characters)
  parser.on('closetag', () => {
    const { tag, children } = open.pop()!
    const element = new Element(tag.local, tag.uri, attributes(tag), children)
    if (open.length === 0) root = element
    else open.at(-1)!.children.push(element)
  })
  for (const event of ['comment', 'doctype', 'processinginstruction'] as const) {
    parser.on(event, () => {
      restricted = true
    })
  }
  try {
    parser.write(text).close()
  } catch {
    return { root: undefined, restricted }
  }
  return { root, restricted }
}

function attributes(tag: SaxesTagNS): string[] {
  const attrs: string[] = []
  // saxes collects into an object without a prototype, in the order of the text but for names that are numbers, which XML has not.
  for (const { prefix, local, uri, value, name } of Object.values(tag.attributes)) {
    if (prefix === 'xmlns' || name === 'xmlns') continue
    attrs.push(prefix === '' ? local : prefix === 'xml' ? name : `{${uri}}${local}`, value)
  }
  return attrs
}
