/**
 * XML as the play client reads it: a strict third-party parser (saxes), so that a bug of our own readers cannot hide itself.
 * XML 1.0 (fifth edition), Namespaces in XML 1.0.
 */
import { SaxesParser } from 'saxes'

/** An element as it was read: expanded names, the prefix it was written with, attributes by qualified name. */
export interface XmlElement {
  readonly name: string
  readonly ns: string
  readonly prefix: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (XmlElement | string)[]
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | string)[]
}

/** What a stream reader reports, in the order of the bytes. */
export interface StreamSink {
  header(element: XmlElement): void
  element(element: XmlElement): void
  text(text: string): void
  close(): void
}

/** The namespace of `<stream:stream/>` and its features and errors (RFC 6120 §4.8.1). */
export const NS_STREAMS = 'http://etherx.jabber.org/streams'

/** The content namespace of streams between client and server (RFC 6120 §4.8.2). */
export const NS_CLIENT = 'jabber:client'

/** The content namespace of streams between servers. */
export const NS_SERVER = 'jabber:server'

/** Reads one XML stream: its root as the header, each child of the root as a whole element. */
export class StreamReader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false })
  readonly #open: OpenElement[] = []
  #failure: Error | undefined
  #waiting: (() => void) | undefined

  /** `ns` is the content namespace of the stream. */
  constructor(sink: StreamSink, ns: string = NS_CLIENT) {
    const parser = this.#parser
    parser.on('error', error => (this.#failure ??= error))
    parser.on('xmldecl', declaration => {
      if (declaration.standalone !== undefined) this.#fail('a standalone declaration, which RFC 6120 §11.5 forbids')
    })
    parser.on('opentag', tag => {
      if (ns === NS_CLIENT && tag.uri === NS_SERVER)
        this.#fail('an element of jabber:server on a client stream (RFC 6120 §4.8.3)')
      // Deeper down it may be what somebody forwards (XEP-0297 §3.2).
      if (ns === NS_SERVER && tag.uri === NS_CLIENT && this.#open.length === 1)
        this.#fail('a stanza of jabber:client on a stream between servers (RFC 6120 §4.8.3)')
      if (tag.uri === ns && tag.prefix !== '') this.#fail(`a prefix for ${ns} (RFC 6120 §4.8.5)`)
      const attributes: Record<string, string> = Object.create(null) as Record<string, string>
      for (const [key, attribute] of Object.entries(tag.attributes)) {
        if (attribute.prefix !== 'xmlns' && key !== 'xmlns') attributes[key] = attribute.value
      }
      const element: OpenElement = { name: tag.local, ns: tag.uri, prefix: tag.prefix, attributes, children: [] }
      if (this.#open.length === 0) this.#report(() => sink.header(element))
      this.#open.push(element)
    })
    parser.on('closetag', () => {
      const element = this.#open.pop()
      const parent = this.#open.at(-1)
      if (element === undefined) return
      if (parent === undefined) this.#report(() => sink.close())
      else if (this.#open.length === 1) this.#report(() => sink.element(element))
      else parent.children.push(element)
    })
    const text = (value: string) => {
      if (this.#open.length > 1) this.#open.at(-1)?.children.push(value)
      else if (this.#open.length === 1 && value.trim() !== '') this.#report(() => sink.text(value))
    }
    parser.on('text', text)
    parser.on('cdata', text)
    parser.on('comment', () => this.#fail('a comment, which RFC 6120 §11.1 forbids'))
    parser.on('processinginstruction', () => this.#fail('a processing instruction (RFC 6120 §11.1)'))
    parser.on('doctype', () => this.#fail('a document type declaration (RFC 6120 §11.1)'))
  }

  /** The parser complains of a closing tag only after it has closed the element, so what it closed waits for what comes next. */
  #report(next?: () => void): void {
    const ready = this.#failure ? undefined : this.#waiting
    this.#waiting = next
    ready?.()
  }

  #fail(reason: string): void {
    this.#failure ??= new Error(reason)
  }

  /** Reads on. @throws {Error} when the text is not well-formed or holds what XMPP forbids */
  write(text: string): void {
    this.#parser.write(text)
    this.#report()
    if (this.#failure) throw this.#failure
  }
}

/**
 * Reads elements out of a text that stands inside a stream: `ns`, by default `jabber:client`, is the default namespace; `stream` and `db` are declared.
 * The start tag of a stream root stands alone.
 *
 * @throws {Error} the text is not well-formed
 */
export function readFragment(text: string, ns: string = NS_CLIENT): XmlElement[] {
  const found: XmlElement[] = []
  const ignore = () => {}
  const closed = text.replaceAll(/<stream:stream\b([^>]*[^/>])?>/g, '<stream:stream$1/>')
  const sink = {
    header: ignore,
    element: (element: XmlElement) => found.push(element),
    text: refuseText,
    close: ignore,
  }
  const reader = new StreamReader(sink, ns)
  reader.write(
    `<fragment xmlns='${ns}' xmlns:stream='${NS_STREAMS}' xmlns:db='jabber:server:dialback'>${closed}</fragment>`,
  )
  return found
}

function refuseText(text: string): never {
  throw new Error(`text outside an element: ${text.trim()}`)
}

/** The children of an element that are elements. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter(child => typeof child !== 'string')
}

/** The text directly inside an element. */
export function textOf(element: XmlElement): string {
  return element.children.filter(child => typeof child === 'string').join('')
}

/** Shows an element to a person, with namespaces where they change. */
export function show(element: XmlElement, inherited = NS_CLIENT): string {
  const streams = element.ns === NS_STREAMS
  const name = streams ? `stream:${element.name}` : element.name
  const ns = streams || element.ns === inherited ? '' : ` xmlns='${element.ns}'`
  const attributes = Object.entries(element.attributes).map(([key, value]) => ` ${key}='${escape(value)}'`)
  const start = `<${name}${ns}${attributes.join('')}`
  const inside = element.children.map(child =>
    typeof child === 'string' ? escape(child) : show(child, streams ? inherited : element.ns),
  )
  return inside.length === 0 ? `${start}/>` : `${start}>${inside.join('')}</${name}>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;')
}
