/**
 * XML matched by meaning: names are expanded names; the order of attributes, prefixes and whatever the expectation does not
 * mention are left aside. Braces stand for what is not known beforehand.
 */
import { elementsOf, NS_CLIENT, NS_SERVER, NS_STREAMS, show, textOf } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** What names in braces stand for; captures are added while matching. */
export type Captures = Map<string, string>

/** How an expectation is compared. */
export interface MatchOptions {
  /** Values of `{name}`; `{name=any}` adds to them when the whole element matched. */
  readonly captures?: Captures
  /** Children that the expectation does not mention count as a difference, ids of an archive (XEP-0359) aside. Default false. */
  readonly exactly?: boolean
  /** Gives the value of an expression in braces that is not a capture. */
  readonly evaluate?: (expression: string) => string
}

const conditionNamespaces: Record<string, string> = {
  [`${NS_CLIENT} error`]: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  [`${NS_SERVER} error`]: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  [`${NS_STREAMS} error`]: 'urn:ietf:params:xml:ns:xmpp-streams',
}

/**
 * Compares an element with an expectation and returns the first difference in words, or undefined when there is none.
 *
 * In values `{any}` is anything, `{name=any}` also remembers it, `{name}` is what was remembered, `{not name}` anything but that,
 * `{absent}` no such attribute, `{absent or x}` none or this, `{one of a|b}` one of the listed. `{any}` as content is any content. The condition inside
 * `<error/>` and `<stream:error/>` may leave its namespace out. `{no name}` as content forbids children of that name,
 * `{no name text}` those with that text.
 */
export function difference(expected: XmlElement, actual: XmlElement, options: MatchOptions = {}): string | undefined {
  const captures: Captures = new Map(options.captures)
  const found = compare(expected, actual, { ...options, captures }, '')
  if (found === undefined) for (const [name, value] of captures) options.captures?.set(name, value)
  return found
}

function compare(expected: XmlElement, actual: XmlElement, options: MatchOptions, parent: string): string | undefined {
  const at = `${parent}<${expected.name}>`
  const wantedNs = expected.ns
  if (expected.name !== actual.name) return `${at}: the element is <${actual.name}>`
  if (wantedNs !== actual.ns) return `${at}: the namespace is '${actual.ns}', not '${wantedNs}'`
  for (const [name, value] of Object.entries(expected.attributes)) {
    const wrong = compareValue(value, actual.attributes[name], options)
    if (wrong) return `${at}: attribute ${name} ${wrong}`
  }
  const wantedText = textOf(expected).trim()
  for (const [, name, text] of wantedText.matchAll(/\{no ([^{}\s]+)(?: ([^{}]+))?\}/g)) {
    const there = elementsOf(actual).some(
      child => child.name === name && (text === undefined || textOf(child) === text),
    )
    if (there) return `${at}: there is a <${String(name)}/>`
  }
  const plainText = wantedText.replaceAll(/\{no [^{}]+\}/g, '').trim()
  if (plainText === '{any}') return undefined
  if (plainText !== '') {
    const wrong = compareValue(plainText, textOf(actual).trim(), options)
    if (wrong) return `${at}: the text ${wrong}`
  }
  return compareChildren(expected, actual, options, at)
}

function compareChildren(expected: XmlElement, actual: XmlElement, options: MatchOptions, at: string) {
  const left = elementsOf(actual)
  const conditionNs = conditionNamespaces[`${expected.ns} ${expected.name}`]
  for (const child of elementsOf(expected)) {
    const wanted =
      conditionNs && (child.ns === NS_CLIENT || child.ns === NS_SERVER) ? { ...child, ns: conditionNs } : child
    let nearest: string | undefined
    const index = left.findIndex(candidate => {
      const captures: Captures = new Map(options.captures)
      const wrong = compare(wanted, candidate, { ...options, captures }, at)
      if (wrong === undefined) for (const [name, value] of captures) options.captures?.set(name, value)
      else if (candidate.name === wanted.name && candidate.ns === wanted.ns) nearest = wrong
      return wrong === undefined
    })
    if (index < 0) return nearest ?? `${at}: there is no <${wanted.name} xmlns='${wanted.ns}'/>`
    left.splice(index, 1)
  }
  const unsaid = left.find(child => child.ns !== 'urn:xmpp:sid:0')
  if (options.exactly && unsaid) return `${at}: nothing was said of ${show(unsaid, expected.ns)}`
  return undefined
}

/** Compares a value with an expectation in the same way as {@link difference}, or says how it differs. */
export function valueDifference(expected: string, actual: string, options: MatchOptions = {}): string | undefined {
  return compareValue(expected, actual, options)
}

function compareValue(expected: string, actual: string | undefined, options: MatchOptions): string | undefined {
  if (expected === '{absent}') return actual === undefined ? undefined : `is there: '${actual}'`
  const ifAny = /^\{absent or ([^{}]+)\}$/.exec(expected)?.[1]
  if (ifAny !== undefined)
    return actual === undefined || actual === ifAny ? undefined : `is '${actual}', not '${ifAny}'`
  if (actual === undefined) return 'is missing'
  const not = /^\{not ([^{}]+)\}$/.exec(expected)?.[1]
  if (not !== undefined) return actual === valueOf(not, options) ? `is again '${actual}'` : undefined
  const choices = /^\{one of ([^{}]+)\}$/.exec(expected)?.[1]
  if (choices !== undefined) {
    return choices.split('|').some(choice => choice.trim() === actual)
      ? undefined
      : `is '${actual}', not one of ${choices}`
  }
  const names: string[] = []
  const pattern = expected
    .split(/(\{[^{}]*\})/)
    .map(part => {
      const inside = /^\{([^{}]*)\}$/.exec(part)?.[1]
      if (inside === undefined) return literally(part)
      if (inside === 'any') return '[^]*'
      const captured = /^([\w-]+)=any$/.exec(inside)?.[1]
      if (captured === undefined) return literally(valueOf(inside, options))
      names.push(captured)
      return '([^]*)'
    })
    .join('')
  const match = new RegExp(`^${pattern}$`).exec(actual)
  if (!match) return `is '${actual}', not '${expected}'`
  for (const [index, name] of names.entries()) options.captures?.set(name, match[index + 1] ?? '')
  return undefined
}

function valueOf(expression: string, options: MatchOptions): string {
  const captured = options.captures?.get(expression)
  if (captured !== undefined) return captured
  if (!options.evaluate) throw new Error(`nothing was remembered as {${expression}}`)
  return options.evaluate(expression)
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
