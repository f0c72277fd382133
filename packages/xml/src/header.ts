/** Stream headers on TCP: the XML declaration and the root's start tag (RFC 6120 §4.7, §4.8, §11.5, §11.6). */
import type { Cutter } from './cutter.ts'
import { XmlError } from './error.ts'
import { isContentNs, STREAMS } from './ns.ts'
import { usualTag } from './usual-tag.ts'
import { HEADER_LIMITS, StreamHeader } from './reader.ts'
import { readStartTag } from './sax-reader.ts'

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:'1\.[0-9]+'|"1\.[0-9]+")(?:\s+encoding\s*=\s*(?:'([A-Za-z][\w.-]*)'|"([A-Za-z][\w.-]*)"))?(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|"(?:yes|no)"))?\s*\?>$/

/** A header with what the elements after it need to be read. */
export interface ReadHeader {
  readonly header: StreamHeader
  /** Qualified name of the root. */
  readonly tag: string
  /** Namespaces that it declares, flat `[prefix, namespace…]`. */
  readonly bindings: readonly string[]
}

/**
 * Reads a header that `cutter` has found whole.
 *
 * @throws {XmlError}
 */
export function readHeader(text: string, cutter: Cutter): ReadHeader {
  const { declarationEnd, empty } = cutter
  checkDeclaration(text.slice(0, declarationEnd))
  if (empty) throw new XmlError('bad-format', 'A stream that ends with its own start tag')
  const tag = text.slice(declarationEnd)
  const { prefix, name, ns, attrs, scope } = usualTag(tag) ?? readStartTag(tag, HEADER_LIMITS)
  if (ns !== STREAMS) throw new XmlError('invalid-namespace', 'The root of a stream is not in the namespace of streams')
  if (name !== 'stream') throw new XmlError('bad-format', 'The root of a stream is not <stream/>')
  // Without a prefix the default namespace is that of streams, and no stanza could be in the content namespace (§4.8.5).
  if (prefix === '') throw new XmlError('bad-namespace-prefix', 'The root of a stream has no prefix')
  const contentNs = defaultOf(scope)
  if (!isContentNs(contentNs)) throw new XmlError('invalid-namespace', 'Not a content namespace')
  const header = new StreamHeader(name, ns, contentNs, prefix, attrs)
  return { header, tag: `${prefix}:${name}`, bindings: scope }
}

/**
 * Checks an XML declaration; `''` is none.
 *
 * @throws {XmlError}
 */
export function checkDeclaration(declaration: string): void {
  if (declaration === '') return
  if (!/^<\?xml\s/.test(declaration))
    throw new XmlError('restricted-xml', 'Not allowed in XMPP: a processing instruction')
  const parts = DECLARATION.exec(declaration)
  if (parts === null) throw new XmlError('not-well-formed', 'Not well-formed: the XML declaration')
  const encoding = parts[1] ?? parts[2]
  if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
    throw new XmlError('unsupported-encoding', 'A stream is UTF-8')
  }
}

function defaultOf(bindings: readonly string[]): string {
  for (let i = 0; i < bindings.length; i += 2) if (bindings[i] === '') return bindings[i + 1]!
  return ''
}
