/** Escaping of character data and attribute values (XML 1.0 §2.4, §3.3.3; RFC 6120 §11). */

// One test lets almost every string through untouched; a surrogate goes to the slow path to be checked for its partner.
const TEXT_SPECIAL = /[&<>\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/
const ATTR_SPECIAL = /[&<>"'\u0000-\u001f\ud800-\udfff\ufffe\uffff]/
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const TEXT_ESCAPED = /[&<>\r]/g
const ATTR_ESCAPED = /[&<>"'\r\n\t]/g

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}

function reference(char: string): string {
  return references[char]!
}

function refuseForbidden(s: string): void {
  if (FORBIDDEN.test(s) || !s.isWellFormed()) throw new TypeError('Text contains a character that XML 1.0 forbids')
}

/**
 * Character data, with `&`, `<`, `>` and CR as references.
 *
 * @throws {TypeError} a character that XML 1.0 forbids (controls, U+FFFE, U+FFFF, a lone surrogate)
 */
export function escapeText(s: string): string {
  if (!TEXT_SPECIAL.test(s)) return s
  refuseForbidden(s)
  return s.replace(TEXT_ESCAPED, reference)
}

/**
 * An attribute value for either kind of quote, with `&`, `<`, `>`, both quotes, CR, LF and TAB as references.
 *
 * @throws {TypeError} a character that XML 1.0 forbids (controls, U+FFFE, U+FFFF, a lone surrogate)
 */
export function escapeAttr(s: string): string {
  if (!ATTR_SPECIAL.test(s)) return s
  refuseForbidden(s)
  return s.replace(ATTR_ESCAPED, reference)
}
