/** Names of XML 1.0 (fifth edition) §2.3 without colons, as Namespaces in XML 1.0 §4 wants them. */

const ASCII_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const MORE = '\\u{300}-\\u{36F}.0-9\\u{B7}\\u{203F}-\\u{2040}\\-'
const NAME = new RegExp(`^[${START}][${MORE}${START}]*$`, 'u')

/** True for a name without a prefix. */
export function isLocalName(name: string): boolean {
  return ASCII_NAME.test(name) || NAME.test(name)
}
