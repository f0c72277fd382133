/** Text to values: whole documents for configuration, tests and the web, and stanzas as they were stored. */
import { encode } from '#platform'
import { NEUTRAL } from './context.ts'
import { Cutter } from './cutter.ts'
import type { Element } from './element.ts'
import { XmlError } from './error.ts'
import type { Fragment } from './fragment.ts'
import { checkDeclaration } from './header.ts'
import { completeLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { readWithSax, scanEnd, tryScan } from './read-fragment.ts'
import { readTree } from './sax-reader.ts'

/** How {@link parse} reads. */
export interface ParseOptions {
  /** The default namespace in scope. Default `''`. */
  readonly ns?: string
  /** Limits as for a stream, but `maxBytes` is 16 MiB by default. */
  readonly limits?: Limits
}

/**
 * Reads one document of restricted XML (RFC 6120 §11.1): an element, perhaps with an XML declaration before it and white
 * space around it. Namespaces stay as they are written.
 *
 * @throws {XmlError}
 */
export function parse(text: string, options: ParseOptions = {}): Element {
  const { ns = '', limits } = options
  const complete = completeLimits({ maxBytes: 16_777_216, ...limits })
  const declaration = /^<\?[^]*?\?>/.exec(text)?.[0] ?? ''
  checkDeclaration(declaration)
  const body = text.slice(declaration.length).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
  cutWhole(bytesOf(body), complete)
  return readTree(body, { tag: '', contentNs: '', bindings: ns === '' ? [] : ['', ns] }, complete)
}

/**
 * Reads one first-level element from neutral wire text, such as a store keeps: valid where the default namespace is a content
 * namespace. Reads it as a stream would, so stored text need not be trusted.
 *
 * @throws {XmlError}
 */
export function readStanza(text: string, limits?: Limits): Fragment {
  const bytes = bytesOf(text)
  const complete = completeLimits(limits)
  const scanned = text.startsWith('<') ? tryScan(bytes, 0, bytes.length, NEUTRAL, complete) : undefined
  if (scanned !== undefined && scanEnd === bytes.length) return scanned
  cutWhole(bytes, complete)
  return readWithSax(bytes, 0, bytes.length, NEUTRAL, complete)
}

function bytesOf(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new XmlError('not-well-formed', 'Not well-formed: a lone surrogate')
  return encode(text)
}

/** The bytes are one element from `<` to its last `>`. */
function cutWhole(bytes: Uint8Array, limits: Required<Limits>): void {
  const cutter = new Cutter('element', limits)
  if (bytes[0] !== 0x3c || cutter.advance(bytes, 0, bytes.length) !== bytes.length || cutter.closing) {
    throw new XmlError('not-well-formed', 'Not one whole element')
  }
}
